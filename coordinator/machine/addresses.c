// SPDX-License-Identifier: Apache-2.0
// What a table of address ranges leaves out, and what in it looks like a misprint: Abb. 12.1.3 has both
// (facts 11.12, X1 and X2). Such a table is taken as it is; this is what is said of it.
#include <inttypes.h>

#include "coordinator/machine/reader.h"
#include "coordinator/machine/segments.h"

// Bytes of a board that lie in ranges, and the last range that has some of them.
static uint64_t covered(const struct partition_desc *p, uint16_t board, uint32_t *range)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < p->n_segments; i++)
        for (uint32_t j = 0; j < p->segments[i].n_boards; j++)
            if (p->segments[i].boards[j] == board) {
                bytes += segment_share(&p->segments[i]);
                *range = i;
            }
    return bytes;
}

static void advise_uncovered(struct reader *r, const struct partition_desc *p, struct value list)
{
    for (uint32_t i = 0; i < p->n_boards; i++) {
        const struct board_desc *board = &r->out->machine.boards[p->boards[i]];
        uint32_t range = 0;
        uint64_t memory = board->params.memory_bytes, in_ranges = covered(p, p->boards[i], &range);
        char has[UNIT_TEXT_SIZE], given[UNIT_TEXT_SIZE], rest[UNIT_TEXT_SIZE];
        if (in_ranges < memory)
            warn(r, list_at(list, range),
                 "board %s has %s of memory and ranges for %s: %s have no address and are never used; widen "
                 "its "
                 "range, or write less memory for the board",
                 board->name, unit_format(UNIT_SIZE, memory, has), unit_format(UNIT_SIZE, in_ranges, given),
                 unit_format(UNIT_SIZE, memory - in_ranges, rest));
    }
}

// The partition of the same system whose table has the range that this one would have without the misprint.
static const struct partition_desc *sibling(const struct machine *m, const struct partition_desc *p,
                                            const struct segment_desc *repaired)
{
    for (uint32_t i = 0; i < m->n_partitions; i++) {
        const struct partition_desc *q = &m->partitions[i];
        if (q == p || q->system != p->system || q->n_segments != p->n_segments)
            continue;
        const struct segment_desc *last = &q->segments[q->n_segments - 1];
        if (last->base == repaired->base && last->size == repaired->size)
            return q;
    }
    return NULL;
}

// Boards alike with a range each, all of one size but for the last, which is longer: more likely a slip of
// the pen than a plan.
static bool last_is_odd(const struct machine *m, const struct partition_desc *p)
{
    if (p->n_segments < 2)
        return false;
    for (uint32_t i = 0; i < p->n_segments; i++) {
        const struct segment_desc *s = &p->segments[i];
        if (s->n_boards != 1 || m->boards[s->boards[0]].params.memory_bytes !=
                                    m->boards[p->segments[0].boards[0]].params.memory_bytes)
            return false;
        if (i + 1 < p->n_segments && s->size != p->segments[0].size)
            return false;
    }
    return p->segments[p->n_segments - 1].size > p->segments[0].size;
}

static void advise_misprint(struct reader *r, const struct partition_desc *p, struct value list)
{
    const struct machine *m = &r->out->machine;
    if (!last_is_odd(m, p))
        return;
    struct segment_desc repaired = p->segments[p->n_segments - 1];
    char has[UNIT_TEXT_SIZE], others[UNIT_TEXT_SIZE];
    unit_format(UNIT_SIZE, repaired.size, has);
    uint64_t last = repaired.base + repaired.size - 1;
    repaired.size = p->segments[0].size;
    const struct partition_desc *like = sibling(m, p, &repaired);
    warn(r, list_at(list, p->n_segments - 1),
         "the range of board %s ends at 0x%" PRIX64
         " and has %s, those of the other boards %s%s%s: probably a "
         "misprint; to repair it, write range: 0x%" PRIX64 "-0x%" PRIX64,
         m->boards[repaired.boards[0]].name, last, has, unit_format(UNIT_SIZE, repaired.size, others),
         like ? ", as in partition " : "", like ? like->name : "", repaired.base,
         repaired.base + repaired.size - 1);
}

void advise_addresses(struct reader *r, uint32_t partition)
{
    const struct partition_desc *p = &r->out->machine.partitions[partition];
    struct value list = r->drafts[partition].memory;
    if (!value_is_list(list)) // the map that is made by default leaves nothing out
        return;
    advise_uncovered(r, p, list);
    advise_misprint(r, p, list);
}
