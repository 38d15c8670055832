// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "node/board/internal.h"

static const uint8_t *peek_line(const struct board *board, uint64_t line)
{
    uint32_t slot = cache_find(&board->cache, line);
    if (slot != NO_SLOT)
        return board->cache.data + ((size_t)slot << board->cache.line_shift);
    struct location where;
    if (!segment_map_find(&board->home.decode, line, &where) || where.board != board->number)
        return NULL;
    return memory_peek_bytes(&board->home.memory, where.offset);
}

void board_peek(const struct board *board, uint64_t address, uint8_t *bytes, uint64_t size)
{
    const uint32_t line_bytes = board->params->line_bytes;
    while (size > 0) {
        uint64_t in_line = address % line_bytes, n = line_bytes - in_line;
        n = n < size ? n : size;
        const uint8_t *from = peek_line(board, address - in_line);
        if (from)
            memcpy(bytes, from + in_line, n);
        else
            memset(bytes, 0, n);
        address += n;
        bytes += n;
        size -= n;
    }
}
