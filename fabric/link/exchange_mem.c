// SPDX-License-Identifier: Apache-2.0
// Hand-over between two threads is one atomic word. A waiting side spins for a moment, then yields, then
// sleeps: on a host with fewer cores than threads spinning alone would starve the very thread that is waited
// for.
#include "fabric/link/exchange_mem.h"
#include "fabric/link/host_time.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "proto/base/assert.h"

enum slot_state { SLOT_IDLE, SLOT_GRANTED, SLOT_TAKEN, SLOT_ANSWERED };
enum { SPINS = 3000, YIELDS = 50 };

struct slot {
    _Atomic int state;
    uint32_t group, member;
    struct grant grant;
    struct batch batch;
};

// What a thread sleeps on: a count of calls, so that a call between looking and sleeping is not missed.
struct bell {
    _Atomic uint32_t rings;
    _Atomic uint32_t sleepers;
};

struct worker {
    struct mem *mem;
    pthread_t thread;
    uint32_t n_slots;
    struct slot **slots;
    struct bell bell;
};

struct mem {
    struct exchange base;
    const struct groups *groups;
    exchange_mem_run *run;
    void *self;
    uint32_t threads, n_slots;
    struct slot *slots;
    struct slot **slot_of; // [group x MEMBERS_MAX + member]
    struct worker *workers;
    struct bell bell; // the conductor's
    _Atomic bool closing;
    uint32_t next; // where collect looks first, so that no member is preferred
};

