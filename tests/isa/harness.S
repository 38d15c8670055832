# SPDX-License-Identifier: Apache-2.0
# Runs a batch of cases: loads registers and PSW of each, lets its instruction run until the interruption that
# follows, and stores what it left. Uses few and plain instructions: they must work before any can be tested.
#include "tests/isa/layout.h"

# Cells of the lowcore, beyond what the machine and low-address protection claim.
#define AT_CASE    0x200
#define AT_RESULT  0x208
#define AT_NUMBER  0x210
#define AT_COUNT   0x218
#define AT_DIRTY   0x220
#define AT_PSW     0x230
#define AT_GRS     0x280

    .machine z900
    .text
    .org 0
    .globl _start
_start:
    larl    %r1, begin
    br      %r1

    .org CODE_AT - ENTRY
begin:
    xc      0(256), 0
    xc      0x100(160), 0x100
    larl    %r2, header
    mvc     AT_CASE(8), header_cases - header(%r2)
    mvc     AT_RESULT(8), header_results - header(%r2)
    mvc     AT_COUNT(8), header_count - header(%r2)
    mvc     AT_DIRTY(8), header_dirty - header(%r2)
    lghi    %r3, 0
    stg     %r3, AT_NUMBER
    larl    %r4, news
    mvc     0x1a0(96), 0(%r4)
    lctlg   %c0, %c15, header_crs - header(%r2)
    larl    %r4, prefix_page
    lg      %r4, 0(%r4)
    mvc     0x1a0(96, %r4), 0x1a0

next:
    lg      %r1, AT_CASE
    xc      0(256), 0           # what instructions may fetch there: codes, old PSWs
    xc      0x100(128), 0x100
    ld      %f0, CASE_FPR + 0(%r1)
    ld      %f1, CASE_FPR + 8(%r1)
    ld      %f2, CASE_FPR + 16(%r1)
    ld      %f3, CASE_FPR + 24(%r1)
    ld      %f4, CASE_FPR + 32(%r1)
    ld      %f5, CASE_FPR + 40(%r1)
    ld      %f6, CASE_FPR + 48(%r1)
    ld      %f7, CASE_FPR + 56(%r1)
    ld      %f8, CASE_FPR + 64(%r1)
    ld      %f9, CASE_FPR + 72(%r1)
    ld      %f10, CASE_FPR + 80(%r1)
    ld      %f11, CASE_FPR + 88(%r1)
    ld      %f12, CASE_FPR + 96(%r1)
    ld      %f13, CASE_FPR + 104(%r1)
    ld      %f14, CASE_FPR + 112(%r1)
    ld      %f15, CASE_FPR + 120(%r1)
    lfpc    CASE_FPC(%r1)
    lam     %a0, %a15, CASE_AR(%r1)
    mvc     AT_PSW(16), CASE_PSW(%r1)
    tm      CASE_FLAGS + 3(%r1), CASE_SYSTEM
    jz      1f
    lctlg   %c0, %c0, CASE_CR0(%r1)
1:  lmg     %r0, %r15, CASE_GR(%r1)
    lpswe   AT_PSW

# The interruptions. %r2: where the old PSW is; %r3: where the code is.
    .macro  interruption kind, psw, code
    stmg    %r0, %r15, AT_GRS
    lghi    %r0, \kind
    lghi    %r2, \psw
    lghi    %r3, \code
    j       collect
    .endm
restart:
    interruption KIND_RESTART, 0x120, 0x80
external:
    interruption KIND_EXTERNAL, 0x130, 0x84
svc:
    interruption KIND_SVC, 0x140, 0x88
program:
    interruption KIND_PROGRAM, 0x150, 0x8c
machine:
    interruption KIND_MACHINE, 0x160, 0xe8
io:
    interruption KIND_IO, 0x170, 0xb8

collect:
    stpx    AT_PSW
    l       %r5, AT_PSW
    ltr     %r5, %r5
    jnz     moved
here:
    lg      %r4, AT_CASE
    tm      CASE_FLAGS + 3(%r4), CASE_SYSTEM
    jnz     system
