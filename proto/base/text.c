// SPDX-License-Identifier: Apache-2.0
#include "proto/base/text.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/assert.h"

void text_list_add(struct text_list *list, const struct text_piece *piece)
{
    NP_ASSERT(piece->size > 0 && piece->size <= TEXT_BYTES_MAX);
    if (list->n == list->capacity) {
        list->capacity = list->capacity ? 2 * list->capacity : 16;
        list->items = realloc(list->items, list->capacity * sizeof *list->items);
        NP_ASSERT(list->items);
    }
    struct text_piece *item = &list->items[list->n++];
    *item = *piece;
    item->bytes = malloc(piece->size);
    NP_ASSERT(item->bytes);
    memcpy(item->bytes, piece->bytes, piece->size);
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
