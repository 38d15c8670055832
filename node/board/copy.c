// SPDX-License-Identifier: Apache-2.0
// Copying permanent memory while the partition is quiesced: a stretch of this board's memory to the same
// place in another board's, which then takes over the real addresses. What was never touched here reads as
// zero: the target first forgets what it had there, and only touched pages travel.
#include "node/board/internal.h"

static void send_stretch(struct board *board, unsigned to, enum packet_kind kind, uint64_t offset,
                         uint64_t size, sim_time at)
{
    struct archive packet;
    packet_begin(&packet, kind);
    ar_u64(&packet, &offset);
    ar_u64(&packet, &size);
    packet_send(board, to, &packet, at);
}

static struct task *copy_in_hand(struct board *board)
{
    struct firmware *firmware = &board->firmware;
    for (uint32_t i = 0; i < firmware->n_tasks; i++)
        if (firmware->tasks[i].order.kind == ORDER_COPY)
            return &firmware->tasks[i];
    return NULL;
}

// Pages that were touched, as long as there is room for them on their way.
static void begin_pages(struct board *board, struct task *task)
{
    const struct order *order = &task->order;
    for (; task->ready && task->at < order->offset + order->size; task->at += PAGE_BYTES)
        if (memory_peek(&board->home.memory, task->at) &&
            !move_page(board, task->at, order->target, task->at))
            break;
    clean_advance(board);
}

bool copy_duty(struct board *board, struct task *task)
{
    const struct order *order = &task->order;
    if (task != copy_in_hand(board))
        return false;
    if (!task->begun) {
        NP_ASSERT(board->firmware.quiesced);
        task->begun = true;
        task->at = order->offset;
        send_stretch(board, order->target, PACKET_CLEAR, order->offset, order->size, board->now);
    }
    begin_pages(board, task);
    if (!task->ready || task->at < order->offset + order->size || board->firmware.mover.n_pages)
        return false;
    task->done = order->size;
    task->status = task->lost ? REPORT_LOST : REPORT_DONE;
    task_end(board, task, 0);
    return true;
}

void copy_page_moved(struct board *board, bool lost)
{
    struct task *task = copy_in_hand(board);
    NP_ASSERT(task);
    task->lost |= lost;
    begin_pages(board, task);
}

void copy_clear(struct board *board, unsigned from, struct archive *packet)
{
    uint64_t offset = 0, size = 0, memory = board->params->memory_bytes;
    ar_u64(packet, &offset);
    ar_u64(packet, &size);
    if (offset % PAGE_BYTES || size % PAGE_BYTES || offset > memory || size > memory - offset)
        ar_fail(packet, "a stretch of 0x%llx bytes", (unsigned long long)size);
    if (ar_failed(packet))
        return;
    sim_time cleared = board->now;
    for (uint64_t page = offset; page < offset + size; page += PAGE_BYTES) {
        if (!memory_peek(&board->home.memory, page))
            continue;
        for (uint32_t i = 0; i < PAGE_BYTES / board->params->line_bytes; i++)
            cleared = sim_max(cleared, home_memory_access(board));
        memory_forget(&board->home.memory, page);
    }
    send_stretch(board, from, PACKET_CLEARED, offset, size, cleared);
}

void copy_cleared(struct board *board, unsigned from, struct archive *packet)
{
    uint64_t offset = 0, size = 0;
    struct task *task = copy_in_hand(board);
    ar_u64(packet, &offset);
    ar_u64(packet, &size);
    if (!task || task->order.target != from || offset != task->order.offset) {
        ar_fail(packet, "a stretch at 0x%llx has been cleared", (unsigned long long)offset);
        return;
    }
    task->ready = true;
    begin_pages(board, task);
}
