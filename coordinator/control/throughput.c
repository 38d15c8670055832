// SPDX-License-Identifier: Apache-2.0
#include "coordinator/control/throughput.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/assert.h"

struct throughput {
    const struct machine *machine;
    struct {
        uint32_t partition;
        uint64_t accesses;
    } last[BOARDS_MAX];       // as last seen; at first as the run begins
    uint64_t *accesses;       // [partition]; owned
    struct api_series series; // time and accesses of each; the last point of a line may be replaced
    uint32_t *left, *stride;  // [partition]: looks until a point stays, and between those; owned
};

struct throughput *throughput_new(const struct machine *machine)
{
    struct throughput *work = calloc(1, sizeof *work);
    NP_ASSERT(work);
    work->machine = machine;
    work->accesses = calloc(machine->n_partitions, sizeof *work->accesses);
    work->left = calloc(machine->n_partitions, sizeof *work->left);
    work->stride = calloc(machine->n_partitions, sizeof *work->stride);
    NP_ASSERT(work->accesses && work->left && work->stride);
    api_series_init(&work->series, machine->n_partitions);
    for (uint32_t p = 0; p < machine->n_partitions; p++) {
        work->stride[p] = 1;
        work->series.lines[p].n_points = 1; // time 0, nothing done
    }
    for (uint32_t b = 0; b < machine->n_boards; b++)
        work->last[b].partition = machine->boards[b].partition;
    return work;
}

void throughput_free(struct throughput *work)
{
    if (!work)
        return;
    api_series_free(&work->series);
    free(work->accesses);
    free(work->left);
    free(work->stride);
    free(work);
}

void throughput_view(struct throughput *work, const struct board_view *view)
{
    uint32_t partition = work->last[view->board].partition;
    uint64_t before = work->last[view->board].accesses;
    if (partition < work->machine->n_partitions && view->accesses > before)
        work->accesses[partition] += view->accesses - before;
    work->last[view->board].partition = view->partition;
    work->last[view->board].accesses = view->accesses;
}

// Every other point goes, but the first and the last.
static void thin(struct api_line *line)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < line->n_points; i++)
        if (i % 2 == 0 || i + 1 == line->n_points) {
            line->time_ps[kept] = line->time_ps[i];
            line->accesses[kept++] = line->accesses[i];
        }
    line->n_points = kept;
}

void throughput_point(struct throughput *work, uint32_t partition, sim_time at)
{
    struct api_line *line = &work->series.lines[partition];
    if (at <= line->time_ps[line->n_points - 1])
        return;
    if (work->left[partition] > 0) // the last one does not stay
        line->n_points--;
    else
        work->left[partition] = work->stride[partition];
    if (line->n_points == API_LINE_POINTS_MAX) {
        thin(line);
        work->stride[partition] *= 2;
    }
    line->time_ps[line->n_points] = at;
    line->accesses[line->n_points++] = work->accesses[partition];
    work->left[partition]--;
}

uint64_t throughput_accesses(const struct throughput *work, uint32_t partition)
{
    return work->accesses[partition];
}

void throughput_series(const struct throughput *work, struct api_series *series)
{
    api_series_init(series, work->series.n_partitions);
    memcpy(series->lines, work->series.lines, series->n_partitions * sizeof *series->lines);
}