static void bell_ring(struct bell *bell)
{
    atomic_fetch_add(&bell->rings, 1);
    if (atomic_load(&bell->sleepers))
        syscall(SYS_futex, &bell->rings, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void bell_sleep(struct bell *bell, uint32_t seen)
{
    struct timespec limit = {0, 50000000};
    atomic_fetch_add(&bell->sleepers, 1);
    if (atomic_load(&bell->rings) == seen)
        syscall(SYS_futex, &bell->rings, FUTEX_WAIT_PRIVATE, seen, &limit, NULL, 0);
    atomic_fetch_sub(&bell->sleepers, 1);
}

// Waits until ring number `seen` is not the last any more, or a moment has passed.
static void bell_wait(struct bell *bell, uint32_t seen)
{
    for (int i = 0; i < SPINS; i++) {
        if (atomic_load_explicit(&bell->rings, memory_order_relaxed) != seen)
            return;
        __builtin_ia32_pause();
    }
    for (int i = 0; i < YIELDS; i++) {
        if (atomic_load_explicit(&bell->rings, memory_order_relaxed) != seen)
            return;
        sched_yield();
    }
    bell_sleep(bell, seen);
}

static void work(struct mem *mem, struct slot *slot)
{
    mem->run(mem->self, slot->group, slot->member, &slot->grant, &slot->batch);
    slot->batch.group = slot->group;
    slot->batch.member = slot->member;
    slot->batch.seq = slot->grant.seq;
    slot->batch.epoch = slot->grant.epoch;
    atomic_store_explicit(&slot->state, SLOT_ANSWERED, memory_order_release);
}

// A grant is worked on by whoever takes it first.
static bool take(struct slot *slot)
{
    int granted = SLOT_GRANTED;
    return atomic_load_explicit(&slot->state, memory_order_relaxed) == SLOT_GRANTED &&
           atomic_compare_exchange_strong_explicit(&slot->state, &granted, SLOT_TAKEN, memory_order_acquire,
                                                   memory_order_relaxed);
}

// The worker's own slots first. When there is nothing to do for them, those that another worker has not
// begun: on a busy host its thread may be waiting for a core.
static bool work_once(struct mem *mem, struct worker *worker)
{
    bool worked = false;
    for (uint32_t i = 0; i < worker->n_slots; i++)
        if (take(worker->slots[i])) {
            work(mem, worker->slots[i]);
            bell_ring(&mem->bell);
            worked = true;
        }
    for (uint32_t i = 0; i < mem->n_slots && !worked; i++)
        if (take(&mem->slots[i])) {
            work(mem, &mem->slots[i]);
            bell_ring(&mem->bell);
            worked = true;
        }
    return worked;
}

static void *worker_main(void *self)
{
    struct worker *worker = self;
    struct mem *mem = worker->mem;
    while (!atomic_load(&mem->closing)) {
        uint32_t seen = atomic_load(&worker->bell.rings);
        if (!work_once(mem, worker) && !atomic_load(&mem->closing))
            bell_wait(&worker->bell, seen);
    }
    return NULL;
}

static struct slot *slot_at(struct mem *mem, uint32_t group, uint32_t member)
{
    return mem->slot_of[group * MEMBERS_MAX + member];
}

static enum err_code grant(struct exchange *exchange, uint32_t member, struct grant *grant, struct err *err)
{
    (void)err;
    struct mem *mem = (struct mem *)exchange;
    struct slot *slot = slot_at(mem, grant->group, member);
    NP_ASSERT(atomic_load(&slot->state) == SLOT_IDLE);
    struct grant taken = slot->grant;
    slot->grant = *grant;
    *grant = taken; // its buffers, empty, for the next one
    grant->arrivals.line_bytes = slot->grant.arrivals.line_bytes;
    message_list_clear(&grant->arrivals);
    frame_list_clear(&grant->frames);
    atomic_store_explicit(&slot->state, SLOT_GRANTED, memory_order_release);
    uint32_t worker = mem->groups->group[slot->group].members[member].worker;
    if (worker)
        bell_ring(&mem->workers[worker].bell);
    exchange->stats->grants++;
    return ERR_OK;
}

static struct batch *answered(struct mem *mem)
{
    for (uint32_t i = 0; i < mem->n_slots; i++) {
        struct slot *slot = &mem->slots[(mem->next + i) % mem->n_slots];
        if (atomic_load_explicit(&slot->state, memory_order_acquire) != SLOT_ANSWERED)
            continue;
        atomic_store_explicit(&slot->state, SLOT_IDLE, memory_order_relaxed);
        mem->next = (mem->next + i + 1) % mem->n_slots;
        return &slot->batch;
    }
    return NULL;
}

static enum err_code collect(struct exchange *exchange, int64_t timeout_us, struct batch **batch,
                             struct err *err)
{
    (void)err;
    struct mem *mem = (struct mem *)exchange;
    uint64_t deadline = 0;
    for (;;) {
        uint32_t seen = atomic_load(&mem->bell.rings);
        *batch = answered(mem);
        if (*batch)
            return ERR_OK;
        if (work_once(mem, &mem->workers[0]))
            continue;
        uint64_t now = host_now_ns();
        if (deadline == 0)
            deadline = now + (uint64_t)timeout_us * 1000u;
        else if (now >= deadline)
            return ERR_OK;
        bell_wait(&mem->bell, seen);
        exchange->stats->waiting_ns += host_now_ns() - now;
    }
}

static void add_slot(struct mem *mem, uint32_t group, uint32_t member, uint32_t worker)
{
    struct slot *slot = &mem->slots[mem->n_slots++];
    slot->group = group;
    slot->member = member;
    mem->slot_of[group * MEMBERS_MAX + member] = slot;
    struct worker *w = &mem->workers[worker];
    w->slots = realloc(w->slots, (w->n_slots + 1) * sizeof *w->slots);
    NP_ASSERT(w->slots);
    w->slots[w->n_slots++] = slot;
}

static void add_slots(struct mem *mem)
{
    uint32_t n = 0;
    for (uint32_t g = 0; g < mem->groups->n; g++)
        n += mem->groups->group[g].n_members;
    mem->slots = calloc(n + 1, sizeof *mem->slots);
    mem->slot_of = calloc((size_t)(mem->groups->n + 1) * MEMBERS_MAX, sizeof(struct slot *));
    NP_ASSERT(mem->slots && mem->slot_of);
    for (uint32_t g = 0; g < mem->groups->n; g++)
        for (uint32_t m = 0; m < mem->groups->group[g].n_members; m++)
            add_slot(mem, g, m, mem->groups->group[g].members[m].worker);
}

static void free_slots(struct mem *mem)
{
    for (uint32_t i = 0; i < mem->n_slots; i++) {
        grant_free(&mem->slots[i].grant);
        batch_free(&mem->slots[i].batch);
    }
    for (uint32_t w = 0; w < mem->threads; w++) {
        free(mem->workers[w].slots);
        mem->workers[w].slots = NULL;
        mem->workers[w].n_slots = 0;
    }
    free(mem->slots);
    free(mem->slot_of);
    mem->n_slots = mem->next = 0;
}

static void start_threads(struct mem *mem)
{
    atomic_store(&mem->closing, false);
    for (uint32_t w = 1; w < mem->threads; w++) {
        int failed = pthread_create(&mem->workers[w].thread, NULL, worker_main, &mem->workers[w]);
        NP_ASSERT(!failed);
    }
}

static void stop_threads(struct mem *mem)
{
    atomic_store(&mem->closing, true);
    for (uint32_t w = 1; w < mem->threads; w++) {
        bell_ring(&mem->workers[w].bell);
        pthread_join(mem->workers[w].thread, NULL);
    }
}

// Idle threads look at all slots, so they end first.
static void regroup(struct exchange *exchange)
{
    struct mem *mem = (struct mem *)exchange;
    stop_threads(mem);
    for (uint32_t i = 0; i < mem->n_slots; i++)
        NP_ASSERT(atomic_load(&mem->slots[i].state) == SLOT_IDLE);
    free_slots(mem);
    add_slots(mem);
    start_threads(mem);
}

static void close_mem(struct exchange *exchange)
{
    struct mem *mem = (struct mem *)exchange;
    stop_threads(mem);
    free_slots(mem);
    free(mem->workers);
    free(mem);
}

static const struct exchange_ops ops = {grant, collect, regroup, close_mem};

struct exchange *exchange_mem_open(const struct groups *groups, uint32_t threads, exchange_mem_run *run,
                                   void *self, struct host_stats *stats)
{
    struct mem *mem = calloc(1, sizeof *mem);
    NP_ASSERT(mem && threads);
    mem->base = (struct exchange){&ops, stats};
    mem->groups = groups;
    mem->run = run;
    mem->self = self;
    mem->threads = threads;
    mem->workers = calloc(threads, sizeof *mem->workers);
    NP_ASSERT(mem->workers);
    for (uint32_t w = 0; w < threads; w++)
        mem->workers[w].mem = mem;
    add_slots(mem);
    start_threads(mem);
    return &mem->base;
}
