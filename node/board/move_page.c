// SPDX-License-Identifier: Apache-2.0
// Pages of memory from board to board: a packet with the bytes and a bit for each line that is lost. The
// target's memory at that place is used by nobody, so that its directory has nothing to say of it; still the
// home there writes line by line, and is occupied as by any message.
#include <string.h>

#include "node/board/internal.h"

struct moving_page *move_page(struct board *board, uint64_t offset, uint16_t target, uint64_t target_offset)
{
    struct mover *mover = &board->firmware.mover;
    if (mover->n_pages == MOVING_PAGES_MAX)
        return NULL;
    struct moving_page *page = mover->pages;
    while (page->used)
        page++;
    *page = (struct moving_page){.used = true,
                                 .number = mover->next_number++,
                                 .offset = offset,
                                 .target = target,
                                 .target_offset = target_offset};
    mover->n_pages++;
    return page;
}

static uint32_t lost_bytes(const struct board *board)
{
    return PAGE_BYTES / board->params->line_bytes / 8;
}

void move_page_out(struct board *board, struct moving_page *page)
{
    if (page->to_nowhere) {
        unassign_page_home(board, page);
        return;
    }
    uint8_t bytes[PAGE_BYTES] = {0};
    const uint8_t *from = memory_peek_bytes(&board->home.memory, page->offset);
    if (from)
        memcpy(bytes, from, sizeof bytes);
    struct archive packet;
    uint8_t index = (uint8_t)(page - board->firmware.mover.pages);
    packet_begin(&packet, PACKET_PAGE);
    ar_u8(&packet, &index);
    ar_u64(&packet, &page->target_offset);
    ar_bytes(&packet, page->lost, lost_bytes(board));
    ar_bytes(&packet, bytes, sizeof bytes);
    packet_send(board, page->target, &packet, page->read_at);
}

static bool is_zero(const uint8_t *bytes, size_t n)
{
    return bytes[0] == 0 && memcmp(bytes, bytes + 1, n - 1) == 0;
}

// Lines of a page that nobody uses; nothing but zeros for memory that was never touched changes nothing.
static void write_page(struct board *board, uint64_t offset, const uint8_t *lost, const uint8_t *bytes)
{
    const uint32_t line_bytes = board->params->line_bytes;
    struct memory *memory = &board->home.memory;
    if (!memory_peek(memory, offset) && is_zero(bytes, PAGE_BYTES) && is_zero(lost, lost_bytes(board)))
        return;
    for (uint32_t i = 0; i < PAGE_BYTES / line_bytes; i++) {
        struct memory_line line = memory_line(memory, offset + (uint64_t)i * line_bytes);
        if (line.home->dir.state != D_I || line.home->stalled != NO_REQUEST)
            np_panic("NP0101: board %u: a page arrives at 0x%llx, where a line is in directory state %s",
                     board->number, (unsigned long long)offset, dir_state_name(line.home->dir.state));
        memcpy(line.bytes, bytes + (size_t)i * line_bytes, line_bytes);
        line.home->dir.poison = lost[i / 8] >> i % 8 & 1;
    }
}

void move_page_in(struct board *board, unsigned from, struct archive *packet)
{
    uint8_t index = 0, lost[PAGE_LINES_MAX / 8] = {0}, bytes[PAGE_BYTES] = {0};
    uint64_t offset = 0;
    ar_u8(packet, &index);
    ar_u64(packet, &offset);
    ar_bytes(packet, lost, lost_bytes(board));
    ar_bytes(packet, bytes, sizeof bytes);
    if (offset % PAGE_BYTES || offset >= board->params->memory_bytes)
        ar_fail(packet, "a page for 0x%llx", (unsigned long long)offset);
    if (ar_failed(packet))
        return;
    sim_time written = board->now;
    for (uint32_t i = 0; i < PAGE_BYTES / board->params->line_bytes; i++) {
        home_book(board);
        written = sim_max(written, home_memory_access(board));
    }
    write_page(board, offset, lost, bytes);
    struct archive answer;
    packet_begin(&answer, PACKET_PAGE_TAKEN);
    ar_u8(&answer, &index);
    packet_send(board, from, &answer, sim_max(written, board->home.free_at));
}

void move_page_taken(struct board *board, unsigned from, struct archive *packet)
{
    struct mover *mover = &board->firmware.mover;
    uint8_t index = 0;
    ar_u8(packet, &index);
    if (index >= MOVING_PAGES_MAX || !mover->pages[index].used || mover->pages[index].target != from) {
        ar_fail(packet, "page %u has been taken", index);
        return;
    }
    struct moving_page page = mover->pages[index];
    mover->pages[index].used = false;
    mover->n_pages--;
    bool lost = !is_zero(page.lost, sizeof page.lost);
    if (page.of_drain)
        drain_page_moved(board, &page, lost);
    else
        copy_page_moved(board, lost);
}
