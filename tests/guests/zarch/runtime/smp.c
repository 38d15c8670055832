// SPDX-License-Identifier: Apache-2.0
#include "tests/guests/zarch/runtime/smp.h"

#include "tests/guests/zarch/runtime/arguments.h"
#include "tests/guests/zarch/runtime/cpu.h"
#include "tests/guests/zarch/runtime/end.h"
#include "tests/guests/zarch/runtime/interrupt.h"
#include "tests/guests/zarch/runtime/memory.h"
#include "tests/guests/zarch/runtime/place.h"

enum { STACK_BYTES = 32 << 10, TRAP_STACK_BYTES = 8 << 10, ABI_FRAME = FRAME };

struct cpu *cpus[CPUS_MAX];
static struct lowcore *lowcores[CPUS_MAX]; // of all but CPU 0

void cpu_start(void); // start.S
_Noreturn void cpu_main(void);

void smp_prepare_first(void)
{
    static struct cpu first;
    static char trap_stack[TRAP_STACK_BYTES] __attribute__((aligned(8)));
    struct lowcore *lowcore = (struct lowcore *)this_lowcore();
    interrupt_prepare(lowcore);
    lowcore->trap_stack = (uintptr_t)trap_stack + sizeof trap_stack;
    lowcore->cpu = &first;
    cpus[0] = &first;
}

static unsigned count_cpus(void)
{
    unsigned n = 1; // CPU 0, which runs this
    while (n < CPUS_MAX && sigp(n, SIGP_SENSE, 0, NULL) != SIGP_NOT_OPERATIONAL)
        n++;
    return n;
}

// CPU 0 has no prefix, so it sees the lowcore of another where that CPU, once started, sees absolute zero.
static struct cpu *make_cpu(unsigned address, unsigned board, struct lowcore **its_lowcore)
{
    struct cpu *cpu = place_on(board, sizeof *cpu);
    struct lowcore *lowcore = place_on(board, sizeof *lowcore);
    memset(cpu, 0, sizeof *cpu);
    memset(lowcore, 0, sizeof *lowcore);
    *cpu = (struct cpu){.address = address, .board = board};
    interrupt_prepare(lowcore);
    lowcore->new_psw[INTERRUPT_RESTART].address = (uintptr_t)cpu_start;
    lowcore->stack = (uintptr_t)place_on(board, STACK_BYTES) + STACK_BYTES;
    lowcore->trap_stack = (uintptr_t)place_on(board, TRAP_STACK_BYTES) + TRAP_STACK_BYTES;
    lowcore->cpu = cpu;
    *its_lowcore = lowcore;
    return cpu;
}

static void start(const struct cpu *cpu, const struct lowcore *lowcore)
{
    uint32_t status = 0;
    unsigned cc = sigp(cpu->address, SIGP_INITIAL_CPU_RESET, 0, &status);
    if (cc == SIGP_ACCEPTED)
        cc = sigp(cpu->address, SIGP_SET_PREFIX, (uintptr_t)lowcore, &status);
    if (cc == SIGP_ACCEPTED)
        cc = sigp(cpu->address, SIGP_RESTART, 0, &status);
    if (cc != SIGP_ACCEPTED)
        fail("CPU %u cannot be started: condition code %u, status %x", cpu->address, cc, status);
}

void smp_start(void)
{
    unsigned exist = count_cpus();
    if (options.cpus > exist)
        fail("cpus=%u, but the machine has fewer", options.cpus);
    if (options.cpus == 0)
        options.cpus = exist;
    if (!options.spread && options.boards > 1 && options.cpus > options.boards &&
        options.cpus % options.boards)
        fail("%u CPUs do not fill %u boards evenly: say spread, or other numbers", options.cpus,
             options.boards);
    // To z/Architecture, all CPUs. Machines that know nothing else say that they are there already.
    sigp(0, SIGP_SET_ARCHITECTURE, 1, NULL);
    for (unsigned i = 1; i < options.cpus; i++) {
        struct lowcore *lowcore;
        cpus[i] = make_cpu(i, board_of_cpu(i), &lowcore);
        lowcores[i] = lowcore;
        start(cpus[i], lowcore);
    }
}

void smp_join(unsigned address)
{
    if (!cpus[address])
        cpus[address] = make_cpu(address, 0, &lowcores[address]);
    start(cpus[address], lowcores[address]);
}

void smp_give(unsigned address, void (*work)(void *), void *argument)
{
    struct cpu *cpu = cpus[address];
    cpu->work = work;
    cpu->argument = argument;
    __atomic_store_n(&cpu->go, true, __ATOMIC_SEQ_CST);
    sigp(address, SIGP_EMERGENCY_SIGNAL, 0, NULL);
}

bool smp_is_done(unsigned address)
{
    return !__atomic_load_n(&cpus[address]->go, __ATOMIC_ACQUIRE);
}

void smp_stop(unsigned address)
{
    uint32_t status = 0;
    sigp(address, SIGP_STOP, 0, NULL);
    while (sigp(address, SIGP_SENSE, 0, &status) != SIGP_STATUS_STORED || !(status & SIGP_STATUS_STOPPED))
        relax();
}

// Called by start.S on every CPU but the first.
_Noreturn void cpu_main(void)
{
    struct cpu *me = this_cpu();
    interrupt_prepare((struct lowcore *)this_lowcore()); // a second restart is an interruption
    for (;;) {
        while (!__atomic_load_n(&me->go, __ATOMIC_ACQUIRE))
            wait_for_external(CR0_EMERGENCY_SIGNAL);
        me->work(me->argument);
        __atomic_store_n(&me->go, false, __ATOMIC_SEQ_CST);
    }
}
