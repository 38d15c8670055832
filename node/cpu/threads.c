// SPDX-License-Identifier: Apache-2.0
#include "node/cpu/threads.h"

#include <stdlib.h>
#include <string.h>

#include "node/cpu/pool_cpus.h"
#include "node/cpu/thread.h"

// Whether any partition of the board's system has a pool.
static bool has_pools(const struct machine *machine, uint16_t board)
{
    for (uint32_t i = 0; i < machine->n_pools; i++)
        if (machine->partitions[machine->pools[i].partition].system == machine->boards[board].system)
            return true;
    return false;
}

static uint32_t bound_frames(const struct threads *threads, const struct partition_desc *present,
                             const uint32_t bound[BOARDS_PER_SYSTEM_MAX])
{
    for (uint32_t i = 0; i < present->n_boards; i++)
        if (present->boards[i] == threads->board)
            return bound[i];
    return 0; // a board that joined later
}

enum err_code threads_serve(struct threads *threads, uint32_t partition, const struct partition_desc *present,
                            struct err *err)
{
    uint32_t bound[BOARDS_PER_SYSTEM_MAX] = {0};
    err_clear(err);
    address_spaces_free(threads->spaces);
    threads->spaces = NULL;
    threads->partition = partition;
    threads->frames->valid = false;
    threads->bound = 0;
    if (partition == NO_PARTITION)
        return ERR_OK;
    if (pool_spaces_open(threads->machine, partition, present, &threads->spaces, bound, err))
        return err->code;
    threads->bound = bound_frames(threads, present, bound);
    return ERR_OK;
}

// As the machine describes the partition: what has changed since is learned from tables.
static enum err_code serve_described(struct threads *threads, uint32_t partition, struct err *err)
{
    const struct partition_desc *partitions = threads->machine->partitions;
    return threads_serve(threads, partition, partition == NO_PARTITION ? NULL : &partitions[partition], err);
}

static enum err_code begin_pool(struct threads *threads, const struct pool_cpus *cpus, uint32_t pool,
                                sim_time at, struct err *err)
{
    for (uint32_t i = 0; i < threads->machine->pools[pool].n_threads; i++) {
        const struct pool_cpu_place *place = pool_cpu_of(cpus, threads->machine, pool, i);
        struct thread *thread;
        if (place->board != threads->board)
            continue;
        if (thread_new(threads, pool, i, &thread, err))
            return err->code;
        for (uint32_t c = 0; c < threads->n_cpus; c++)
            if (threads->cpu[c].cpu->index == place->index)
                pool_cpu_join(&threads->cpu[c], thread, at);
    }
    return ERR_OK;
}

enum err_code threads_begin(struct threads *threads, uint32_t partition, const struct partition_desc *present,
                            sim_time at, struct err *err)
{
    if (threads_serve(threads, partition, present, err))
        return err->code;
    struct pool_cpus *cpus = pool_cpus_find(threads->machine, present);
    threads->online = true;
    for (uint32_t i = 0; i < threads->machine->n_pools && !err->code; i++)
        if (threads->machine->pools[i].partition == partition)
            begin_pool(threads, cpus, i, at, err);
    free(cpus);
    return err->code;
}

static enum err_code begin(struct threads *threads, struct err *err)
{
    uint32_t partition = threads->machine->boards[threads->board].partition;
    if (partition == NO_PARTITION)
        return threads_serve(threads, NO_PARTITION, NULL, err);
    return threads_begin(threads, partition, &threads->machine->partitions[partition], 0, err);
}

static void find_cpus(struct threads *threads, struct cpu *cpus, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (cpu_takes_threads(threads->machine, threads->board, i))
            pool_cpu_init(&threads->cpu[threads->n_cpus++], threads, &cpus[i]);
    clock_init(&threads->holder.clock, threads->machine->boards[threads->board].params.cpu_hz);
}

enum err_code threads_open(struct threads **threads, const struct machine *machine, uint16_t board,
                           struct cpu *cpus, uint32_t n_cpus, const struct segment_map *map, struct err *err)
{
    *threads = NULL;
    err_clear(err);
    if (!has_pools(machine, board))
        return ERR_OK;
    struct threads *made = calloc(1, sizeof *made);
    NP_ASSERT(made);
    made->machine = machine;
    made->board = board;
    made->map = map;
    made->frames = calloc(1, sizeof *made->frames);
    NP_ASSERT(made->frames);
    find_cpus(made, cpus, n_cpus);
    *threads = made;
    return begin(made, err);
}

