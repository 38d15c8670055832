// SPDX-License-Identifier: Apache-2.0
// Storage that a guest gives back: on every board until nothing of it is under way; then, on the board that
// has the increment, until no cache holds a line of it and its memory is as if never used. Its lines come
// home as those of a page that moves do (clean.c).
#include "node/board/internal.h"
#include "node/isa/isa.h"
#include "node/isa/signal.h"

static uint64_t size_of(const struct board *board)
{
    return UINT64_C(1) << board->configuration.shift;
}

static bool in_use(const struct board *board)
{
    uint64_t base = (uint64_t)board->unassigning.quiet_increment << board->configuration.shift;
    for (uint32_t i = 0; i < board->n_cpus; i++)
        if (!board->firmware.testing && zarch_uses(&board->cpus[i], base, size_of(board)))
            return true;
    return false;
}

static bool is_own(const struct board *board, uint32_t increment)
{
    return configuration_owner(&board->configuration, increment) == board->number;
}

void unassign_quiet(struct board *board, const struct message *signal, uint32_t increment)
{
    struct unassigning *un = &board->unassigning;
    un->quiet_awaited = true;
    un->quiet_increment = increment;
    un->quiet = (struct asked){signal->src, signal->txn, signal->requestor};
    if (is_own(board, increment)) {
        un->leaving = true;
        un->increment = increment;
    }
    firmware_attend(board);
}

static void answer(struct board *board, const struct asked *asked)
{
    struct message signal = {.src = asked->by, .txn = asked->order, .requestor = asked->number};
    reconfigure_answer(board, &signal, false);
}

static void end(struct board *board)
{
    struct unassigning *un = &board->unassigning;
    un->cleaning = un->leaving = false;
    answer(board, &un->clean);
}

// Pages that were touched, as long as there is room for them on their way.
static void advance(struct board *board)
{
    struct unassigning *un = &board->unassigning;
    while (un->at < un->end) {
        if (memory_peek(&board->home.memory, un->at)) {
            struct moving_page *page = move_page(board, un->at, board->number, un->at);
            if (!page)
                break;
            page->to_nowhere = true;
            un->pages++;
        }
        un->at += PAGE_BYTES;
    }
    clean_advance(board);
    if (un->at == un->end && un->pages == 0)
        end(board);
}

void unassign_page_home(struct board *board, struct moving_page *page)
{
    struct mover *mover = &board->firmware.mover;
    memory_forget(&board->home.memory, page->offset);
    page->used = false;
    mover->n_pages--;
    board->unassigning.pages--;
    if (board->unassigning.cleaning)
        firmware_attend(board);
}

// Orders of the element to the board that has an increment: it comes, or everybody has given it up.
void unassign_ordered(struct board *board, const struct message *signal)
{
    struct unassigning *un = &board->unassigning;
    uint32_t increment = (uint32_t)signal->line;
    bool on = signal->line >> 32, own = is_own(board, increment);
    board->configuration.changed = board->firmware.touched = true;
    if (on && own && !un->leaving)
        configuration_set_storage(&board->configuration, increment, true);
    if (on || !own || un->cleaning) {
        reconfigure_answer(board, signal, on && (!own || un->leaving));
        return;
    }
    un->cleaning = un->leaving = true;
    un->increment = increment;
    un->clean = (struct asked){signal->src, signal->txn, signal->requestor};
    un->at = configuration_offset(&board->configuration, increment);
    un->end = un->at + size_of(board);
    firmware_attend(board);
}

bool unassign_duty(struct board *board)
{
    struct unassigning *un = &board->unassigning;
    if (un->quiet_awaited && !in_use(board)) {
        un->quiet_awaited = false;
        answer(board, &un->quiet);
    }
    if (un->cleaning)
        advance(board);
    return un->quiet_awaited || un->cleaning;
}

// Memory that is this board's no longer, or not under the same real addresses, is not the guest's to give.
void unassign_follow(struct board *board)
{
    struct unassigning *un = &board->unassigning;
    if (un->leaving && !un->cleaning &&
        (board->configuration.partition == NO_PARTITION || !is_own(board, un->increment)))
        un->leaving = false;
}

static void asked_state(const struct board *board, struct asked *asked, struct archive *ar)
{
    ar_u32(ar, &asked->by);
    ar_u32(ar, &asked->order);
    ar_u16(ar, &asked->number);
    if (component_board(asked->by) >= board->machine->n_boards)
        ar_fail(ar, "an order of board %u", component_board(asked->by));
}

void unassign_state(struct board *board, struct archive *ar)
{
    struct unassigning *un = &board->unassigning;
    ar_mark(ar, "UNAS");
    ar_bool(ar, &un->quiet_awaited);
    ar_bool(ar, &un->leaving);
    ar_bool(ar, &un->cleaning);
    ar_u32(ar, &un->quiet_increment);
    ar_u32(ar, &un->increment);
    ar_u32(ar, &un->pages);
    ar_u64(ar, &un->at);
    ar_u64(ar, &un->end);
    asked_state(board, &un->quiet, ar);
    asked_state(board, &un->clean, ar);
    if (un->at % PAGE_BYTES || un->at > un->end || un->end > board->params->memory_bytes ||
        un->quiet_increment >= INCREMENTS_MAX || un->increment >= INCREMENTS_MAX ||
        un->pages > MOVING_PAGES_MAX)
        ar_fail(ar, "an increment that leaves at 0x%llx", (unsigned long long)un->at);
}
