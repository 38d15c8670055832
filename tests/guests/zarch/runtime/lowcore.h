// SPDX-License-Identifier: Apache-2.0
// The lowcore: the 8 KiB of real storage, one for each CPU by its prefix, where interruptions leave old PSWs
// and codes and find new PSWs (z/Architecture Principles of Operation, "Assigned Storage Locations"); and
// what the runtime keeps in its unassigned part. Shared by assembly (offsets) and C (struct).
#ifndef TESTS_GUESTS_ZARCH_RUNTIME_LOWCORE_H
#define TESTS_GUESTS_ZARCH_RUNTIME_LOWCORE_H

#define LC_RESTART_OLD  0x120
#define LC_EXTERNAL_OLD 0x130
#define LC_SVC_OLD      0x140
#define LC_PROGRAM_OLD  0x150
#define LC_MACHINE_OLD  0x160
#define LC_IO_OLD       0x170

#define LC_SAVE       0x200 // general registers at an interruption, 128 bytes for each class
#define LC_RETURN_PSW 0x500 // what a handler returns to
#define LC_STACK      0x510 // top of the stack that this CPU starts on
#define LC_TRAP_STACK                                                                                        \
    0x518 // top of the stack for program and machine checks: the other may be what is broken

// Classes of interruptions, in the order of their PSWs.
#define INTERRUPT_RESTART  0
#define INTERRUPT_EXTERNAL 1
#define INTERRUPT_SVC      2
#define INTERRUPT_PROGRAM  3
#define INTERRUPT_MACHINE  4
#define INTERRUPT_IO       5
#define INTERRUPT_CLASSES  6

// Stack at a handler's call: the 160 bytes that the ABI gives to the callee, then struct interrupt_frame.
#define FRAME      160
#define FRAME_PSW  (FRAME + 0)
#define FRAME_GPRS (FRAME + 16)
#define FRAME_FPRS (FRAME + 144)
#define FRAME_FPC  (FRAME + 272)
#define FRAME_END  (FRAME + 280)

#ifndef __ASSEMBLER__
#include <stddef.h>
#include <stdint.h>

#define PSW_EXTERNAL 0x0100000000000000u // external interruptions enabled
#define PSW_WAIT     0x0002000000000000u
#define PSW_PROBLEM  0x0001000000000000u
#define PSW_64BIT    0x0000000180000000u

struct psw {
    uint64_t mask, address;
};

struct interrupt_frame {
    struct psw old; // the handler may change it: it is where the interrupted program goes on
    uint64_t gpr[16];
    uint64_t fpr[16];
    uint32_t fpc, reserved;
};

struct lowcore {
    uint8_t unused_0[0x80];
    uint32_t external_parameter; // 0x080
    uint16_t external_cpu;       // who signalled
    uint16_t external_code;
    uint16_t svc_ilc; // 0x088
    uint16_t svc_code;
    uint16_t program_ilc; // 0x08c
    uint16_t program_code;
    uint32_t data_exception_code; // 0x090
    uint8_t unused_94[0x120 - 0x94];
    struct psw old_psw[INTERRUPT_CLASSES]; // 0x120
    uint8_t unused_180[0x20];
    struct psw new_psw[INTERRUPT_CLASSES]; // 0x1a0
    uint64_t save[INTERRUPT_CLASSES][16];  // LC_SAVE
    struct psw return_psw;
    uint64_t stack, trap_stack;
    struct cpu *cpu; // 0x520: whose lowcore this is
    uint8_t unused_528[0x2000 - 0x528];
};

_Static_assert(offsetof(struct lowcore, old_psw) == LC_RESTART_OLD, "");
_Static_assert(offsetof(struct lowcore, new_psw) == 0x1a0, "");
_Static_assert(offsetof(struct lowcore, save) == LC_SAVE, "");
_Static_assert(offsetof(struct lowcore, return_psw) == LC_RETURN_PSW, "");
_Static_assert(offsetof(struct lowcore, stack) == LC_STACK, "");
_Static_assert(offsetof(struct lowcore, trap_stack) == LC_TRAP_STACK, "");
_Static_assert(sizeof(struct lowcore) == 0x2000, "prefixing moves 8 KiB");
_Static_assert(FRAME + sizeof(struct interrupt_frame) == FRAME_END, "");
_Static_assert(FRAME + offsetof(struct interrupt_frame, gpr) == FRAME_GPRS, "");
_Static_assert(FRAME + offsetof(struct interrupt_frame, fpr) == FRAME_FPRS, "");
_Static_assert(FRAME + offsetof(struct interrupt_frame, fpc) == FRAME_FPC, "");

// This CPU's lowcore. The assembly statement hides from the compiler that the address is zero.
static inline volatile struct lowcore *this_lowcore(void)
{
    volatile struct lowcore *lowcore;
    __asm__("lghi %0,0" : "=d"(lowcore));
    return lowcore;
}

#endif
#endif
