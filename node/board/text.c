// SPDX-License-Identifier: Apache-2.0
// Text of consoles and traces leaves a board as pieces that its host takes.
#include "node/board/internal.h"

void text_emit(void *self, struct cpu *cpu, const struct text_piece *piece)
{
    struct board *board = self;
    struct text_piece copy = *piece;
    copy.source = cpu->id;
    text_list_add(&board->texts, &copy);
}

struct text_list *board_texts(struct board *board)
{
    return &board->texts;
}
