// SPDX-License-Identifier: Apache-2.0
#include "tests/lib/guest_console.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/assert.h"

static int in_order(const void *a, const void *b)
{
    return text_before(a, b) ? -1 : 1;
}

char *guest_console(struct board *const *boards, const struct machine *machine, unsigned partition)
{
    struct text_list all = {0};
    size_t size = 0;
    for (uint32_t b = 0; b < machine->n_boards; b++) {
        const struct text_list *list = board_texts(boards[b]);
        for (uint32_t i = 0; machine->boards[b].partition == partition && i < list->n; i++) {
            if (list->items[i].stream != TEXT_CONSOLE)
                continue;
            text_list_add(&all, &list->items[i]);
            size += list->items[i].size;
        }
    }
    if (all.n)
        qsort(all.items, all.n, sizeof *all.items, in_order);
    char *text = calloc(1, size + 1), *at = text;
    NP_ASSERT(text);
    for (uint32_t i = 0; i < all.n; at += all.items[i++].size)
        memcpy(at, all.items[i].bytes, all.items[i].size);
    text_list_free(&all);
    return text;
}
