// SPDX-License-Identifier: Apache-2.0
#include "coordinator/record/sync_order.h"

#include <stdlib.h>

static struct sync_word *look_up(const struct sync_order *order, uint32_t process, uint64_t word)
{
    uint64_t at = (word / TRACE_WORD + process) * UINT64_C(0x9e3779b97f4a7c15) >> 20;
    for (;; at++) {
        struct sync_word *found = &order->words[at & (order->capacity - 1)];
        if (found->process == 0 || (found->process == process && found->word == word))
            return found;
    }
}

static bool grow(struct sync_order *order)
{
    struct sync_order larger = {.capacity = order->capacity ? 2 * order->capacity : 1024, .n = order->n};
    larger.words = calloc(larger.capacity, sizeof *larger.words);
    if (!larger.words)
        return false;
    for (uint64_t i = 0; i < order->capacity; i++)
        if (order->words[i].process)
            *look_up(&larger, order->words[i].process, order->words[i].word) = order->words[i];
    free(order->words);
    *order = larger;
    return true;
}

enum sync_turn sync_order_take(struct sync_order *order, uint32_t process, struct trace_ref *ref, bool skip)
{
    if (2 * order->n >= order->capacity && !grow(order))
        return SYNC_NO_MEMORY;
    struct sync_word *word = look_up(order, process + 1, ref->address);
    if (ref->version != word->version + 1)
        return SYNC_LATER;
    if (word->process == 0) {
        *word = (struct sync_word){.word = ref->address, .process = process + 1};
        order->n++;
    }
    word->version++;
    word->skipped += skip;
    ref->version -= word->skipped;
    return SYNC_NOW;
}

void sync_order_free(struct sync_order *order)
{
    free(order->words);
    *order = (struct sync_order){0};
}
