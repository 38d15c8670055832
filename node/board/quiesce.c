// SPDX-License-Identifier: Apache-2.0
// Standing still: CPUs that issue nothing until they may go on, and a board cache that gives up all it holds.
#include <string.h>

#include "node/board/internal.h"

// Where the board looks for the CPUs' times stands SIM_NEVER from now on; they themselves go on keeping
// account, elsewhere. So the loop that runs them needs to know nothing of it.
void quiesce_hold(struct board *board)
{
    for (uint32_t i = 0; i < board->n_cpus; i++) {
        board->cpus[i].ready = &board->firmware.held[i];
        board->ready[i] = SIM_NEVER;
        cpu_publish(&board->cpus[i]);
    }
}

void quiesce_begin(struct board *board)
{
    board->firmware.quiesced = true;
    board->firmware.seen = 0;
    quiesce_hold(board);
}

void quiesce_end(struct board *board)
{
    board->firmware.quiesced = false;
    for (uint32_t i = 0; i < board->n_cpus; i++) {
        struct cpu *cpu = &board->cpus[i];
        cpu->ready = &board->ready[i];
        cpu_hold_until(cpu, board->now);
        cpu_publish(cpu);
    }
}

// Events that are no messages: they were planned, or are the firmware's own.
static bool is_planned(uint32_t type)
{
    return type == EV_FAULT || type == EV_INPUT || type == EV_DUTY;
}

static uint32_t queued(const struct event_queue *events)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < EVENT_LANES; i++)
        n += events->lane[i].n;
    for (uint32_t i = 0; i < events->n; i++)
        n += !is_planned(events->heap[i].type);
    return n;
}

uint32_t board_under_way(const struct board *board)
{
    return board->misses + board->evictions + board->n_stalled + queued(&board->events);
}

static bool stores_wait(const struct board *board)
{
    bool wait = false;
    for (uint32_t i = 0; i < board->n_cpus; i++)
        wait |= board->cpus[i].buffer.n != 0;
    return wait;
}

static void look_at_line(void *self, uint64_t offset, const struct home_line *line)
{
    (void)offset;
    *(bool *)self |= dir_state_is_busy(line->dir.state) || line->stalled != NO_REQUEST;
}

// A line whose home still waits for somebody's last word: that is under way between the two. The directory is
// walked again only when something has come in since.
static bool lines_busy(struct board *board)
{
    bool busy = false;
    if (board->firmware.seen == board->delivered_hash + 1)
        return false;
    memory_walk(&board->home.memory, look_at_line, &busy);
    if (!busy)
        board->firmware.seen = board->delivered_hash + 1;
    return busy;
}

bool quiesce_duty(struct board *board, struct task *task)
{
    if (board_under_way(board) || stores_wait(board) || board->unassigning.cleaning || lines_busy(board))
        return false;
    task_end(board, task, 0);
    return true;
}

// One way after another, as evictions come free; at the end once more, for what came in behind.
bool flush_duty(struct board *board, struct task *task)
{
    const struct board_cache *cache = &board->cache;
    for (; task->at < cache->slots; task->at++) {
        uint32_t slot = (uint32_t)task->at;
        if (cache->tag[slot] == 0)
            continue;
        if (!agent_evict(board, slot, false))
            return false;
        task->done++;
    }
    if (board->misses || board->evictions || board->n_stalled)
        return false;
    for (uint32_t slot = 0; slot < cache->slots; slot++)
        if (cache->tag[slot]) {
            task->at = slot;
            return false;
        }
    task_end(board, task, 0);
    return true;
}
