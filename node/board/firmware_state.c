// SPDX-License-Identifier: Apache-2.0
// The state of a board's firmware. The digest covers it once the board has had an order: boards whose
// partition never changes keep the digests that they would have without all this.
#include <stdlib.h>
#include <string.h>

#include "node/board/internal.h"

#define STATE_ITEMS_MAX 65536u // orders or reports: far above what a controller has under way

static void share_state(struct archive *ar, struct order_share *share)
{
    ar_u16(ar, &share->board);
    ar_u32(ar, &share->first);
    ar_u32(ar, &share->number);
}

static void order_lists_state(struct archive *ar, struct order *order)
{
    ar_count(ar, &order->n_shares, ORDER_SHARES_MAX);
    if (ar_loading(ar) && order->n_shares)
        order->shares = calloc(order->n_shares, sizeof *order->shares);
    NP_ASSERT(order->shares || !order->n_shares);
    for (uint32_t i = 0; i < order->n_shares; i++)
        share_state(ar, &order->shares[i]);
}

// Of an order under way; domain and bytes belong to orders that are done at once.
static void order_state(struct archive *ar, struct order *order)
{
    uint32_t kind = order->kind;
    ar_u64(ar, &order->id);
    ar_count(ar, &kind, ORDER_KIND_COUNT - 1);
    order->kind = (enum order_kind)kind;
    ar_u64(ar, &order->at);
    ar_u64(ar, &order->number);
    ar_u64(ar, &order->offset);
    ar_u64(ar, &order->size);
    ar_u16(ar, &order->target);
    order_lists_state(ar, order);
}

static void task_state(struct archive *ar, struct task *task)
{
    uint32_t status = task->status;
    order_state(ar, &task->order);
    ar_u64(ar, &task->serial);
    ar_u64(ar, &task->done);
    ar_u64(ar, &task->taken);
    ar_u64(ar, &task->at);
    ar_count(ar, &task->share, task->order.n_shares);
    ar_u32(ar, &task->used);
    ar_bool(ar, &task->begun);
    ar_bool(ar, &task->ready);
    ar_bool(ar, &task->lost);
    ar_count(ar, &status, REPORT_STATUS_COUNT - 1);
    task->status = (enum report_status)status;
}

static void report_state(struct archive *ar, struct report *report)
{
    uint32_t kind = report->kind, status = report->status;
    ar_u64(ar, &report->id);
    ar_u16(ar, &report->board);
    ar_count(ar, &kind, ORDER_KIND_COUNT - 1);
    ar_count(ar, &status, REPORT_STATUS_COUNT - 1);
    report->kind = (enum order_kind)kind;
    report->status = (enum report_status)status;
    ar_u64(ar, &report->at);
    ar_u64(ar, &report->done);
    ar_u64(ar, &report->remaining);
}

static void tasks_state(struct firmware *firmware, struct archive *ar)
{
    ar_count(ar, &firmware->n_tasks, STATE_ITEMS_MAX);
    if (ar_loading(ar)) {
        firmware->tasks_capacity = firmware->n_tasks;
        firmware->tasks = calloc(firmware->n_tasks + 1, sizeof *firmware->tasks);
        NP_ASSERT(firmware->tasks);
    }
    for (uint32_t i = 0; i < firmware->n_tasks; i++)
        task_state(ar, &firmware->tasks[i]);
}

static void reports_state(struct report_list *reports, struct archive *ar)
{
    ar_count(ar, &reports->n, STATE_ITEMS_MAX);
    if (ar_loading(ar)) {
        reports->capacity = reports->n;
        reports->items = calloc(reports->n + 1, sizeof *reports->items);
        NP_ASSERT(reports->items);
    }
    for (uint32_t i = 0; i < reports->n; i++)
        report_state(ar, &reports->items[i]);
}

static void moving_page_state(struct board *board, struct moving_page *page, struct archive *ar)
{
    uint32_t lines = PAGE_BYTES / board->params->line_bytes;
    ar_bool(ar, &page->used);
    if (!page->used)
        return;
    ar_u64(ar, &page->number);
    ar_u64(ar, &page->offset);
    ar_u16(ar, &page->target);
    ar_u64(ar, &page->target_offset);
    ar_bool(ar, &page->of_drain);
    ar_bool(ar, &page->to_nowhere);
    ar_u8(ar, &page->batch);
    ar_count(ar, &page->begun, lines);
    ar_count(ar, &page->home, page->begun);
    ar_u64(ar, &page->read_at);
    ar_bytes(ar, page->lost, sizeof page->lost);
    if (page->offset % PAGE_BYTES || page->offset >= board->params->memory_bytes ||
        page->batch >= BATCHES_MAX)
        ar_fail(ar, "a moving page at 0x%llx", (unsigned long long)page->offset);
}

