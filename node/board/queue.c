// SPDX-License-Identifier: Apache-2.0
// What every part of a board does to make something happen later.
#include <string.h>

#include "node/board/internal.h"

void board_schedule(struct board *board, enum event_type type, struct order_key key, uint32_t payload)
{
    event_queue_push(&board->events, &(struct event){key, payload, type});
}

uint32_t board_hold(struct board *board, const struct message *message, const uint8_t *data)
{
    uint32_t payload = pool_take(&board->pool);
    struct pool_item *item = pool_item(&board->pool, payload);
    item->message = *message;
    item->has_data = data != NULL;
    if (data)
        memcpy(item->data, data, board->params->line_bytes);
    return payload;
}