collect_now:
    lg      %r1, AT_RESULT
    mvc     RESULT_PSW(16, %r1), 0(%r2)
    st      %r0, RESULT_KIND(%r1)
    stfpc   RESULT_FPC(%r1)
    mvc     RESULT_CODE(8, %r1), 0(%r3)
    mvc     RESULT_TEID(8, %r1), 0xa8
    mvc     RESULT_MON(8, %r1), 0xb0
    mvc     RESULT_ACCESS(1, %r1), 0xa0
    stam    %a0, %a15, RESULT_AR(%r1)
    mvc     RESULT_GR(128, %r1), AT_GRS
    std     %f0, RESULT_FPR + 0(%r1)
    std     %f1, RESULT_FPR + 8(%r1)
    std     %f2, RESULT_FPR + 16(%r1)
    std     %f3, RESULT_FPR + 24(%r1)
    std     %f4, RESULT_FPR + 32(%r1)
    std     %f5, RESULT_FPR + 40(%r1)
    std     %f6, RESULT_FPR + 48(%r1)
    std     %f7, RESULT_FPR + 56(%r1)
    std     %f8, RESULT_FPR + 64(%r1)
    std     %f9, RESULT_FPR + 72(%r1)
    std     %f10, RESULT_FPR + 80(%r1)
    std     %f11, RESULT_FPR + 88(%r1)
    std     %f12, RESULT_FPR + 96(%r1)
    std     %f13, RESULT_FPR + 104(%r1)
    std     %f14, RESULT_FPR + 112(%r1)
    std     %f15, RESULT_FPR + 120(%r1)

# What has changed in storage: chunk by chunk of the work area, then of the guard.
    larl    %r2, areas
    lmg     %r5, %r8, 0(%r2)    # work, pristine, chunks, guard
2:  lghi    %r9, 0
    .set    offset, 0
    .rept   CHUNK_BYTES / 8
    lg      %r10, offset(%r5)
    xg      %r10, offset(%r6)
    ogr     %r9, %r10
    .set    offset, offset + 8
    .endr
    ltgr    %r9, %r9
    jnz     changed
3:  la      %r5, CHUNK_BYTES(%r5)
    la      %r6, CHUNK_BYTES(%r6)
    brct    %r7, 2b
    lghi    %r7, 1
    lgr     %r9, %r5
    lgr     %r5, %r8
    clgr    %r9, %r8
    jl      2b

    la      %r4, CASE_BYTES(%r4)
    stg     %r4, AT_CASE
    la      %r1, RESULT_BYTES(%r1)
    stg     %r1, AT_RESULT
    lg      %r3, AT_NUMBER
    la      %r3, 1(%r3)
    stg     %r3, AT_NUMBER
    larl    %r2, header
    stg     %r3, header_done - header(%r2)
    mvc     header_dirty - header(8, %r2), AT_DIRTY
    clg     %r3, AT_COUNT
    jl      next
    larl    %r1, end
    lpswe   0(%r1)

changed:
    lg      %r10, AT_DIRTY
    mvc     0(8, %r10), AT_NUMBER
    stg     %r5, 8(%r10)
    mvc     16(CHUNK_BYTES, %r10), 0(%r5)
    mvc     0(CHUNK_BYTES, %r5), 0(%r6)
    la      %r10, DIRTY_BYTES(%r10)
    stg     %r10, AT_DIRTY
    larl    %r11, header
    clg     %r10, header_dirty_end - header(%r11)
    jl      3b
    larl    %r1, full
    lpswe   0(%r1)

# The prefix is another: what the interruption stored lies in the page that is the prefix area now. It is copied to
# where it is expected.
moved:
    larl    %r6, zero
    spx     0(%r6)
    llgfr   %r6, %r5
    mvc     0x80(0x80, 0), 0x80(%r6)
    mvc     0x100(0x80, 0), 0x100(%r6)
    mvc     AT_GRS(128, 0), AT_GRS(%r6)
    j       here

# The case may have changed control registers.
system:
    lg      %r1, AT_RESULT
    st      %r5, RESULT_PREFIX(%r1)
    stctg   %c0, %c15, RESULT_CR(%r1)
    larl    %r6, header_crs
    lctlg   %c0, %c15, 0(%r6)
    lg      %r4, AT_CASE
    j       collect_now

    .balign 16
news:
    .quad   0x0000000180000000, restart
    .quad   0x0000000180000000, external
    .quad   0x0000000180000000, svc
    .quad   0x0000000180000000, program
    .quad   0x0000000180000000, machine
    .quad   0x0000000180000000, io
end:
    .quad   0x0002000180000000, 0xfff
full:
    .quad   0x0002000180000000, 0xbad
areas:
    .quad   WORK_AT, PRISTINE_AT, WORK_BYTES / CHUNK_BYTES, GUARD_AT
prefix_page:
    .quad   PREFIX_PAGE_AT
zero:
    .quad   0

    .org HEADER_AT - ENTRY
header:
header_count:     .quad 0
header_done:      .quad 0
header_cases:     .quad CASES_AT
header_results:   .quad RESULTS_AT
header_dirty:     .quad DIRTY_AT
header_dirty_end: .quad DIRTY_END - 64 * DIRTY_BYTES
    .org HEADER_CRS_AT - ENTRY
header_crs:
    .quad   0x0000000000040000  # AFP-register control
    .fill   7, 8, 0
    .quad   0x5a5a              # monitor classes
    .fill   7, 8, 0
