// SPDX-License-Identifier: Apache-2.0
// Throughput of partitions over time, and what happened meanwhile, for results.
#include <stdlib.h>
#include <string.h>

#include "coordinator/partition/agenda_inside.h"
#include "proto/base/assert.h"

// Since last time; a board whose power was cycled counts from 0 again.
static uint64_t since(uint64_t *last, uint64_t now)
{
    uint64_t more = now >= *last ? now - *last : now;
    *last = now;
    return more;
}

void agenda_count(struct agenda *agenda, const struct board_view *view)
{
    uint32_t partition = sc_board(agenda->sc, view->board)->partition;
    uint64_t accesses = since(&agenda->accesses_of[view->board], view->accesses);
    uint64_t work = since(&agenda->work_of[view->board], view->work);
    if (partition == NO_PARTITION)
        return;
    agenda->accesses[partition] += accesses;
    agenda->work[partition] += work;
}

static struct agenda_sample sample_of(const struct agenda *agenda, uint32_t partition, sim_time at)
{
    struct agenda_sample sample = {.at = at,
                                   .accesses = agenda->accesses[partition],
                                   .work = agenda->work[partition],
                                   .members = sc_partition(agenda->sc, partition)->domain.members};
    for (uint16_t b = 0; b < agenda->machine->n_boards; b++) {
        const struct sc_board *board = sc_board(agenda->sc, b);
        if (board->partition != partition || board->assignment != SC_ACTIVE)
            continue;
        sample.boards++;
        sample.cpus += board->offline || board->standby ? 0 : agenda->machine->boards[b].params.cpus;
    }
    return sample;
}

void agenda_note(struct agenda *agenda, sim_time at)
{
    uint32_t n = agenda->machine->n_partitions;
    agenda->next_sample = sim_add(at, agenda->interval);
    if (agenda->n_times == AGENDA_SAMPLES_MAX)
        return;
    agenda->samples = realloc(agenda->samples, (size_t)(agenda->n_times + 1) * n * sizeof *agenda->samples);
    NP_ASSERT(agenda->samples);
    for (uint32_t p = 0; p < n; p++)
        agenda->samples[(size_t)agenda->n_times * n + p] = sample_of(agenda, p, at);
    agenda->n_times++;
}

const struct agenda_sample *agenda_samples(const struct agenda *agenda, uint32_t *n_times)
{
    *n_times = agenda->n_times;
    return agenda->samples;
}

// By time, then operation; of one operation as they came. Groups take turns as the host has it.
static int by_time(const void *a, const void *b)
{
    const struct sc_event *x = a, *y = b;
    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    if (x->operation != y->operation)
        return x->operation < y->operation ? -1 : 1;
    return x->seq < y->seq ? -1 : x->seq > y->seq;
}

const struct sc_event *agenda_events(struct agenda *agenda, uint32_t *n)
{
    *n = agenda->n_events;
    if (agenda->n_events)
        qsort(agenda->events, agenda->n_events, sizeof *agenda->events, by_time);
    return agenda->events;
}
