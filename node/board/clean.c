// SPDX-License-Identifier: Apache-2.0
// Bringing the lines of a page home before it moves. Nobody uses the page any more, but caches still hold
// lines of it. The home looks at each line's directory: what nobody holds is read from memory at once. For
// any other line this board's own agent asks like anyone else for the line to write it (GetM) and then evicts
// it (PutM): an ordinary agent, so that no protocol needs a cell for this. The line's data, lost or not, is
// in memory then, and no directory names anybody.
#include "node/board/internal.h"

// Looks at the directory in hand at once: the home turns to the next one when it has done the one before, so
// that it is never idle, and whoever else asks it waits for two looks at most.
#define LOOKS_MAX 2u

static uint32_t lines_of_page(const struct board *board)
{
    return PAGE_BYTES / board->params->line_bytes;
}

// Of a page that is on its way out: it has a real address as long as that lasts.
static uint64_t address_of(const struct board *board, const struct cleaning *line)
{
    uint64_t offset =
        board->firmware.mover.pages[line->page].offset + (uint64_t)line->line * board->params->line_bytes;
    uint64_t address = 0;
    bool mapped = segment_map_real(&board->home.decode, (struct location){board->number, offset}, &address);
    NP_ASSERT(mapped);
    return address;
}

static const struct home_line *home_line_of(const struct board *board, const struct cleaning *line)
{
    return memory_peek(&board->home.memory, board->firmware.mover.pages[line->page].offset +
                                                (uint64_t)line->line * board->params->line_bytes);
}

static bool is_home(const struct home_line *line)
{
    return !line || (line->dir.state == D_I && line->stalled == NO_REQUEST);
}

static void look(struct board *board, struct cleaning *line)
{
    struct mover *mover = &board->firmware.mover;
    component_id unit = board_unit(board, UNIT_FIRMWARE);
    sim_time at = home_book(board);
    line->stage = CLEANING_LOOK;
    mover->looks++;
    board_schedule(board, EV_LINE, (struct order_key){at, unit, unit, board->firmware.seq++},
                   (uint32_t)(line - mover->lines));
}

// The oldest page of which lines have not been looked at; NULL: none.
static struct moving_page *next_page(struct board *board)
{
    struct mover *mover = &board->firmware.mover;
    struct moving_page *next = NULL;
    for (struct moving_page *page = mover->pages; page < mover->pages + MOVING_PAGES_MAX; page++)
        if (page->used && page->begun < lines_of_page(board) && (!next || page->number < next->number))
            next = page;
    return next;
}

static struct cleaning *free_line(struct mover *mover)
{
    struct cleaning *line = mover->lines;
    while (line->stage != CLEANING_NONE)
        line++;
    return line;
}

// As many lines under way as the board cache can have transactions.
void clean_advance(struct board *board)
{
    struct mover *mover = &board->firmware.mover;
    uint32_t most = board->params->mshrs < CLEANING_MAX ? board->params->mshrs : CLEANING_MAX;
    while (mover->looks < LOOKS_MAX && mover->n_lines < most) {
        struct moving_page *page = next_page(board);
        if (!page)
            return;
        struct cleaning *line = free_line(mover);
        *line = (struct cleaning){.page = (uint8_t)(page - mover->pages), .line = (uint16_t)page->begun++};
        mover->n_lines++;
        look(board, line);
    }
}

// Memory has the line: it is read for the packet.
static void line_is_home(struct board *board, struct cleaning *line)
{
    struct mover *mover = &board->firmware.mover;
    struct moving_page *page = &mover->pages[line->page];
    const struct home_line *home = home_line_of(board, line);
    if (home && home->dir.poison)
        page->lost[line->line / 8] |= (uint8_t)(1u << line->line % 8);
    page->read_at = sim_max(page->read_at, home_memory_access(board));
    line->stage = CLEANING_NONE;
    mover->n_lines--;
    if (++page->home == lines_of_page(board))
        move_page_out(board, page);
}

// Asks for a line that somebody holds, unless this board owns it alone already.
static void ask(struct board *board, struct cleaning *line)
{
    uint64_t address = address_of(board, line);
    uint32_t slot = cache_find(&board->cache, address);
    bool owned = slot != NO_SLOT && board->cache.mshr[slot] == NO_MSHR &&
                 (board->cache.line[slot].state == C_E || board->cache.line[slot].state == C_M);
    line->stage = CLEANING_ASK;
    if (!owned)
        agent_request(board, address, (struct waiter){CLEANER, true});
    firmware_attend(board);
}

void clean_event(struct board *board, uint32_t index)
{
    struct cleaning *line = &board->firmware.mover.lines[index];
    NP_ASSERT(line->stage == CLEANING_LOOK);
    board->firmware.mover.looks--;
    if (is_home(home_line_of(board, line)))
        line_is_home(board, line);
    else
        ask(board, line);
    clean_advance(board);
}

// A line that was asked for: here it is evicted; or gone again, and its directory says what is to be done.
static void evict(struct board *board, struct cleaning *line)
{
    uint64_t address = address_of(board, line);
    uint32_t slot = cache_find(&board->cache, address);
    if (agent_has(board, address))
        return;
    if (slot == NO_SLOT)
        look(board, line);
    else if (agent_evict(board, slot, true))
        line->stage = CLEANING_PUT;
}

static void look_after(struct board *board, struct cleaning *line)
{
    if (line->stage == CLEANING_ASK) {
        evict(board, line);
        return;
    }
    if (agent_has(board, address_of(board, line)))
        return;
    if (is_home(home_line_of(board, line)))
        line_is_home(board, line);
    else
        look(board, line);
}

bool clean_duty(struct board *board)
{
    struct mover *mover = &board->firmware.mover;
    bool waits = false;
    for (struct cleaning *line = mover->lines; mover->n_lines && line < mover->lines + CLEANING_MAX; line++) {
        if (line->stage == CLEANING_ASK || line->stage == CLEANING_PUT)
            look_after(board, line);
        waits |= line->stage == CLEANING_ASK || line->stage == CLEANING_PUT;
    }
    clean_advance(board);
    return waits;
}
