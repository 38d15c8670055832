// SPDX-License-Identifier: Apache-2.0
// Interruptions on one CPU: supervisor call, program, external and restart. After each, old PSW, code and
// instruction length must be what the architecture says, and the program goes on with its registers as they
// were. With `strict` also what QEMU 7.2 does not do: it has no interruption for fixed-point overflow, and
// takes the timers for events that come once and some time after they are due.
#include "tests/guests/zarch/runtime/arguments.h"
#include "tests/guests/zarch/runtime/cpu.h"
#include "tests/guests/zarch/runtime/end.h"
#include "tests/guests/zarch/runtime/interrupt.h"
#include "tests/guests/zarch/runtime/print.h"

#define PSW_CONDITION_CODE 0x0000300000000000u

// What the last interruption left.
static volatile struct {
    unsigned count, code, length, parameter;
    struct psw old;
} last;

static bool strict;
static volatile uintptr_t go_on_at; // after a program check

static void record(const struct interrupt_frame *frame, unsigned code, unsigned length, unsigned parameter)
{
    last.count++;
    last.code = code;
    last.length = length;
    last.parameter = parameter;
    last.old.mask = frame->old.mask & ~PSW_CONDITION_CODE;
    last.old.address = frame->old.address;
}

static void on_svc(struct interrupt_frame *frame)
{
    record(frame, this_lowcore()->svc_code, this_lowcore()->svc_ilc, 0);
}

static void on_program_check(struct interrupt_frame *frame)
{
    volatile struct lowcore *lowcore = this_lowcore();
    record(frame, lowcore->program_code, lowcore->program_ilc, lowcore->data_exception_code);
    frame->old = (struct psw){PSW_64BIT, go_on_at};
}

static void on_external(struct interrupt_frame *frame)
{
    volatile struct lowcore *lowcore = this_lowcore();
    if (lowcore->external_code == EXTERNAL_SERVICE_SIGNAL) { // a print has ended
        interrupt_external_default(frame);
        return;
    }
    record(frame, lowcore->external_code, 0, lowcore->external_cpu);
    frame->old.mask &= ~(PSW_EXTERNAL | PSW_WAIT);
}

static void on_restart(struct interrupt_frame *frame)
{
    record(frame, 0, 0, 0);
}

static void check_svc(void)
{
    uint64_t next, general = 0x0123456789abcdef, executed = 66;
    double floating = 0x1.23456789abcdep5;
    __asm__ volatile("larl %0,0f\n\t"
                     "svc 65\n"
                     "0:"
                     : "=&a"(next), "+d"(general), "+f"(floating)::"memory");
    CHECK(last.count == 1 && last.code == 65 && last.length == 2);
    CHECK(last.old.mask == PSW_64BIT && last.old.address == next);
    CHECK(general == 0x0123456789abcdef && floating == 0x1.23456789abcdep5);
    __asm__ volatile("larl %0,1f\n\t"
                     "ex %1,0(%0)\n\t"
                     "larl %0,0f\n\t"
                     "j 0f\n"
                     "1:\n\t"
                     "svc 0\n"
                     "0:"
                     : "=&a"(next), "+a"(executed)::"memory");
    CHECK(last.count == 2 && last.code == 66 && last.length == 4); // the length is that of EXECUTE
    print("supervisor call: ok\n");
}

static void check_program_check(const char *name, unsigned code, unsigned length, uint64_t old_address)
{
    static unsigned count;
    if (last.count != ++count + 2 || last.code != code || last.length != length ||
        last.old.address != old_address)
        fail(
            "%s: interruption %u, code %x, length %u, address %lx; expected: code %x, length %u, address %lx",
            name, last.count, last.code, last.length, last.old.address, code, length, old_address);
    print("%s: ok\n", name);
}

// A program check of the last of the instructions, which is suppressed or completed, not nullified: the old
// PSW is behind it, and there the handler goes on. %2 is the address of zeros, %3 one without storage; r0,
// r1, r6 and r7 are free.
#define PROGRAM_CHECK(name, code, length, instructions)                                                      \
    do {                                                                                                     \
        uint64_t behind;                                                                                     \
        __asm__ volatile("larl %0,1f\n\t"                                                                    \
                         "stg %0,%1\n\t" instructions "\n"                                                   \
                         "1:"                                                                                \
                         : "=&a"(behind), "=S"(go_on_at)                                                     \
                         : "a"(zeros), "a"((uint64_t)1 << 50)                                                \
                         : "r0", "r1", "r6", "r7", "cc", "memory");                                          \
        check_program_check(name, code, length, behind);                                                     \
    } while (0)

static void check_program(void)
{
    static const uint64_t zeros[2];
    PROGRAM_CHECK("operation", 1, 2, ".short 0x0000");
    PROGRAM_CHECK("execute", 3, 4, "larl %%r1,0f\n\tj 2f\n0:\tex %%r6,0(%%r1)\n2:\tex %%r6,0(%%r1)");
    PROGRAM_CHECK("addressing", 5, 6, "lg %%r0,0(%3)");
    PROGRAM_CHECK("specification", 6, 4, ".insn rre,0xb9870000,%%r1,%%r0"); // DLGR of an odd register
    PROGRAM_CHECK("fixed-point divide", 9, 6, "lghi %%r6,0\n\tlghi %%r7,1\n\tdlg %%r6,0(%2)");
    if (strict)
        PROGRAM_CHECK("fixed-point overflow", 8, 2,
                      "lhi %%r0,-1\n\tspm %%r0\n\tlhi %%r1,1\n\tsll %%r1,30\n\tar %%r1,%%r1");
#if __ARCH__ >= 8
    PROGRAM_CHECK("data: compare and trap", 7, 4, "lghi %%r0,1\n\tcgrte %%r0,%%r0");
    CHECK(last.parameter == 0xff);
#endif
}

