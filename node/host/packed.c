// SPDX-License-Identifier: Apache-2.0
#include "node/host/packed.h"
#include "fabric/link/host_time.h"

#include <stdatomic.h>
#include <string.h>

#include "fabric/link/exchange_mem.h"
#include "node/host/reporter.h"
#include "node/host/texts.h"
#include "proto/base/assert.h"
#include "proto/base/digest.h"

// Runs on the member's thread. What it is given was made by this process: a wrong address is our own mistake.
static void run_member(void *self, uint32_t group, uint32_t member, struct grant *grant, struct batch *batch)
{
    struct packed *packed = self;
    struct share *share = crew_share(&packed->crew, group, member);
    uint64_t start = host_now_ns();
    struct err err;
    enum err_code code = share_begin(share, grant, &err);
    NP_ASSERT(code == ERR_OK);
    while (!share_advance(share, grant->until, UINT64_MAX))
        ;
    share_finish(share, grant, batch);
    uint64_t spent = host_now_ns() - start;
    atomic_fetch_add_explicit(&packed->simulating_ns, spent, memory_order_relaxed);
    if (packed->reporter)
        reporter_grant(packed->reporter, share, group, member, grant->until, spent);
    if (packed->texts)
        texts_grant(packed->texts, share, grant->until);
}

// Boards of each partition in turn, so that every thread has a like part of every partition.
static void spread(struct packed *packed, const struct machine *machine, uint32_t threads)
{
    NP_ASSERT(threads > 0);
    for (uint32_t p = 0; p < machine->n_partitions; p++) {
        uint32_t n = machine->partitions[p].n_boards;
        for (uint32_t i = 0; i < n; i++)
            packed->worker_of_board[machine->partitions[p].boards[i]] =
                n < threads ? (i + p) % threads : i * threads / n;
    }
    for (uint32_t b = 0; b < machine->n_boards; b++)
        if (machine->boards[b].partition == NO_PARTITION)
            packed->worker_of_board[b] = b % threads;
}

enum err_code packed_open(struct packed *packed, const struct machine *machine,
                          const struct packed_options *options, struct err *err)
{
    memset(packed, 0, sizeof *packed);
    spread(packed, machine, options->threads);
    uint32_t group_of_board[BOARDS_MAX];
    groups_of_partitions(machine, group_of_board);
    groups_init(&packed->groups, machine, options->group_of_board ? options->group_of_board : group_of_board,
                packed->worker_of_board);
    if (crew_open(&packed->crew, machine, &packed->groups, packed->worker_of_board, 0, options->threads,
                  &options->board, err)) {
        groups_free(&packed->groups);
        return err->code;
    }
    packed->exchange =
        exchange_mem_open(&packed->groups, options->threads, run_member, packed, &packed->stats);
    packed->conductor = conductor_new(machine, &packed->groups, packed->exchange, &options->conductor);
    return ERR_OK;
}

void packed_close(struct packed *packed)
{
    conductor_free(packed->conductor);
    packed->exchange->ops->close(packed->exchange);
    crew_close(&packed->crew);
    groups_free(&packed->groups);
}

enum err_code packed_run(struct packed *packed, const struct conductor_stop *stop, enum pause_reason *reason,
                         struct err *err)
{
    return conductor_run(packed->conductor, stop, reason, err);
}

enum err_code packed_regroup(struct packed *packed, const uint32_t *group_of_board, sim_time at,
                             struct err *err)
{
    const struct machine *machine = packed->crew.machine;
    const char *reason = groups_invalid(machine, group_of_board);
    if (reason)
        return err_set(err, ERR_DAMAGED_MESSAGE, "%s", reason);
    bool changed[PARTITIONS_MAX];
    groups_change(&packed->groups, machine, group_of_board, packed->worker_of_board);
    if (conductor_regroup(packed->conductor, at, err))
        return err->code;
    crew_regroup(&packed->crew, at, changed);
    if (packed->reporter)
        reporter_regroup(packed->reporter, packed->groups.n, changed, at);
    return ERR_OK;
}

void packed_count_time(struct packed *packed)
{
    packed->stats.simulating_ns = atomic_load(&packed->simulating_ns);
}

void packed_state(struct packed *packed, struct archive *ar)
{
    for (unsigned b = 0; b < packed->crew.machine->n_boards; b++)
        if (packed->crew.boards[b])
            board_state(packed->crew.boards[b], ar);
    for (uint32_t g = 0; g < packed->groups.n; g++)
        if (packed->groups.group[g].n_members)
            conductor_state(packed->conductor, g, ar);
}

static struct digest board_digest(struct board *board)
{
    struct archive ar;
    ar_init_hash(&ar);
    board_state(board, &ar);
    struct digest digest = ar_digest(&ar);
    ar_free(&ar);
    return digest;
}

// As in a run: of the partitions, then of the boards that were described in none.
static struct digest digest_of_all(struct packed *packed, const struct digest *of_partition)
{
    const struct machine *machine = packed->crew.machine;
    struct digest all[PARTITIONS_MAX + BOARDS_MAX];
    uint32_t n = machine->n_partitions;
    memcpy(all, of_partition, n * sizeof all[0]);
    for (uint32_t b = 0; b < machine->n_boards; b++)
        if (machine->boards[b].partition == NO_PARTITION && packed->crew.boards[b])
            all[n++] = board_digest(packed->crew.boards[b]);
    return digest_combine(all, n);
}

struct digest packed_digest(struct packed *packed, struct digest *partitions)
{
    const struct machine *machine = packed->crew.machine;
    struct digest of_partition[PARTITIONS_MAX] = {0};
    for (uint32_t p = 0; p < machine->n_partitions; p++) {
        struct digest of_board[BOARDS_PER_SYSTEM_MAX];
        const struct partition_desc *partition = &machine->partitions[p];
        for (uint32_t i = 0; i < partition->n_boards; i++)
            of_board[i] = board_digest(packed->crew.boards[partition->boards[i]]);
        of_partition[p] = digest_combine(of_board, partition->n_boards);
    }
    if (partitions)
        memcpy(partitions, of_partition, machine->n_partitions * sizeof of_partition[0]);
    return digest_of_all(packed, of_partition);
}
