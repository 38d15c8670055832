// SPDX-License-Identifier: Apache-2.0
#include "node/isa/storage.h"

#include "proto/base/assert.h"

uint32_t window_reach(struct zcpu *z, struct window *w, uint32_t i)
{
    if (i >= w->size)
        return OPERAND_MAX;
    uint32_t lead = (uint32_t)(w->address & z->data->line_mask), shift = z->data->line_shift;
    uint32_t line = (lead + i) >> shift;
    uint32_t begin = line ? (line << shift) - lead : 0, end = ((line + 1) << shift) - lead;
    end = end < w->size ? end : w->size;
    if (!(w->lines >> line & 1)) {
        load_bytes(z, (w->address + begin) & z->address_mask, end - begin, w->bytes + begin);
        w->lines |= UINT64_C(1) << line;
    }
    return end;
}

uint32_t windows_differ(struct zcpu *z, struct window *a, struct window *b, uint32_t size)
{
    for (uint32_t i = 0; i < size;) {
        uint32_t first = window_reach(z, a, i), second = window_reach(z, b, i);
        uint32_t end = least(least(first, second), size);
        if (memcmp(a->bytes + i, b->bytes + i, end - i) == 0)
            i = end;
        for (; i < end; i++)
            if (a->bytes[i] != b->bytes[i])
                return i;
    }
    return size;
}
