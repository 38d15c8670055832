// SPDX-License-Identifier: Apache-2.0
// How a board stands at a cut.
#include <string.h>

#include "node/board/internal.h"

static bool is_bound(const struct cpu *cpu)
{
    return cpu->ops && !cpu->pool && !cpu->done;
}

struct elsewhere {
    uint64_t own; // bit of this board in its system
    uint64_t lines;
};

// A line without an entry may be held by anybody.
static void count_line(void *self, uint64_t offset, const struct home_line *line)
{
    (void)offset;
    struct elsewhere *elsewhere = self;
    const struct dir_line *dir = &line->dir;
    uint64_t named = dir->sharers.bits | (dir->owner == NO_OWNER ? 0 : UINT64_C(1) << dir->owner);
    bool unknown = dir->state != D_I && named == 0;
    elsewhere->lines += unknown || (named & ~elsewhere->own) != 0;
}

static uint64_t cached_elsewhere(const struct board *board)
{
    struct elsewhere elsewhere = {UINT64_C(1) << (board->number - board->system->first_board), 0};
    memory_walk(&board->home.memory, count_line, &elsewhere);
    return elsewhere.lines;
}

static void view_cpus(const struct board *board, struct board_view *view)
{
    view->cpus = board->n_cpus;
    for (uint32_t i = 0; i < board->n_cpus; i++) {
        const struct cpu *cpu = &board->cpus[i];
        view->bound += is_bound(cpu) && !board->firmware.testing;
        view->accesses += cpu->results.accesses;
        view->hits += cpu->results.hits;
        view->work += cpu->results.work;
    }
}

static void view_threads(const struct board *board, struct board_view *view)
{
    if (!board->threads)
        return;
    view->cpus_online = threads_cpus_online(board->threads);
    view->threads = threads_here(board->threads);
    view->threads_running = threads_running(board->threads);
    if (view->partition != NO_PARTITION)
        view->frames_used = threads_frames_used(board->threads);
}

static void view_frames(const struct board *board, struct board_view *view)
{
    if (view->partition == NO_PARTITION)
        return;
    uint64_t from = board->machine->partitions[view->partition].frames_offset;
    uint64_t memory = board->params->memory_bytes;
    view->frames = from < memory ? (memory - from) / PAGE_BYTES : 0;
}

static void view_traffic(const struct board *board, struct board_view *view)
{
    const uint64_t *counters = board->counters;
    view->egress_busy_ps = counters[CNT_EGRESS_BUSY_PS];
    view->ingress_busy_ps = counters[CNT_INGRESS_BUSY_PS];
    view->home_busy_ps = counters[CNT_HOME_BUSY_PS];
    view->memory_busy_ps = counters[CNT_MEMORY_BUSY_PS];
    view->bus_busy_ps = counters[CNT_BUS_BUSY_PS];
    for (uint32_t i = 0; i < board->system->boards; i++)
        view->sent_bytes[i] = board->port.sent[i].bytes;
}

static void view_lines(const struct board *board, struct board_view *view)
{
    view->lines_cached = 0;
    for (uint32_t slot = 0; slot < board->cache.slots; slot++)
        view->lines_cached += board->cache.tag[slot] != 0;
    view->cached_elsewhere = cached_elsewhere(board);
}

void board_view(const struct board *board, bool lines, struct board_view *view)
{
    *view = (struct board_view){.board = board->number,
                                .partition = board->domain.partition,
                                .lines_cached = LINES_NOT_COUNTED,
                                .cached_elsewhere = LINES_NOT_COUNTED};
    view->powered = board->firmware.powered;
    view->quiesced = board->firmware.quiesced;
    view_cpus(board, view);
    view_threads(board, view);
    view_frames(board, view);
    guest_view(board, view);
    if (lines)
        view_lines(board, view);
    view->typed_waiting = board->service.typed;
    view->under_way = board_under_way(board);
    view_traffic(board, view);
}

void board_tables(struct board *board, struct archive *ar)
{
    if (board->threads)
        threads_tables(board->threads, ar);
}
