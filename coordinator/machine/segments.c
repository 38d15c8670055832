// SPDX-License-Identifier: Apache-2.0
#include "coordinator/machine/segments.h"

#include <string.h>

#include "proto/base/assert.h"

uint64_t segment_share(const struct segment_desc *segment)
{
    return segment->size / segment->n_boards;
}

uint64_t segments_end(const struct partition_desc *partition)
{
    if (partition->n_segments == 0)
        return 0;
    const struct segment_desc *last = &partition->segments[partition->n_segments - 1];
    return last->base + last->size;
}

static bool uses_board(const struct segment_desc *segment, uint16_t board)
{
    for (uint32_t i = 0; i < segment->n_boards; i++)
        if (segment->boards[i] == board)
            return true;
    return false;
}

uint64_t segments_next_offset(const struct partition_desc *partition, const uint16_t *boards, uint32_t n)
{
    uint64_t next = 0;
    for (uint32_t s = 0; s < partition->n_segments; s++) {
        const struct segment_desc *segment = &partition->segments[s];
        for (uint32_t i = 0; i < n; i++) {
            uint64_t end = segment->offset + segment_share(segment);
            if (uses_board(segment, boards[i]) && end > next)
                next = end;
        }
    }
    return (next + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
}

static uint64_t memory_of(const struct machine *machine, uint16_t board)
{
    return machine->boards[board].params.memory_bytes;
}

static void append(struct partition_desc *p, uint64_t size, uint64_t granule, uint64_t offset,
                   const uint16_t *boards, uint32_t n)
{
    NP_ASSERT(p->n_segments < SEGMENTS_MAX); // one for all boards and one for each that is not the smallest
    struct segment_desc *segment = &p->segments[p->n_segments];
    *segment = (struct segment_desc){
        .base = segments_end(p), .size = size, .granule = granule, .offset = offset, .n_boards = n};
    memcpy(segment->boards, boards, n * sizeof *boards);
    p->n_segments++;
}

void segments_default(struct partition_desc *partition, const struct machine *machine, bool contiguous)
{
    struct partition_desc *p = partition;
    uint16_t shared[BOARDS_PER_SYSTEM_MAX];
    uint32_t n = 0;
    uint64_t least = UINT64_MAX;
    for (uint32_t i = 0; i < p->n_boards; i++) {
        if (contiguous || machine->boards[p->boards[i]].floating)
            continue;
        shared[n++] = p->boards[i];
        if (memory_of(machine, p->boards[i]) < least)
            least = memory_of(machine, p->boards[i]);
    }
    p->n_segments = 0;
    if (n)
        append(p, least * n, n > 1 ? PAGE_BYTES : 0, 0, shared, n);
    for (uint32_t i = 0; i < n; i++)
        if (memory_of(machine, shared[i]) > least)
            append(p, memory_of(machine, shared[i]) - least, 0, least, &shared[i], 1);
    for (uint32_t i = 0; i < p->n_boards; i++)
        if (contiguous || machine->boards[p->boards[i]].floating)
            append(p, memory_of(machine, p->boards[i]), 0, 0, &p->boards[i], 1);
}

// The first offset on its boards that a segment does not need when only its real addresses below `end` are
// used.
static uint64_t offset_beyond(const struct segment_desc *s, uint64_t end)
{
    uint64_t used = end - s->base < s->size ? end - s->base : s->size;
    if (s->granule == 0)
        return s->offset + used;
    uint64_t row = s->granule * s->n_boards;
    return s->offset + (used + row - 1) / row * s->granule;
}

bool segments_region_free(const struct partition_desc *partition, const struct machine *machine,
                          uint64_t base, uint64_t size)
{
    for (uint32_t i = 0; i < partition->n_segments; i++) {
        const struct segment_desc *s = &partition->segments[i];
        if (s->base >= base + size || s->base + s->size <= base)
            continue;
        uint64_t beyond = offset_beyond(s, base + size);
        for (uint32_t j = 0; j < s->n_boards; j++)
            if (beyond > partition->frames_offset &&
                partition->frames_offset < memory_of(machine, s->boards[j]))
                return false;
    }
    return true;
}

uint64_t segments_frames_uncovered(const struct partition_desc *partition, const struct machine *machine,
                                   uint16_t board)
{
    uint64_t covered = 0, memory = memory_of(machine, board);
    if (partition->frames_offset >= memory)
        return 0;
    for (uint32_t i = 0; i < partition->n_segments; i++) {
        const struct segment_desc *s = &partition->segments[i];
        uint64_t end = s->offset + segment_share(s);
        uint64_t begin = s->offset > partition->frames_offset ? s->offset : partition->frames_offset;
        if (uses_board(s, board) && end > begin)
            covered += end - begin;
    }
    return memory - partition->frames_offset - covered;
}

bool segments_find(const struct partition_desc *partition, uint64_t address, struct segment_place *place)
{
    uint32_t n = 0;
    while (n < partition->n_segments && address - partition->segments[n].base >= partition->segments[n].size)
        n++;
    if (n == partition->n_segments)
        return false;
    const struct segment_desc *s = &partition->segments[n];
    uint64_t at = address - s->base;
    *place = (struct segment_place){.segment = n, .board = s->boards[0], .offset = s->offset + at};
    if (s->granule == 0)
        return true;
    place->granule = at / s->granule;
    place->position = (uint32_t)(place->granule % s->n_boards);
    place->board = s->boards[place->position];
    place->offset = s->offset + place->granule / s->n_boards * s->granule + at % s->granule;
    return true;
}
