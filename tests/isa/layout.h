// SPDX-License-Identifier: Apache-2.0
// Where things lie in the memory of the machine under test. Also read by the assembler (harness.S).
#ifndef NP_TESTS_ISA_LAYOUT_H
#define NP_TESTS_ISA_LAYOUT_H

#define MEMORY_BYTES 0x06000000 // of the machine: 96 MiB

#define ENTRY         0x10000
#define CODE_AT       0x11000 // the harness; its entry only jumps here, over the command line at 0x10480
#define CODE_END      0x12000
#define HEADER_AT     0x12000 // what the batch consists of
#define HEADER_CRS_AT 0x12080 // the control registers between two cases

#define SLOTS_AT    0x00100000 // instructions under test; below 16 MiB, for 24-bit addressing
#define SLOT_BYTES  64
#define SLOT_INSN   16 // where in its slot the instruction is; catchers stand before and behind it
#define SLOT_TARGET 48 // the instruction that EXECUTE may find

// Operands in storage. The work area reaches over a page; every byte that a case changes is reported and put
// back from the pristine copy. The guard is the end of memory.
#define WORK_AT        0x00600c00
#define WORK_BYTES     0x800
#define PRISTINE_AT    0x00700000 // of the work area, then of the guard
#define GUARD_BYTES    0x100
#define GUARD_AT       (MEMORY_BYTES - GUARD_BYTES)
#define CHUNK_BYTES    0x100
#define PREFIX_PAGE_AT 0x00740000 // two pages that may become the prefix area

#define CASES_AT   0x01000000 // from here on beyond 24-bit addresses, with which QEMU may go astray
#define RESULTS_AT 0x02800000
#define DIRTY_AT   0x04800000
#define DIRTY_END  0x05f00000
#define CASES_MAX  65536 // in one batch

// A case.
#define CASE_BYTES 384
#define CASE_PSW   0
#define CASE_FLAGS 16
#define CASE_FPC   20
#define CASE_CR0   24
#define CASE_AR    32
#define CASE_GR    96
#define CASE_FPR   224
#define CASE_SLOT  352 // not read by the harness

#define CASE_SYSTEM 1 // CR0 is loaded before, all control registers and the prefix are stored after

// What came of it.
#define RESULT_BYTES  512
#define RESULT_PSW    0
#define RESULT_KIND   16
#define RESULT_FPC    20
#define RESULT_CODE   24 // interruption code and what stands beside it
#define RESULT_AR     32
#define RESULT_GR     96
#define RESULT_FPR    224
#define RESULT_TEID   352
#define RESULT_MON    360
#define RESULT_CR     368
#define RESULT_PREFIX 496
#define RESULT_ACCESS 500 // exception access identification

// A chunk that a case has changed: number of the case, address, content.
#define DIRTY_BYTES (16 + CHUNK_BYTES)

// The kinds of interruption that end a case.
#define KIND_NONE     0
#define KIND_SVC      1
#define KIND_PROGRAM  2
#define KIND_EXTERNAL 3
#define KIND_MACHINE  4
#define KIND_IO       5
#define KIND_RESTART  6

// The SVC that stands all around the instruction. Read from an odd address, which QEMU does, it is the same
// again.
#define CATCHER 0x0a

#endif