static void cleaning_state(struct mover *mover, struct cleaning *line, struct archive *ar)
{
    ar_u8(ar, &line->stage);
    if (line->stage == CLEANING_NONE)
        return;
    ar_u8(ar, &line->page);
    ar_u16(ar, &line->line);
    if (line->stage > CLEANING_PUT || line->page >= MOVING_PAGES_MAX || !mover->pages[line->page].used ||
        line->line >= mover->pages[line->page].begun)
        ar_fail(ar, "line %u of a moving page", line->line);
    mover->n_lines++;
    mover->looks += line->stage == CLEANING_LOOK;
}

static void mover_state(struct board *board, struct archive *ar)
{
    struct mover *mover = &board->firmware.mover;
    ar_u64(ar, &mover->next_number);
    mover->n_pages = mover->n_lines = mover->looks = 0;
    for (uint32_t i = 0; i < MOVING_PAGES_MAX; i++) {
        moving_page_state(board, &mover->pages[i], ar);
        mover->n_pages += mover->pages[i].used;
    }
    for (uint32_t i = 0; i < CLEANING_MAX; i++)
        cleaning_state(mover, &mover->lines[i], ar);
}

static void virtual_page_state(struct archive *ar, struct virtual_page *page)
{
    ar_u32(ar, &page->space);
    ar_u32(ar, &page->number);
}

static void batch_state(struct drain_batch *batch, struct archive *ar)
{
    ar_u8(ar, &batch->phase);
    if (batch->phase >= BATCH_PHASE_COUNT)
        ar_fail(ar, "a batch in phase %u", batch->phase);
    if (batch->phase == BATCH_FREE || ar_failed(ar))
        return;
    ar_u64(ar, &batch->drain);
    ar_count(ar, &batch->n, BATCH_PAGES);
    ar_u32(ar, &batch->awaited);
    for (uint32_t i = 0; i < batch->n; i++) {
        struct batch_page *page = &batch->pages[i];
        virtual_page_state(ar, &page->page);
        ar_u64(ar, &page->from);
        ar_u16(ar, &page->target);
        ar_u64(ar, &page->to);
    }
}

static void unmappings_state(struct unmapping_list *list, struct archive *ar)
{
    ar_count(ar, &list->n, STATE_ITEMS_MAX);
    if (ar_loading(ar)) {
        list->capacity = list->n;
        list->items = calloc(list->n + 1, sizeof *list->items);
        NP_ASSERT(list->items);
    }
    for (uint32_t i = 0; i < list->n; i++) {
        struct unmapping *unmapping = &list->items[i];
        ar_u16(ar, &unmapping->from);
        ar_u8(ar, &unmapping->batch);
        ar_count(ar, &unmapping->n, BATCH_PAGES);
        for (uint32_t j = 0; j < unmapping->n; j++)
            virtual_page_state(ar, &unmapping->pages[j]);
    }
}

static void quiesced_state(struct board *board, struct archive *ar)
{
    struct firmware *firmware = &board->firmware;
    ar_bool(ar, &firmware->quiesced);
    ar_u64(ar, &firmware->seen);
    if (ar_loading(ar) && firmware->quiesced)
        quiesce_hold(board);
}

void firmware_state(struct board *board, struct archive *ar)
{
    struct firmware *firmware = &board->firmware;
    if (ar->mode == AR_HASH && !firmware->touched)
        return;
    if (ar_loading(ar))
        firmware_free(board);
    ar_mark(ar, "FIRM");
    ar_bool(ar, &firmware->touched);
    ar_bool(ar, &firmware->powered);
    ar_bool(ar, &firmware->duty);
    ar_u64(ar, &firmware->seq);
    ar_u64(ar, &firmware->serial);
    domain_state(board, ar);
    quiesced_state(board, ar);
    tasks_state(firmware, ar);
    reports_state(&firmware->reports, ar);
    test_state(board, ar);
    mover_state(board, ar);
    ar_u32(ar, &firmware->drain_frame);
    for (uint32_t i = 0; i < BATCHES_MAX; i++)
        batch_state(&firmware->batches[i], ar);
    unmappings_state(&firmware->unmappings, ar);
    arriving_state(&firmware->arriving, ar);
    stays_state(board, ar);
}
