// SPDX-License-Identifier: Apache-2.0
#include "node/cpu/threads.h"

#include "proto/base/assert.h"

struct threads {
    const struct machine *machine;
};

// Whether any partition of the board's system has a pool.
static bool has_pools(const struct machine *machine, uint16_t board)
{
    for (uint32_t i = 0; i < machine->n_pools; i++)
        if (machine->partitions[machine->pools[i].partition].system == machine->boards[board].system)
            return true;
    return false;
}

enum err_code threads_open(struct threads **threads, const struct machine *machine, uint16_t board,
                           struct cpu *cpus, uint32_t n_cpus, const struct segment_map *map, struct err *err)
{
    (void)cpus, (void)n_cpus, (void)map;
    *threads = NULL;
    if (!has_pools(machine, board))
        return ERR_OK;
    return err_set(err, ERR_IMPOSSIBLE_MACHINE, "pools of threads do not run yet");
}

void threads_free(struct threads *threads)
{
    NP_ASSERT(!threads);
}

void threads_state(struct threads *threads, struct archive *ar)
{
    (void)threads, (void)ar;
    np_panic("a machine without pools");
}

void threads_tables(struct threads *threads, struct archive *ar)
{
    (void)threads, (void)ar;
    np_panic("a machine without pools");
}

void threads_online(struct threads *threads, uint32_t partition, sim_time at)
{
    (void)threads, (void)partition, (void)at;
    np_panic("a machine without pools");
}

void threads_offline(struct threads *threads, sim_time at)
{
    (void)threads, (void)at;
    np_panic("a machine without pools");
}

uint32_t threads_cpus_online(const struct threads *threads)
{
    (void)threads;
    np_panic("a machine without pools");
}

uint32_t threads_here(const struct threads *threads)
{
    (void)threads;
    np_panic("a machine without pools");
}

uint32_t threads_running(const struct threads *threads)
{
    (void)threads;
    np_panic("a machine without pools");
}

void threads_dismiss(struct threads *threads, uint32_t n, sim_time at)
{
    (void)threads, (void)n, (void)at;
    np_panic("a machine without pools");
}

bool threads_depart(struct threads *threads, uint8_t **bytes, uint32_t *size, sim_time *at)
{
    (void)threads, (void)bytes, (void)size, (void)at;
    np_panic("a machine without pools");
}

bool threads_waiting(const struct threads *threads)
{
    (void)threads;
    np_panic("a machine without pools");
}

void threads_arrive(struct threads *threads, const uint8_t *bytes, uint32_t size, sim_time at)
{
    (void)threads, (void)bytes, (void)size, (void)at;
    np_panic("a machine without pools");
}

uint32_t threads_frames_used(const struct threads *threads)
{
    (void)threads;
    np_panic("a machine without pools");
}

bool threads_next_frame(const struct threads *threads, uint32_t *frame, struct virtual_page *page)
{
    (void)threads, (void)frame, (void)page;
    np_panic("a machine without pools");
}

void threads_unmap(struct threads *threads, struct virtual_page page, sim_time at)
{
    (void)threads, (void)page, (void)at;
    np_panic("a machine without pools");
}

bool threads_quiet(const struct threads *threads, struct virtual_page page)
{
    (void)threads, (void)page;
    np_panic("a machine without pools");
}

void threads_map(struct threads *threads, struct virtual_page page, uint64_t real, sim_time at)
{
    (void)threads, (void)page, (void)real, (void)at;
    np_panic("a machine without pools");
}
