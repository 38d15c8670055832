// SPDX-License-Identifier: Apache-2.0
#include "node/cpu/l1.h"

#include <stdlib.h>
#include <string.h>

void l1_init(struct l1 *l1, const struct cache_geometry *geometry, uint32_t line_bytes, uint8_t *data)
{
    *l1 = (struct l1){.ways = geometry->ways, .data = data};
    l1->line_shift = (uint32_t)__builtin_ctz(line_bytes);
    l1->line_mask = line_bytes - 1;
    l1->sets = (uint32_t)(geometry->bytes / ((uint64_t)geometry->ways * line_bytes));
    size_t lines = (size_t)l1->sets * l1->ways;
    NP_ASSERT(lines && (l1->sets & (l1->sets - 1)) == 0);
    NP_ASSERT(line_bytes > TAG_BITS);
    l1->tag = calloc(lines, sizeof *l1->tag);
    l1->stamp = calloc(lines, sizeof *l1->stamp);
    l1->slot = calloc(lines, sizeof *l1->slot);
    l1->hint_mask = 2; // a power of two of hints, at least twice the lines: few lines share one
    while (l1->hint_mask < 2 * lines)
        l1->hint_mask *= 2;
    l1->hint = calloc(l1->hint_mask--, sizeof *l1->hint);
    NP_ASSERT(l1->tag && l1->stamp && l1->slot && l1->hint);
}

void l1_free(struct l1 *l1)
{
    free(l1->tag);
    free(l1->stamp);
    free(l1->slot);
    free(l1->hint);
    *l1 = (struct l1){0};
}

int32_t l1_search(const struct l1 *l1, uint64_t line, uint64_t permission)
{
    uint32_t base = l1_set_base(l1, line);
    uint64_t mask = ~(uint64_t)TAG_BITS | permission;
    for (uint32_t index = base; index < base + l1->ways; index++)
        if (((l1->tag[index] ^ (line | permission)) & mask) == 0) {
            l1->hint[(line >> l1->line_shift) & l1->hint_mask] = index;
            return (int32_t)index;
        }
    return -1;
}

int64_t l1_locate(const struct l1 *l1, uint64_t line)
{
    return l1_find(l1, line, TAG_READ);
}

uint32_t l1_victim(const struct l1 *l1, uint64_t line)
{
    uint32_t base = l1_set_base(l1, line), victim = base, oldest = 0;
    for (uint32_t i = base; i < base + l1->ways; i++) {
        if (l1->tag[i] == 0)
            return i;
        uint32_t age = l1->tick - l1->stamp[i];
        if (age > oldest) {
            oldest = age;
            victim = i;
        }
    }
    return victim;
}

void l1_state(struct l1 *l1, struct archive *ar, uint32_t slots)
{
    ar_mark(ar, "L1  ");
    ar_u32(ar, &l1->tick);
    for (uint32_t i = 0; i < l1->sets * l1->ways; i++) {
        ar_u64(ar, &l1->tag[i]);
        ar_u32(ar, &l1->stamp[i]);
        ar_u32(ar, &l1->slot[i]);
        if (l1->slot[i] >= slots)
            ar_fail(ar, "an L1 line in slot %u of %u", l1->slot[i], slots);
    }
}
