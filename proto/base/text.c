// SPDX-License-Identifier: Apache-2.0
#include "proto/base/text.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/assert.h"

static struct text_piece *new_item(struct text_list *list)
{
    if (list->n == list->capacity) {
        list->capacity = list->capacity ? 2 * list->capacity : 16;
        list->items = realloc(list->items, list->capacity * sizeof *list->items);
        NP_ASSERT(list->items);
    }
    return &list->items[list->n++];
}

void text_list_add(struct text_list *list, const struct text_piece *piece)
{
    NP_ASSERT(piece->size > 0 && piece->size <= TEXT_BYTES_MAX);
    struct text_piece *item = new_item(list);
    *item = *piece;
    item->bytes = malloc(piece->size);
    NP_ASSERT(item->bytes);
    memcpy(item->bytes, piece->bytes, piece->size);
}

void text_list_give(struct text_list *list, const struct text_piece *piece)
{
    *new_item(list) = *piece;
}

void text_list_move(struct text_list *to, struct text_list *from, sim_time before)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < from->n; i++)
        if (from->items[i].time < before || before == SIM_NEVER)
            *new_item(to) = from->items[i];
        else
            from->items[kept++] = from->items[i];
    from->n = kept;
}

bool text_before(const struct text_piece *a, const struct text_piece *b)
{
    const struct order_key one = {a->time, 0, a->source, a->seq}, other = {b->time, 0, b->source, b->seq};
    return key_before(&one, &other);
}

void text_list_clear(struct text_list *list)
{
    for (uint32_t i = 0; i < list->n; i++)
        free(list->items[i].bytes);
    list->n = 0;
}

void text_list_free(struct text_list *list)
{
    text_list_clear(list);
    free(list->items);
    *list = (struct text_list){0};
}