// In problem state a privileged instruction is refused; its old PSW has the state.
static void check_problem_state(void)
{
    static const uint64_t zeros[2];
    set_psw_mask(PSW_PROBLEM);
    PROGRAM_CHECK("privileged operation", 2, 4, "stap 0(%2)");
    CHECK(last.old.mask == (PSW_64BIT | PSW_PROBLEM));
}

// Low-address protection (control register 0, bit 35) keeps stores of programs out of the first 512 bytes.
static void check_protection(void)
{
    static const uint64_t zeros[2];
    uint64_t control = get_control_0();
    volatile uint32_t *word = (volatile uint32_t *)&this_lowcore()->unused_180[0];
    *word = 5;
    set_control_0(control | 0x10000000u);
    PROGRAM_CHECK("protection", 4, 4, "lhi %%r0,7\n\tst %%r0,0x180");
    set_control_0(control);
    CHECK(*word == 5);
}

// Enables external interruptions of the given subclasses for a moment: one that is pending comes.
static void let_one_in(uint64_t subclasses)
{
    uint64_t control = get_control_0();
    set_control_0(control | subclasses);
    set_psw_mask(PSW_EXTERNAL);
    set_psw_mask(0);
    set_control_0(control);
}

static void expect_external(uint64_t subclasses, unsigned code)
{
    unsigned before = last.count;
    let_one_in(subclasses);
    CHECK(last.count == before + 1 && last.code == code && last.old.mask == (PSW_64BIT | PSW_EXTERNAL));
}

#define NEVER ((uint64_t)-1)
#define LATER ((uint64_t)INT64_MAX)

static void set_clock_comparator(uint64_t value)
{
    __asm__ volatile("sckc %0" ::"Q"(value));
}

static void set_cpu_timer(uint64_t value)
{
    __asm__ volatile("spt %0" ::"Q"(value));
}

// Whatever the order in which they became pending, they come by their priority, each only if its subclass is
// enabled.
static void check_signals(void)
{
    const uint64_t signals = CR0_EXTERNAL_CALL | CR0_EMERGENCY_SIGNAL;
    unsigned before = last.count;
    let_one_in(signals);
    CHECK(sigp(0, SIGP_EXTERNAL_CALL, 0, NULL) == SIGP_ACCEPTED);
    CHECK(sigp(0, SIGP_EMERGENCY_SIGNAL, 0, NULL) == SIGP_ACCEPTED);
    let_one_in(0);
    CHECK(last.count == before);
    expect_external(signals, EXTERNAL_EMERGENCY_SIGNAL);
    CHECK(last.parameter == 0);
    expect_external(signals, EXTERNAL_EXTERNAL_CALL);
    CHECK(last.parameter == 0);
    print("signals: ok\n");
}

// The timers end a wait. They are conditions, not events: pending for as long as comparator or timer say so.
static void check_timers(void)
{
    const uint64_t span = 4096 * 50; // 50 us
    unsigned before = last.count;
    set_clock_comparator(clock_read() + span);
    wait_for_external(CR0_CLOCK_COMPARATOR);
    CHECK(last.count == before + 1 && last.code == EXTERNAL_CLOCK_COMPARATOR);
    CHECK(last.old.mask == (PSW_64BIT | PSW_EXTERNAL | PSW_WAIT));
    set_clock_comparator(NEVER);
    set_cpu_timer(span);
    wait_for_external(CR0_CPU_TIMER);
    CHECK(last.count == before + 2 && last.code == EXTERNAL_CPU_TIMER);
    set_cpu_timer(LATER);
    let_one_in(CR0_CLOCK_COMPARATOR | CR0_CPU_TIMER);
    CHECK(last.count == before + 2);
    print("timers: ok\n");
}

static void check_timers_strictly(void)
{
    const uint64_t timers = CR0_CLOCK_COMPARATOR | CR0_CPU_TIMER;
    set_cpu_timer(UINT64_MAX);
    set_clock_comparator(0);
    expect_external(timers, EXTERNAL_CLOCK_COMPARATOR);
    expect_external(timers, EXTERNAL_CLOCK_COMPARATOR);
    set_clock_comparator(NEVER);
    expect_external(timers, EXTERNAL_CPU_TIMER);
    expect_external(timers, EXTERNAL_CPU_TIMER);
    set_cpu_timer(LATER);
    print("timers, strictly: ok\n");
}

static void check_restart(void)
{
    unsigned before = last.count;
    CHECK(sigp(0, SIGP_RESTART, 0, NULL) == SIGP_ACCEPTED);
    CHECK(last.count == before + 1 && last.old.mask == PSW_64BIT);
    print("restart: ok\n");
}

int main(void)
{
    strict = argument_is("strict");
    interrupt_set(INTERRUPT_SVC, on_svc);
    interrupt_set(INTERRUPT_PROGRAM, on_program_check);
    interrupt_set(INTERRUPT_EXTERNAL, on_external);
    interrupt_set(INTERRUPT_RESTART, on_restart);
    check_svc();
    check_program();
    check_problem_state();
    check_protection();
    check_signals();
    check_timers();
    if (strict)
        check_timers_strictly();
    check_restart();
    print("interrupts: ok\n");
    return 0;
}
