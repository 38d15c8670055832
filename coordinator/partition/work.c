// SPDX-License-Identifier: Apache-2.0
// Where threads go: so that every CPU that takes threads has as many as any other, or one less.
#include <stdlib.h>

#include "coordinator/partition/controller.h"
#include "proto/base/assert.h"

struct worker {
    uint16_t board;
    uint32_t cpus, threads;
};

// Boards of the partition with CPUs that take threads. Returns how many.
static uint32_t workers_of(struct sc *sc, uint32_t partition, uint16_t leaving,
                           struct worker workers[BOARDS_PER_SYSTEM_MAX])
{
    uint32_t n = 0;
    for (uint16_t b = 0; b < sc->machine->n_boards; b++) {
        struct board_view view;
        if (b == leaving || !sc_member(sc, partition, b) || sc->boards[b].offline)
            continue;
        sc->io.view(sc->io.self, b, &view);
        if (view.cpus_online)
            workers[n++] = (struct worker){b, view.cpus_online, view.threads_running};
    }
    return n;
}

// Whether a has fewer threads per CPU than b once each has one more.
static bool less_busy(const struct worker *a, const struct worker *b)
{
    return (uint64_t)(a->threads + 1) * b->cpus < (uint64_t)(b->threads + 1) * a->cpus;
}

struct order_share *work_leaving(struct sc *sc, uint32_t partition, uint16_t leaving, uint32_t *n)
{
    struct worker workers[BOARDS_PER_SYSTEM_MAX];
    struct board_view view;
    sc->io.view(sc->io.self, leaving, &view);
    uint32_t count = workers_of(sc, partition, leaving, workers);
    struct order_share *shares = calloc(BOARDS_PER_SYSTEM_MAX, sizeof *shares);
    NP_ASSERT(shares && (count || view.threads == 0));
    for (uint32_t i = 0; i < count; i++)
        shares[i].board = workers[i].board;
    for (uint32_t t = 0; t < view.threads; t++) {
        uint32_t best = 0;
        for (uint32_t i = 1; i < count; i++)
            if (less_busy(&workers[i], &workers[best]))
                best = i;
        workers[best].threads++;
        shares[best].number++;
    }
    *n = 0;
    for (uint32_t i = 0; i < count; i++)
        if (shares[i].number)
            shares[(*n)++] = shares[i];
    return shares;
}

// Threads that the i-th of them should have: its CPUs' part of all, what is left over to the first.
static uint32_t quota(const struct worker *workers, uint32_t n, uint32_t i)
{
    uint64_t cpus = 0, threads = 0, given = 0;
    for (uint32_t k = 0; k < n; k++) {
        cpus += workers[k].cpus;
        threads += workers[k].threads;
    }
    if (cpus == 0)
        return 0;
    for (uint32_t k = 0; k < n; k++)
        given += threads * workers[k].cpus / cpus;
    uint64_t left = threads - given; // less than n
    return (uint32_t)(threads * workers[i].cpus / cpus + (i < left));
}

uint32_t work_for(struct sc *sc, uint32_t partition, uint16_t joining, uint16_t giver)
{
    struct worker workers[BOARDS_PER_SYSTEM_MAX];
    uint32_t n = workers_of(sc, partition, NO_BOARD, workers), need = 0;
    for (uint32_t i = 0; i < n; i++)
        if (workers[i].board == joining && quota(workers, n, i) > workers[i].threads)
            need = quota(workers, n, i) - workers[i].threads;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t keep = quota(workers, n, i), give = 0;
        if (workers[i].board != joining && workers[i].threads > keep)
            give = workers[i].threads - keep < need ? workers[i].threads - keep : need;
        if (workers[i].board == giver)
            return give;
        need -= give;
    }
    return 0;
}
