// SPDX-License-Identifier: Apache-2.0
// Where CPUs start and where interruptions arrive. Everything here runs in 64-bit mode without translation and with
// interruptions disabled, as the new PSWs say.
#include "tests/guests/zarch/runtime/lowcore.h"

    .section .start, "ax"

// CPU 0, from the loader. Nothing is known but the address of this instruction.
    .globl  _start
_start:
    larl    %r1, initial_cr0
    lctlg   %c0, %c0, 0(%r1)
    larl    %r15, boot_stack_top
    aghi    %r15, -FRAME
    xc      0(8,%r15), 0(%r15)          // the end of the chain of frames
    brasl   %r14, runtime_start
    j       .                           // runtime_start does not return

// Every other CPU: by SIGP restart, with a prefix of its own.
    .globl  cpu_start
cpu_start:
    larl    %r1, initial_cr0
    lctlg   %c0, %c0, 0(%r1)
    lg      %r15, LC_STACK
    aghi    %r15, -FRAME
    xc      0(8,%r15), 0(%r15)
    brasl   %r14, cpu_main
    j       .

// What a reset leaves in control register 0 (key, measurement and timing-alert subclass masks), and the AFP-register
// control: without it the compiler's use of %f1, %f3 ... is a data exception.
    .balign 8
initial_cr0:
    .quad   0x400e0

// Saves all that the compiler may use, calls interrupt_handle(class, frame), restores it, goes on at the frame's PSW.
    .macro  interruption name, class, old, own_stack=0
    .globl  \name
\name:
    stmg    %r0, %r15, LC_SAVE + 128 * \class
    .if     \own_stack
    lg      %r15, LC_TRAP_STACK
    .endif
    aghi    %r15, -FRAME_END
    mvc     FRAME_PSW(16,%r15), \old
    mvc     FRAME_GPRS(128,%r15), LC_SAVE + 128 * \class
    lghi    %r2, \class
    j       handle
    .endm

    interruption restart_entry, INTERRUPT_RESTART, LC_RESTART_OLD
    interruption external_entry, INTERRUPT_EXTERNAL, LC_EXTERNAL_OLD
    interruption svc_entry, INTERRUPT_SVC, LC_SVC_OLD
    interruption program_entry, INTERRUPT_PROGRAM, LC_PROGRAM_OLD, own_stack=1
    interruption machine_entry, INTERRUPT_MACHINE, LC_MACHINE_OLD, own_stack=1
    interruption io_entry, INTERRUPT_IO, LC_IO_OLD

handle:
    .irp    r, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    std     %f\r, FRAME_FPRS + 8 * \r(%r15)
    .endr
    stfpc   FRAME_FPC(%r15)
    xc      0(8,%r15), 0(%r15)
    la      %r3, FRAME(%r15)
    brasl   %r14, interrupt_handle
    lfpc    FRAME_FPC(%r15)
    .irp    r, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    ld      %f\r, FRAME_FPRS + 8 * \r(%r15)
    .endr
    mvc     LC_RETURN_PSW(16), FRAME_PSW(%r15)
    lmg     %r0, %r15, FRAME_GPRS(%r15)
    lpswe   LC_RETURN_PSW

    .bss
    .balign 8
    .skip   0x4000
boot_stack_top:
    .section .note.GNU-stack, "", @progbits
