// SPDX-License-Identifier: Apache-2.0
// Text of consoles and traces leaves a board as pieces that its host takes.
#include "node/board/internal.h"

// Pieces of one CPU come in order: all that it wrote before lies before this piece, wherever pieces of others
// do. So a CPU that has written more than is kept of all has nothing to add.
static bool is_beyond(struct board *board, const struct cpu *cpu, const struct text_piece *piece)
{
    uint64_t limit = board->options.text_limit ? board->options.text_limit : TEXT_LIMIT_DEFAULT;
    uint64_t *written = &board->text_bytes[cpu->index][piece->stream];
    if (*written > limit)
        return true;
    *written += piece->size;
    return false;
}

void text_emit(void *self, struct cpu *cpu, const struct text_piece *piece)
{
    struct board *board = self;
    NP_ASSERT(piece->time >= board->reached && piece->stream < TEXT_STREAM_COUNT);
    if (is_beyond(board, cpu, piece))
        return;
    struct text_piece copy = *piece;
    copy.source = cpu->id;
    text_list_add(&board->texts, &copy);
}

struct text_list *board_texts(struct board *board)
{
    return &board->texts;
}

void board_take_texts(struct board *board, bool all, struct text_list *to)
{
    if (board->texts.n)
        text_list_move(to, &board->texts, all ? SIM_NEVER : board->reached);
}

// Whether somebody asked for a trace of this board's CPUs; a saved state may bring text of one along.
static bool is_heard(const struct board *board, const struct text_piece *piece)
{
    const struct instruction_trace *trace = &board->options.trace;
    return piece->stream == TEXT_CONSOLE || (trace->on && board->domain.partition == trace->partition);
}

static void piece_state(struct board *board, uint32_t i, struct archive *ar)
{
    uint8_t bytes[TEXT_BYTES_MAX];
    struct text_piece piece = {.bytes = bytes};
    if (!ar_loading(ar))
        piece = board->texts.items[i];
    ar_u64(ar, &piece.time);
    ar_u32(ar, &piece.source);
    ar_u64(ar, &piece.seq);
    ar_u8(ar, &piece.stream);
    ar_count(ar, &piece.size, TEXT_BYTES_MAX);
    ar_bytes(ar, piece.bytes, piece.size);
    if (!ar_loading(ar) || ar_failed(ar))
        return;
    if (piece.size == 0 || piece.stream >= TEXT_STREAM_COUNT)
        ar_fail(ar, "text of stream %u, %u bytes", piece.stream, piece.size);
    else if (is_heard(board, &piece))
        text_list_add(&board->texts, &piece);
}

// What was written beyond a cut would be lost: the host takes only what lies before it. It is no state of the
// machine and has no part in the digest, which covers what a CPU writes where it writes it.
void text_state(struct board *board, struct archive *ar)
{
    uint32_t n = board->texts.n;
    if (ar->mode == AR_HASH)
        return;
    ar_mark(ar, "TEXT");
    ar_count(ar, &n, MESSAGES_MAX);
    if (ar_loading(ar))
        text_list_clear(&board->texts);
    for (uint32_t i = 0; i < n && !ar_failed(ar); i++)
        piece_state(board, i, ar);
}
