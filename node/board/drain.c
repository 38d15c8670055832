// SPDX-License-Identifier: Apache-2.0
// Drains: pages in frames of this board's memory move to free frames of other boards. Batch after batch is
// taken out of all boards' page tables, moved, and put back in with its new addresses. Drains are worked on
// one after another: the next one begins beside the last pages of the one before, so that the port never
// waits between two. Each answers, in its turn, when all boards know of its last page.
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
    uint32_t frame = board->firmware.drain_frame;
    if (task->taken == task->order.number || task->status == REPORT_NO_FRAMES || !board->threads ||
        !threads_next_frame(board->threads, &frame, &page->page))
        return false;
    if (!next_target(board, task, page)) {
        task->status = REPORT_NO_FRAMES;
        return false;
    }
    page->from = frames_offset(board) + (uint64_t)frame * PAGE_BYTES;
    board->firmware.drain_frame = frame + 1;
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

// Pages of the oldest drain that has some to move; false: there is none.
static bool fill(struct board *board, struct drain_batch *batch)
{
    struct firmware *firmware = &board->firmware;
    batch->n = 0;
    for (uint32_t i = 0; i < firmware->n_tasks && batch->n == 0; i++) {
        struct task *task = &firmware->tasks[i];
        if (task->order.kind != ORDER_DRAIN)
            continue;
        batch->drain = task->serial;
        while (batch->n < BATCH_PAGES && next_page(board, task, &batch->pages[batch->n]))
            batch->n++;
    }
    return batch->n > 0;
}

// Batches of the task, or any.
static bool has_batches(const struct board *board, const struct task *task)
{
    bool has = false;
    for (uint32_t i = 0; i < BATCHES_MAX; i++) {
        const struct drain_batch *batch = &board->firmware.batches[i];
        has |= batch->phase != BATCH_FREE && (!task || batch->drain == task->serial);
    }
    return has;
}

// Pages leave in the order of their frames. When none is under way, those that have left are gone from the
// index of frames, and it is read from its beginning again.
static void begin_batches(struct board *board)
{
    struct drain_batch *batches = board->firmware.batches;
    if (!has_batches(board, NULL))
        board->firmware.drain_frame = 0;
    for (uint32_t i = 0; i < BATCHES_MAX; i++) {
        if (batches[i].phase != BATCH_FREE)
            continue;
        if (!fill(board, &batches[i]))
            return;
        batches[i].phase = BATCH_UNMAP;
        tell_all(board, &batches[i], PACKET_UNMAP);
    }
}

static bool is_oldest(const struct board *board, const struct task *task)
{
    bool oldest = true;
    for (const struct task *before = board->firmware.tasks; before < task; before++)
        oldest &= before->order.kind != ORDER_DRAIN;
    return oldest;
}

bool drain_duty(struct board *board, struct task *task)
{
    begin_batches(board);
    if (!is_oldest(board, task) || has_batches(board, task))
        return false;
    if (task->lost)
        task->status = REPORT_LOST;
    task_end(board, task, board->threads ? threads_frames_used(board->threads) : 0);
    return true;
}

static struct task *drain_of(struct board *board, const struct drain_batch *batch)
{
    struct firmware *firmware = &board->firmware;
    for (uint32_t i = 0; i < firmware->n_tasks; i++)
        if (firmware->tasks[i].serial == batch->drain)
            return &firmware->tasks[i];
    np_panic("NP0101: board %u moves pages that no order asks for", board->number);
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
    NP_ASSERT(batch->phase == BATCH_MOVE);
    drain_of(board, batch)->lost |= lost;
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
    drain_of(board, batch)->done += batch->n;
    batch->phase = BATCH_FREE;
    begin_batches(board);
}
