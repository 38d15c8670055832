// SPDX-License-Identifier: Apache-2.0
// Instructions that the compiler has no words for, and the CPUs that the runtime runs on.
#ifndef TESTS_GUESTS_ZARCH_RUNTIME_CPU_H
#define TESTS_GUESTS_ZARCH_RUNTIME_CPU_H

#include "tests/guests/zarch/runtime/lowcore.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    CPUS_MAX = 32,
    BOARDS_MAX = 8,
    LINE_BYTES = 256, // cache line of the family; what two CPUs write is kept this far apart
    TREE_FAN = 4,     // children of a CPU in the tree barrier
    CONSOLE_COLUMNS = 160,
};

// What others write, what only this CPU writes and what nobody writes stand on lines of their own.
struct cpu {
    unsigned address, board;

    // Written by CPU 0, read by this one.
    void (*work)(void *) __attribute__((aligned(LINE_BYTES)));
    void *argument;
    bool go;

    // Written by this CPU's neighbours in the tree barrier.
    uint64_t arrived[TREE_FAN] __attribute__((aligned(LINE_BYTES)));
    uint64_t released __attribute__((aligned(LINE_BYTES)));

    // This CPU's own.
    uint64_t barriers __attribute__((aligned(LINE_BYTES))); // passed since the team began
    uint64_t contribution;                                  // to the reduction under way
    volatile unsigned service_signals, emergency_signals, external_calls;
    volatile uintptr_t resume_at; // where a program check goes on; 0: it ends the program
    unsigned line_length;
    char line[CONSOLE_COLUMNS]; // text that waits for its newline
} __attribute__((aligned(LINE_BYTES)));

extern struct cpu *cpus[CPUS_MAX];

static inline struct cpu *this_cpu(void)
{
    return this_lowcore()->cpu;
}

// Orders of SIGNAL PROCESSOR.
enum sigp_order {
    SIGP_SENSE = 0x01,
    SIGP_EXTERNAL_CALL = 0x02,
    SIGP_EMERGENCY_SIGNAL = 0x03,
    SIGP_START = 0x04,
    SIGP_STOP = 0x05,
    SIGP_RESTART = 0x06,
    SIGP_INITIAL_CPU_RESET = 0x0b,
    SIGP_SET_PREFIX = 0x0d,
    SIGP_SET_ARCHITECTURE = 0x12,
};

enum {
    SIGP_ACCEPTED = 0,
    SIGP_STATUS_STORED = 1,
    SIGP_BUSY = 2,
    SIGP_NOT_OPERATIONAL = 3,
    SIGP_STATUS_STOPPED = 0x40,
};

// Returns the condition code; *status is set when that is SIGP_STATUS_STORED. status may be NULL.
static inline unsigned sigp_once(unsigned cpu, enum sigp_order order, uint64_t parameter, uint32_t *status)
{
    unsigned __int128 pair = parameter; // status in the even register, parameter in the odd one
    unsigned cc;
    __asm__ volatile("sigp %0,%2,0(%3)\n\t"
                     "ipm %1\n\t"
                     "srl %1,28"
                     : "+d"(pair), "=d"(cc)
                     : "d"((uint64_t)cpu), "a"((uint64_t)order)
                     : "cc", "memory");
    if (status)
        *status = (uint32_t)(pair >> 64);
    return cc;
}

// The same, again for as long as that CPU is busy with an earlier order.
static inline unsigned sigp(unsigned cpu, enum sigp_order order, uint64_t parameter, uint32_t *status)
{
    unsigned cc;
    do
        cc = sigp_once(cpu, order, parameter, status);
    while (cc == SIGP_BUSY);
    return cc;
}

static inline uint64_t get_control_0(void)
{
    uint64_t value;
    __asm__ volatile("stctg %%c0,%%c0,%0" : "=S"(value));
    return value;
}

static inline void set_control_0(uint64_t value)
{
    __asm__ volatile("lctlg %%c0,%%c0,%0" ::"S"(value));
}

// Subclass masks of external interruptions in control register 0.
#define CR0_EMERGENCY_SIGNAL 0x4000u
#define CR0_EXTERNAL_CALL    0x2000u
#define CR0_CLOCK_COMPARATOR 0x0800u
#define CR0_CPU_TIMER        0x0400u
#define CR0_SERVICE_SIGNAL   0x0200u

// Ends with an LPSWE to the next instruction: the PSW's mask is exchanged, nothing else.
static inline void set_psw_mask(uint64_t mask)
{
    struct psw psw = {.mask = mask | PSW_64BIT};
    uint64_t next;
    __asm__ volatile("larl %0,0f\n\t"
                     "stg %0,8(%1)\n\t"
                     "lpswe 0(%1)\n"
                     "0:"
                     : "=&a"(next)
                     : "a"(&psw)
                     : "cc", "memory");
}

// Waits for one external interruption of the given subclasses (CR0_*); its handler has run when this returns.
// Interruptions are disabled before and after.
static inline void wait_for_external(uint64_t subclasses)
{
    uint64_t control = get_control_0();
    set_control_0(control | subclasses);
    set_psw_mask(PSW_EXTERNAL | PSW_WAIT); // the handler clears both in its old PSW
    set_control_0(control);
}

// Every store before is seen by every CPU before any load after (BRANCH ON CONDITION 15,0).
static inline void serialise(void)
{
    __asm__ volatile("bcr 15,0" ::: "memory");
}

// The compiler must look at storage again. The architecture needs no more: loads are seen in order, stores
// too.
static inline void relax(void)
{
    __asm__ volatile("" ::: "memory");
}

// TOD clock: bit 51 is a microsecond, so a unit is 1/4096 of one.
static inline uint64_t clock_read(void)
{
    uint64_t now;
#if __ARCH__ >= 7
    __asm__ volatile("stckf %0" : "=Q"(now)::"cc");
#else
    __asm__ volatile("stck %0" : "=Q"(now)::"cc");
#endif
    return now;
}

#endif
