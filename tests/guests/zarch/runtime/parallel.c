// SPDX-License-Identifier: Apache-2.0
#include "tests/guests/zarch/runtime/parallel.h"

#include "tests/guests/zarch/runtime/arguments.h"
#include "tests/guests/zarch/runtime/barrier.h"
#include "tests/guests/zarch/runtime/clock.h"
#include "tests/guests/zarch/runtime/cpu.h"
#include "tests/guests/zarch/runtime/memory.h"
#include "tests/guests/zarch/runtime/place.h"
#include "tests/guests/zarch/runtime/print.h"

static unsigned size = 1;
static struct sense_barrier sense_barrier;

// What a team is given to do, between barriers: the first so that the clock starts with all CPUs there.
struct job {
    void (*work)(void *);
    void *argument;
    uint64_t time;
};

static void do_job(void *argument)
{
    struct job *job = argument;
    team_barrier();
    uint64_t start = clock_now();
    job->work(job->argument);
    team_barrier();
    if (team_member() == 0)
        job->time = clock_now() - start;
}

static void give(struct cpu *cpu, struct job *job)
{
    cpu->work = do_job;
    cpu->argument = job;
    __atomic_store_n(&cpu->go, true, __ATOMIC_SEQ_CST);
    sigp(cpu->address, SIGP_EMERGENCY_SIGNAL, 0, NULL);
}

uint64_t team_run(unsigned n, void (*work)(void *), void *argument)
{
    struct job job = {work, argument, 0};
    size = n;
    sense_barrier = (struct sense_barrier){0};
    tree_barrier_reset(n);
    for (unsigned i = 0; i < n; i++)
        cpus[i]->barriers = 0;
    for (unsigned i = 1; i < n; i++)
        give(cpus[i], &job);
    do_job(&job);
    for (unsigned i = 1; i < n; i++)
        while (__atomic_load_n(&cpus[i]->go, __ATOMIC_ACQUIRE))
            continue;
    return job.time;
}

unsigned team_size(void)
{
    return size;
}

unsigned team_member(void)
{
    return this_cpu()->address;
}

void team_barrier(void)
{
    uint64_t passage = ++this_cpu()->barriers;
    if (options.tree_barrier)
        tree_barrier_wait(size, passage);
    else
        sense_barrier_wait(&sense_barrier, size, passage);
}

// After it, all contributions are there to be read; before the next one may change, all must have been.
static void contribute(uint64_t value)
{
    this_cpu()->contribution = value;
    team_barrier();
}

uint64_t reduce_sum(uint64_t value)
{
    uint64_t sum = 0;
    contribute(value);
    for (unsigned i = 0; i < size; i++)
        sum += cpus[i]->contribution;
    team_barrier();
    return sum;
}

uint64_t reduce_max(uint64_t value)
{
    uint64_t max = 0;
    contribute(value);
    for (unsigned i = 0; i < size; i++)
        if (cpus[i]->contribution > max)
            max = cpus[i]->contribution;
    team_barrier();
    return max;
}

double reduce_double(double value)
{
    double sum = 0;
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    contribute(bits);
    for (unsigned i = 0; i < size; i++) {
        double other;
        bits = cpus[i]->contribution;
        memcpy(&other, &bits, sizeof other);
        sum += other;
    }
    team_barrier();
    return sum;
}

struct range part_of(uint64_t n, unsigned member, unsigned members)
{
    uint64_t each = (n + members - 1) / members, begin = each * member, end = begin + each;
    return (struct range){begin < n ? begin : n, end < n ? end : n};
}

struct range my_part(uint64_t n)
{
    return part_of(n, team_member(), size);
}

struct loop {
    uint64_t n;
    void (*body)(struct range, void *);
    void *argument;
};

static void do_loop(void *argument)
{
    struct loop *loop = argument;
    loop->body(my_part(loop->n), loop->argument);
}

uint64_t parallel_for(unsigned n_cpus, uint64_t n, void (*body)(struct range, void *), void *argument)
{
    struct loop loop = {n, body, argument};
    return team_run(n_cpus, do_loop, &loop);
}

// CPU 0 has prepared all data, so its caches hold what they can of them: a run on one CPU would find its data
// there, one on many would find nothing. Here every CPU takes its own.
static void take_own(void *nothing)
{
    (void)nothing;
    place_touch(team_member());
}

static uint64_t measure_on(const struct kernel *kernel, unsigned n_cpus)
{
    uint64_t time = 0;
    for (unsigned i = 0; i < (options.repeat ? options.repeat : 1); i++) {
        place_release();
        if (kernel->prepare)
            kernel->prepare(n_cpus);
        team_run(n_cpus, take_own, NULL);
        time += team_run(n_cpus, kernel->work, NULL);
        kernel->verify(n_cpus);
    }
    return time;
}

void print_speed_up(const char *name, uint64_t time_one, uint64_t time_all)
{
    uint64_t hundredths = time_all ? time_one * 100 / time_all : 0;
    print("time: %s: %lu ns on 1 CPU, %lu ns on %u, speed-up %lu.%02lu\n", name, clock_to_ns(time_one),
          clock_to_ns(time_all), options.cpus, hundredths / 100, hundredths % 100);
}

void measure(const struct kernel *kernel)
{
    uint64_t one = measure_on(kernel, 1);
    uint64_t all = options.cpus > 1 ? measure_on(kernel, options.cpus) : one;
    print_speed_up(kernel->name, one, all);
    print("%s: ok\n", kernel->name);
}
