// SPDX-License-Identifier: Apache-2.0
// Drains: pages in frames of this board's memory move to free frames of other boards. Batch after batch is
// taken out of all boards' page tables, moved, and put back in with its new addresses. Drains are worked on
// one after another; each answers when all boards know of its last page.
#include <string.h>

#include "node/board/internal.h"

static uint64_t frames_offset(const struct board *board)
{
    return board->machine->partitions[board->domain.partition].frames_offset;
}

// The next frame that the targets have; false: they are used up.
static bool next_target(const struct board *board, struct task *task, struct batch_page *page)
{
    while (task->share < task->order.n_shares && task->used == task->order.shares[task->share].number) {
        task->share++;
        task->used = 0;
    }
    if (task->share == task->order.n_shares)
        return false;
    const struct order_share *share = &task->order.shares[task->share];
    page->target = share->board;
    page->to = frames_offset(board) + (uint64_t)(share->first + task->used++) * PAGE_BYTES;
    return true;
}

// The next page to move and where it goes; false: there is none, or no place for it.
static bool next_page(struct board *board, struct task *task, struct batch_page *page)
{
    uint32_t frame = (uint32_t)task->at;
    if (task->taken == task->order.number || task->status == REPORT_NO_FRAMES || !board->threads ||
        !threads_next_frame(board->threads, &frame, &page->page))
        return false;
    if (!next_target(board, task, page)) {
        task->status = REPORT_NO_FRAMES;
        return false;
    }
    page->from = frames_offset(board) + (uint64_t)frame * PAGE_BYTES;
    task->at = frame + 1;
    task->taken++;
    return true;
}

// One packet to every board of the partition, this one included.
static void tell_all(struct board *board, struct drain_batch *batch, enum packet_kind kind)
{
    uint8_t index = (uint8_t)(batch - board->firmware.batches);
    batch->awaited = 0;
    for (uint64_t rest = board->domain.members; rest; rest &= rest - 1, batch->awaited++) {
        struct archive packet;
        packet_begin(&packet, kind);
        ar_u8(&packet, &index);
        ar_u32(&packet, &batch->n);
        for (uint32_t i = 0; i < batch->n; i++) {
            struct batch_page *page = &batch->pages[i];
            uint64_t real = 0;
            ar_u32(&packet, &page->page.space);
            ar_u32(&packet, &page->page.number);
            if (kind != PACKET_MAP)
                continue;
            bool mapped =
                segment_map_real(&board->home.decode, (struct location){page->target, page->to}, &real);
            NP_ASSERT(mapped); // frames that the system controller names have real addresses
            ar_u64(&packet, &real);
        }
        packet_send(board, board->system->first_board + (unsigned)__builtin_ctzll(rest), &packet, board->now);
    }
}

static void begin_batches(struct board *board, struct task *task)
{
    for (struct drain_batch *batch = board->firmware.batches; batch < board->firmware.batches + BATCHES_MAX;
         batch++) {
        if (batch->phase != BATCH_FREE)
            continue;
        batch->n = 0;
        while (batch->n < BATCH_PAGES && next_page(board, task, &batch->pages[batch->n]))
            batch->n++;
        if (batch->n == 0)
            return;
        batch->phase = BATCH_UNMAP;
        tell_all(board, batch, PACKET_UNMAP);
    }
}

static bool all_free(const struct board *board)
{
    bool all = true;
    for (uint32_t i = 0; i < BATCHES_MAX; i++)
        all &= board->firmware.batches[i].phase == BATCH_FREE;
    return all;
}

// The drain in hand is the oldest.
static struct task *drain_in_hand(struct board *board)
{
    struct firmware *firmware = &board->firmware;
    for (uint32_t i = 0; i < firmware->n_tasks; i++)
        if (firmware->tasks[i].order.kind == ORDER_DRAIN)
            return &firmware->tasks[i];
    return NULL;
}

bool drain_duty(struct board *board, struct task *task)
{
    if (task != drain_in_hand(board))
        return false;
    begin_batches(board, task);
    if (!all_free(board))
        return false;
    if (task->lost)
        task->status = REPORT_LOST;
    task_end(board, task, board->threads ? threads_frames_used(board->threads) : 0);
    return true;
}

// The batch that an answer belongs to; NULL: there is none in that phase.
static struct drain_batch *batch_of(struct board *board, struct archive *packet, enum batch_phase phase)
{
    uint8_t index = 0;
    ar_u8(packet, &index);
    if (index < BATCHES_MAX && board->firmware.batches[index].phase == phase)
        return &board->firmware.batches[index];
    ar_fail(packet, "an answer about batch %u", index);
    return NULL;
}

void drain_unmapped(struct board *board, unsigned from, struct archive *packet)
{
    (void)from; // each board answers once
    struct drain_batch *batch = batch_of(board, packet, BATCH_UNMAP);
    if (!batch || --batch->awaited)
        return;
    batch->phase = BATCH_MOVE;
    batch->awaited = batch->n;
    for (uint32_t i = 0; i < batch->n; i++) {
        const struct batch_page *page = &batch->pages[i];
        struct moving_page *moving = move_page(board, page->from, page->target, page->to);
        NP_ASSERT(moving); // there is room for all batches
        moving->of_drain = true;
        moving->batch = (uint8_t)(batch - board->firmware.batches);
    }
    clean_advance(board);
}

void drain_page_moved(struct board *board, const struct moving_page *page, bool lost)
{
    struct drain_batch *batch = &board->firmware.batches[page->batch];
    struct task *task = drain_in_hand(board);
    NP_ASSERT(task && batch->phase == BATCH_MOVE);
    task->lost |= lost;
    if (--batch->awaited)
        return;
    batch->phase = BATCH_MAP;
    tell_all(board, batch, PACKET_MAP);
}

void drain_mapped(struct board *board, unsigned from, struct archive *packet)
{
    (void)from; // each board answers once
    struct drain_batch *batch = batch_of(board, packet, BATCH_MAP);
    if (!batch || --batch->awaited)
        return;
    struct task *task = drain_in_hand(board);
    NP_ASSERT(task);
    task->done += batch->n;
    batch->phase = BATCH_FREE;
    begin_batches(board, task);
}
