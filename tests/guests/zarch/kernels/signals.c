// SPDX-License-Identifier: Apache-2.0
// CPUs signal each other while they work: external calls to the next one, each of which must come and name
// its sender; emergency signals to all others, of which those from one CPU that wait are one. Then CPU 0
// stops and starts the others in the middle of their work, size= times each (5). What a CPU keeps besides
// general registers must stay as it was: access registers, floating-point control, the TOD programmable
// register.
#include "tests/guests/zarch/runtime/arguments.h"
#include "tests/guests/zarch/runtime/cpu.h"
#include "tests/guests/zarch/runtime/end.h"
#include "tests/guests/zarch/runtime/interrupt.h"
#include "tests/guests/zarch/runtime/memory.h"
#include "tests/guests/zarch/runtime/parallel.h"
#include "tests/guests/zarch/runtime/place.h"
#include "tests/guests/zarch/runtime/print.h"

#define SIGNALS (CR0_EXTERNAL_CALL | CR0_EMERGENCY_SIGNAL)

enum { WORDS = 64 };

// On lines of its own; only its CPU writes what is before `work`.
struct mine {
    uint64_t calls, emergencies[CPUS_MAX];
    uint64_t work[WORDS] __attribute__((aligned(LINE_BYTES)));
    uint64_t done __attribute__((aligned(LINE_BYTES)));
};

static uint64_t rounds;
static struct mine *all[CPUS_MAX];
static bool stopping_ended;

static void on_external(struct interrupt_frame *frame)
{
    volatile struct lowcore *lowcore = this_lowcore();
    unsigned code = lowcore->external_code, from = lowcore->external_cpu, me = team_member();
    if (!all[me] || (code != EXTERNAL_EXTERNAL_CALL && code != EXTERNAL_EMERGENCY_SIGNAL)) {
        interrupt_external_default(frame);
        return;
    }
    if (code == EXTERNAL_EXTERNAL_CALL) {
        CHECK((from + 1) % team_size() == me);
        all[me]->calls++;
    } else {
        CHECK(from < options.cpus);
        all[me]->emergencies[from]++;
    }
    frame->old.mask &= ~(PSW_EXTERNAL | PSW_WAIT);
}

// One that waits comes.
static void let_in(void)
{
    uint64_t control = get_control_0();
    set_control_0(control | SIGNALS);
    set_psw_mask(PSW_EXTERNAL);
    set_psw_mask(0);
    set_control_0(control);
}

static void set_registers(uint64_t value)
{
    register uint64_t programmable __asm__("r0") = value & 0xffff;
    __asm__ volatile("sar %%a5,%0\n\t"
                     "sar %%a12,%0\n\t"
                     "sckpf" ::"d"(value),
                     "d"(programmable));
}

static void check_registers(uint64_t value)
{
    uint64_t five = 0, twelve = 0;
    static struct {
        uint8_t bytes[16];
    } clocks[CPUS_MAX];
    unsigned me = team_member();
    __asm__ volatile("ear %0,%%a5\n\t"
                     "ear %1,%%a12\n\t"
                     "stcke %2"
                     : "+d"(five), "+d"(twelve), "=Q"(clocks[me])::"cc", "memory");
    CHECK(five == value && twelve == value);
    CHECK((clocks[me].bytes[14] << 8 | clocks[me].bytes[15]) == (int)(value & 0xffff));
    memset(&clocks[me], 0, sizeof clocks[me]);
}

static void work(unsigned me, uint64_t round)
{
    for (unsigned i = 0; i < WORDS; i++)
        all[me]->work[i] += round + all[(me + 1) % team_size()]->work[(i * 17 + round) % WORDS] % 2;
}

static void call_next(unsigned next)
{
    unsigned cc;
    while ((cc = sigp(next, SIGP_EXTERNAL_CALL, 0, NULL)) != SIGP_ACCEPTED) {
        CHECK(cc == SIGP_STATUS_STORED); // an earlier one has not been taken
        let_in();
    }
}

static void call_all(unsigned me)
{
    for (uint64_t round = 1; round <= rounds; round++) {
        call_next((me + 1) % team_size());
        for (unsigned i = 0; i < team_size(); i++)
            if (i != me)
                CHECK(sigp(i, SIGP_EMERGENCY_SIGNAL, 0, NULL) == SIGP_ACCEPTED);
        work(me, round);
        let_in();
    }
    while (all[me]->calls < rounds) // the one who calls waits for that
        let_in();
}

static bool is_stopped(unsigned cpu)
{
    uint32_t status;
    return sigp(cpu, SIGP_SENSE, 0, &status) == SIGP_STATUS_STORED && status & SIGP_STATUS_STOPPED;
}

static void stop_and_start(unsigned cpu)
{
    CHECK(sigp(cpu, SIGP_STOP, 0, NULL) == SIGP_ACCEPTED);
    while (!is_stopped(cpu))
        continue;
    uint64_t done = __atomic_load_n(&all[cpu]->done, __ATOMIC_ACQUIRE);
    work(0, 1);
    CHECK(__atomic_load_n(&all[cpu]->done, __ATOMIC_ACQUIRE) == done);
    CHECK(sigp(cpu, SIGP_START, 0, NULL) == SIGP_ACCEPTED);
    while (__atomic_load_n(&all[cpu]->done, __ATOMIC_ACQUIRE) == done)
        continue;
}

static void stop_others(unsigned me)
{
    if (me == 0) {
        for (uint64_t i = 0; i < rounds * (team_size() - 1); i++)
            stop_and_start(1 + (unsigned)(i % (team_size() - 1)));
        __atomic_store_n(&stopping_ended, true, __ATOMIC_RELEASE);
    }
    while (!__atomic_load_n(&stopping_ended, __ATOMIC_ACQUIRE)) {
        work(me, 1);
        __atomic_store_n(&all[me]->done, all[me]->done + 1, __ATOMIC_RELEASE);
    }
}

static void signal(void *nothing)
{
    (void)nothing;
    unsigned me = team_member();
    set_registers(0x12345678 + me);
    team_barrier();
    call_all(me);
    team_barrier();
    for (unsigned i = 0; i <= team_size(); i++) // as many as can wait now
        let_in();
    check_registers(0x12345678 + me);
    stop_others(me);
    check_registers(0x12345678 + me);
    team_barrier();
}

int main(void)
{
    rounds = options.size ? options.size : 5;
    for (unsigned i = 0; i < options.cpus; i++) {
        all[i] = place_for(i, sizeof *all[i]);
        memset(all[i], 0, sizeof *all[i]);
    }
    interrupt_set(INTERRUPT_EXTERNAL, on_external);
    team_run(options.cpus, signal, NULL);
    for (unsigned i = 0; i < options.cpus; i++) {
        CHECK(all[i]->calls == rounds);
        for (unsigned from = 0; from < options.cpus; from++)
            CHECK(from == i || (all[i]->emergencies[from] > 0 && all[i]->emergencies[from] <= rounds + 1));
    }
    print("signals: ok\n");
    return 0;
}
