// SPDX-License-Identifier: Apache-2.0
// What every board of a partition does when one of them is drained: its copy of the page tables forgets the
// pages that are about to move, the answer is given when nothing that used them is under way any more, and
// later they are told where the pages lie.
#include <stdlib.h>
#include <string.h>

#include "node/board/internal.h"

static void answer(struct board *board, unsigned to, enum packet_kind kind, uint8_t batch)
{
    struct archive packet;
    packet_begin(&packet, kind);
    ar_u8(&packet, &batch);
    packet_send(board, to, &packet, board->now);
}

static struct unmapping *add(struct unmapping_list *list)
{
    if (list->n == list->capacity) {
        list->capacity = list->capacity ? 2 * list->capacity : BATCHES_MAX;
        list->items = realloc(list->items, list->capacity * sizeof *list->items);
        NP_ASSERT(list->items);
    }
    return &list->items[list->n++];
}

static void page_state(struct archive *packet, struct virtual_page *page)
{
    ar_u32(packet, &page->space);
    ar_u32(packet, &page->number);
}

void unmap_receive(struct board *board, unsigned from, struct archive *packet)
{
    struct unmapping unmapping = {.from = (uint16_t)from};
    ar_u8(packet, &unmapping.batch);
    ar_count(packet, &unmapping.n, BATCH_PAGES);
    for (uint32_t i = 0; i < unmapping.n; i++)
        page_state(packet, &unmapping.pages[i]);
    if (ar_failed(packet))
        return;
    for (uint32_t i = 0; i < unmapping.n; i++)
        threads_unmap(board->threads, unmapping.pages[i], board->now);
    *add(&board->firmware.unmappings) = unmapping;
    unmap_duty(board);
    if (board->firmware.unmappings.n)
        firmware_attend(board);
}

static bool is_quiet(const struct board *board, const struct unmapping *unmapping)
{
    for (uint32_t i = 0; i < unmapping->n; i++)
        if (!threads_quiet(board->threads, unmapping->pages[i]))
            return false;
    return true;
}

void unmap_duty(struct board *board)
{
    struct unmapping_list *list = &board->firmware.unmappings;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < list->n; i++) {
        struct unmapping *unmapping = &list->items[i];
        if (is_quiet(board, unmapping))
            answer(board, unmapping->from, PACKET_UNMAPPED, unmapping->batch);
        else
            list->items[kept++] = *unmapping;
    }
    list->n = kept;
}

void map_receive(struct board *board, unsigned from, struct archive *packet)
{
    uint8_t batch = 0;
    uint32_t n = 0;
    ar_u8(packet, &batch);
    ar_count(packet, &n, BATCH_PAGES);
    for (uint32_t i = 0; i < n && !ar_failed(packet); i++) {
        struct virtual_page page = {0};
        uint64_t real = 0;
        page_state(packet, &page);
        ar_u64(packet, &real);
        threads_map(board->threads, page, real, board->now);
    }
    answer(board, from, PACKET_MAPPED, batch);
}