static void free_list(struct threads *threads, struct thread_list *list)
{
    for (struct thread *thread = list->first, *next; thread; thread = next) {
        next = thread->next;
        thread_free(threads, thread);
    }
    *list = (struct thread_list){0};
}

void threads_free_all(struct threads *threads)
{
    for (uint32_t i = 0; i < threads->n_cpus; i++) {
        struct pool_cpu *slot = &threads->cpu[i];
        if (slot->current)
            thread_free(threads, slot->current);
        pool_cpu_clear(slot);
        slot->n_ready = 0;
        free_list(threads, &slot->waiting);
        free_list(threads, &slot->ended);
    }
    free_list(threads, &threads->left);
}

void threads_free(struct threads *threads)
{
    if (!threads)
        return;
    threads_free_all(threads);
    address_spaces_free(threads->spaces);
    frame_index_free(threads->frames);
    free(threads);
}

static void list_state(struct threads *threads, struct thread_list *list, struct archive *ar)
{
    uint32_t n = list->n;
    struct thread *thread = list->first;
    ar_count(ar, &n, POOLS_MAX * POOL_THREADS_MAX);
    for (uint32_t i = 0; i < n && !ar_failed(ar); i++) {
        thread_state(threads, &thread, ar);
        if (ar_loading(ar) && thread)
            thread_append(list, thread);
        else if (thread)
            thread = thread->next;
    }
}

static void cpu_threads_state(struct threads *threads, struct pool_cpu *slot, struct archive *ar)
{
    bool busy = slot->current != NULL;
    struct thread *current = slot->current;
    ar_bool(ar, &busy);
    ar_u64(ar, &slot->quantum_end);
    if (current)
        current->rng = slot->cpu->rng;
    if (busy)
        thread_state(threads, &current, ar);
    if (ar_loading(ar) && current)
        pool_cpu_attach(slot, current);
    list_state(threads, &slot->waiting, ar);
    list_state(threads, &slot->ended, ar);
    slot->n_ready = 0;
    for (struct thread *thread = slot->waiting.first; thread; thread = thread->next)
        slot->n_ready += !thread->waits;
}

// Whom the board serves, and its page tables.
void threads_tables(struct threads *threads, struct archive *ar)
{
    uint32_t partition = threads->partition;
    struct err err;
    ar_mark(ar, "POOL");
    ar_u32(ar, &partition);
    if (ar_loading(ar) && !ar_failed(ar) && partition != threads->partition) {
        if (partition >= threads->machine->n_partitions && partition != NO_PARTITION)
            ar_fail(ar, "threads of partition %u", partition);
        else if (serve_described(threads, partition, &err))
            ar_fail(ar, "%s", err.text);
    }
    page_tables_state(threads, ar);
}

void threads_state(struct threads *threads, struct archive *ar)
{
    if (ar_loading(ar))
        threads_free_all(threads);
    threads_tables(threads, ar);
    ar_bool(ar, &threads->online);
    ar_u32(ar, &threads->bound);
    for (uint32_t i = 0; i < threads->n_cpus; i++)
        cpu_threads_state(threads, &threads->cpu[i], ar);
    list_state(threads, &threads->left, ar);
}

void threads_online(struct threads *threads, uint32_t partition, sim_time at)
{
    struct err err;
    (void)at; // who arrives says when
    if (partition != threads->partition && serve_described(threads, partition, &err))
        np_panic("%s: %s", err_id(err.code), err.text);
    threads->online = true;
}

void threads_offline(struct threads *threads, sim_time at)
{
    (void)at; // who is here goes on
    threads->online = false;
}

uint32_t threads_cpus_online(const struct threads *threads)
{
    return threads->online ? threads->n_cpus : 0;
}

uint32_t threads_running(const struct threads *threads)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < threads->n_cpus; i++)
        n += (threads->cpu[i].current != NULL) + threads->cpu[i].waiting.n;
    for (const struct thread *thread = threads->left.first; thread; thread = thread->next)
        n += !thread->ended;
    return n;
}

uint32_t threads_here(const struct threads *threads)
{
    uint32_t n = threads->left.n;
    for (uint32_t i = 0; i < threads->n_cpus; i++)
        n += (threads->cpu[i].current != NULL) + threads->cpu[i].waiting.n + threads->cpu[i].ended.n;
    return n;
}
