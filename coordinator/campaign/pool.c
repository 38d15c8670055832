// SPDX-License-Identifier: Apache-2.0
#include "coordinator/campaign/pool.h"

#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "proto/base/assert.h"

#define TICK_MS 100 // to look at children and signals although no child says anything

struct slot {
    struct pool_job job;
    struct process process;
};

struct crowd {
    struct pool *pool;
    struct slot *slots; // the first n run
    uint32_t n, max;
    enum err_code code; // the first thing that went wrong
    int64_t asked_ms;   // when the children were asked to end; 0: not yet
};

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
    (void)number;
    interrupted = 1;
}

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static double children_cpu_s(void)
{
    struct rusage usage;
    getrusage(RUSAGE_CHILDREN, &usage);
    return (double)usage.ru_utime.tv_sec + (double)usage.ru_stime.tv_sec +
           1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

uint32_t pool_cores(void)
{
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed))
        return 1;
    uint32_t cores = (uint32_t)CPU_COUNT(&allowed);
    return cores < 1 ? 1 : cores < POOL_JOBS_MAX ? cores : POOL_JOBS_MAX;
}

uint32_t pool_default(void)
{
    uint32_t cores = pool_cores();
    return cores < POOL_JOBS_MAX ? cores + 1 : cores;
}

static void fill(struct crowd *crowd, struct err *err)
{
    struct pool *pool = crowd->pool;
    while (!crowd->code && !interrupted && crowd->n < crowd->max) {
        struct slot *slot = &crowd->slots[crowd->n];
        *slot = (struct slot){0};
        if (!pool->next(pool->context, &slot->job))
            return;
        snprintf(slot->process.label, sizeof slot->process.label, "a child process");
        crowd->code = process_spawn(&slot->process, slot->job.argv, err);
        crowd->n += !crowd->code;
    }
}

// Hears what children say and waits at most `ms` for them to say more or to end.
static void listen(struct crowd *crowd, int ms)
{
    struct pollfd wanted[POOL_JOBS_MAX];
    nfds_t n = 0;
    for (uint32_t i = 0; i < crowd->n; i++) {
        struct process *process = &crowd->slots[i].process;
        if (process->words >= 0)
            wanted[n++] = (struct pollfd){.fd = process->words, .events = POLLIN};
        else
            ms = 1; // it has closed its mouth: its end is near
    }
    poll(wanted, n, ms);
    for (uint32_t i = 0; i < crowd->n; i++) {
        struct process *process = &crowd->slots[i].process;
        if (process->words < 0 || process_listen(process, NULL))
            continue;
        close(process->words);
        process->words = -1;
    }
}

static void reap(struct crowd *crowd)
{
    for (uint32_t i = 0; i < crowd->n;) {
        struct slot *slot = &crowd->slots[i];
        if (!process_reap(&slot->process)) {
            i++;
            continue;
        }
        if (slot->process.words >= 0) {
            process_listen(&slot->process, NULL);
            close(slot->process.words);
        }
        crowd->pool->done(crowd->pool->context, &slot->job, &slot->process);
        crowd->slots[i] = crowd->slots[--crowd->n];
    }
}

// After an interruption or an error: SIGTERM once, later SIGKILL.
static void end_children(struct crowd *crowd)
{
    int64_t now = now_ms();
    int signal = 0;
    if (!crowd->asked_ms) {
        crowd->asked_ms = now;
        signal = SIGTERM;
    } else if (now - crowd->asked_ms > POOL_MERCY_MS) {
        signal = SIGKILL;
    }
    for (uint32_t i = 0; signal && i < crowd->n; i++)
        process_signal(&crowd->slots[i].process, signal);
}

static void work(struct crowd *crowd, struct err *err)
{
    for (;;) {
        fill(crowd, err);
        if (crowd->code || interrupted)
            end_children(crowd);
        if (crowd->n == 0)
            return;
        if (crowd->pool->tick)
            crowd->pool->tick(crowd->pool->context, crowd->n);
        listen(crowd, TICK_MS);
        reap(crowd);
    }
}

enum err_code pool_run(struct pool *pool, struct err *err)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    const struct sigaction catch = {.sa_handler = on_signal};
    struct sigaction before[NP_ARRAY_LEN(numbers)];
    struct crowd crowd = {.pool = pool, .max = pool->jobs ? pool->jobs : pool_default()};
    NP_ASSERT(crowd.max <= POOL_JOBS_MAX);
    crowd.slots = calloc(crowd.max, sizeof *crowd.slots);
    NP_ASSERT(crowd.slots);
    interrupted = 0;
    for (size_t i = 0; i < NP_ARRAY_LEN(numbers); i++)
        sigaction(numbers[i], &catch, &before[i]);
    int64_t began = now_ms();
    double cpu = children_cpu_s();
    work(&crowd, err);
    pool->wall_s = 1e-3 * (double)(now_ms() - began);
    pool->cpu_s = children_cpu_s() - cpu;
    for (size_t i = 0; i < NP_ARRAY_LEN(numbers); i++)
        sigaction(numbers[i], &before[i], NULL);
    free(crowd.slots);
    if (!crowd.code && interrupted)
        crowd.code = err_set(err, ERR_INTERRUPTED, "interrupted");
    return crowd.code;
}
