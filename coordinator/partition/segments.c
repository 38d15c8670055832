// SPDX-License-Identifier: Apache-2.0
// Maps of real addresses while boards come and go.
#include <stdlib.h>
#include <string.h>

#include "coordinator/machine/segments.h"
#include "coordinator/partition/guests.h"
#include "proto/base/assert.h"

static uint32_t number_of(const struct machine *machine, uint16_t board)
{
    return board - machine->systems[machine->boards[board].system].first_board;
}

static uint64_t bit_of(const struct machine *machine, uint16_t board)
{
    return UINT64_C(1) << number_of(machine, board);
}

static bool lies_on(const struct segment_desc *segment, uint16_t board)
{
    for (uint32_t i = 0; i < segment->n_boards; i++)
        if (segment->boards[i] == board)
            return true;
    return false;
}

// Of a segment on one board, or of each of an interleaved one's.
static uint64_t share_of(const struct segment_desc *segment)
{
    return segment->size / segment->n_boards;
}

static void insert(struct domain *domain, uint32_t at, const struct segment_desc *segment)
{
    NP_ASSERT(domain->n_segments < SEGMENTS_MAX);
    memmove(&domain->segments[at + 1], &domain->segments[at],
            (domain->n_segments - at) * sizeof domain->segments[0]);
    domain->segments[at] = *segment;
    domain->n_segments++;
}

static void drop(struct domain *domain, uint32_t at)
{
    domain->n_segments--;
    memmove(&domain->segments[at], &domain->segments[at + 1],
            (domain->n_segments - at) * sizeof domain->segments[0]);
    memset(&domain->segments[domain->n_segments], 0, sizeof domain->segments[0]);
}

static uint64_t end_of(const struct segment_desc *segment)
{
    return segment->base + segment->size;
}

static struct segment_desc alone(uint64_t base, uint64_t size, uint16_t board, uint64_t offset)
{
    return (struct segment_desc){
        .base = base, .size = size, .offset = offset, .n_boards = 1, .boards = {board}};
}

bool domain_interleaved(const struct domain *domain, uint16_t board)
{
    for (uint32_t i = 0; i < domain->n_segments; i++)
        if (domain->segments[i].n_boards > 1 && lies_on(&domain->segments[i], board))
            return true;
    return false;
}

void domain_without(struct domain *domain, const struct machine *machine, uint16_t board)
{
    NP_ASSERT(!domain_interleaved(domain, board));
    for (uint32_t i = domain->n_segments; i-- > 0;)
        if (lies_on(&domain->segments[i], board))
            drop(domain, i);
    domain->members &= ~bit_of(machine, board);
    domain->cpu_addresses[number_of(machine, board)] = CPU_ADDRESSES_DESCRIBED; // means nothing
    domain->map_version++;
}

static bool has_guest(const struct machine *machine, uint32_t partition)
{
    return machine->partitions[partition].guest.image[0] != '\0';
}

bool domain_with(struct domain *domain, const struct machine *machine, uint32_t partition, uint16_t board)
{
    uint64_t size = machine->boards[board].params.memory_bytes / PAGE_BYTES * PAGE_BYTES, base = 0;
    uint32_t at = 0;
    while (at < domain->n_segments && domain->segments[at].base - base < size)
        base = end_of(&domain->segments[at++]);
    if (domain->n_segments == SEGMENTS_MAX || size == 0)
        return size == 0;
    struct segment_desc segment = alone(base, size, board, 0);
    insert(domain, at, &segment);
    domain->partition = partition;
    domain->members |= bit_of(machine, board);
    if (has_guest(machine, partition))
        domain->cpu_addresses[number_of(machine, board)] = CPU_ADDRESSES_NONE;
    domain->map_version++;
    return true;
}

// Splits the segment so that one begins at `base`, when `base` lies inside.
static void split(struct domain *domain, uint32_t i, uint64_t base)
{
    struct segment_desc *segment = &domain->segments[i], rest = *segment;
    if (base <= segment->base || base >= end_of(segment))
        return;
    rest.base = base;
    rest.size = end_of(segment) - base;
    rest.offset += base - segment->base;
    segment->size = base - segment->base;
    insert(domain, i + 1, &rest);
}

// Cuts the board's segments at both ends of the range of its memory.
static void cut_out(struct domain *domain, uint16_t board, uint64_t offset, uint64_t size)
{
    const uint64_t ends[] = {offset, offset + size};
    for (unsigned e = 0; e < 2; e++)
        for (uint32_t i = domain->n_segments; i-- > 0;) {
            const struct segment_desc *segment = &domain->segments[i];
            if (lies_on(segment, board) && ends[e] > segment->offset)
                split(domain, i, segment->base + (ends[e] - segment->offset));
        }
}

static bool within(const struct segment_desc *segment, uint16_t board, uint64_t offset, uint64_t size)
{
    return lies_on(segment, board) && segment->offset >= offset &&
           segment->offset + segment->size <= offset + size;
}

void domain_renamed(struct domain *domain, uint16_t from, uint16_t to, uint64_t offset, uint64_t size)
{
    NP_ASSERT(!domain_interleaved(domain, from) && !domain_interleaved(domain, to));
    cut_out(domain, to, offset, size);
    cut_out(domain, from, offset, size);
    for (uint32_t i = domain->n_segments; i-- > 0;) {
        struct segment_desc *segment = &domain->segments[i];
        if (within(segment, to, offset, size))
            drop(domain, i);
        else if (within(segment, from, offset, size))
            segment->boards[0] = to;
    }
    domain->map_version++;
}

static uint64_t members_of(const struct machine *machine, uint32_t partition)
{
    uint64_t members = 0;
    for (uint32_t i = 0; i < machine->partitions[partition].n_boards; i++)
        members |= bit_of(machine, machine->partitions[partition].boards[i]);
    return members;
}

// The map of other boards than those described: as if the partition had been described with them, in order of
// their numbers.
static void map_anew(struct domain *domain, const struct machine *machine, const struct partition_desc *desc,
                     uint64_t members)
{
    const struct system_desc *system = &machine->systems[desc->system];
    struct partition_desc *with = calloc(1, sizeof *with);
    bool interleaved = false;
    NP_ASSERT(with);
    for (uint16_t i = 0; i < system->boards; i++)
        if (members >> i & 1)
            with->boards[with->n_boards++] = (uint16_t)(system->first_board + i);
    for (uint32_t i = 0; i < desc->n_segments; i++)
        interleaved |= desc->segments[i].n_boards > 1;
    segments_default(with, machine, !interleaved);
    domain->n_segments = with->n_segments;
    memcpy(domain->segments, with->segments, sizeof domain->segments);
    free(with);
}

// Boards that a guest was not described with are offered to it, and their memory follows.
static void add_offered(struct domain *domain, const struct machine *machine, uint32_t partition,
                        uint64_t members)
{
    const struct system_desc *system = &machine->systems[machine->partitions[partition].system];
    for (uint16_t i = 0; i < system->boards; i++) {
        uint16_t board = (uint16_t)(system->first_board + i);
        if ((members >> i & 1) && domain_with(domain, machine, partition, board))
            domain->cpu_addresses[i] = guest_block(domain, machine, partition, board);
    }
}

void domain_original(struct domain *domain, const struct machine *machine, uint32_t partition,
                     uint64_t members)
{
    const struct partition_desc *desc = &machine->partitions[partition];
    uint64_t described = members_of(machine, partition);
    uint16_t version = domain->map_version;
    *domain = (struct domain){.partition = partition, .map_version = version};
    if (members == described || has_guest(machine, partition)) {
        domain->n_segments = desc->n_segments;
        memcpy(domain->segments, desc->segments, sizeof domain->segments);
        domain->members = described;
        add_offered(domain, machine, partition, members & ~described);
    } else {
        map_anew(domain, machine, desc, members);
        domain->members = members;
    }
    domain->map_version = (uint16_t)(version + 1);
}

bool domain_range(const struct domain *domain, uint16_t board, uint64_t limit, uint64_t *offset,
                  uint64_t *size)
{
    uint64_t from = UINT64_MAX, to = 0, sum = 0;
    for (uint32_t i = 0; i < domain->n_segments && domain->segments[i].base < limit; i++) {
        const struct segment_desc *segment = &domain->segments[i];
        if (!lies_on(segment, board))
            continue;
        uint64_t bytes = share_of(segment);
        if (segment->n_boards == 1 && end_of(segment) > limit)
            bytes = limit - segment->base;
        from = segment->offset < from ? segment->offset : from;
        to = segment->offset + bytes > to ? segment->offset + bytes : to;
        sum += bytes;
    }
    *offset = sum ? from : 0;
    *size = sum;
    return sum == 0 || to - from == sum;
}

bool domain_touches(const struct domain *domain, uint64_t base, uint64_t size, uint16_t board,
                    uint64_t offset, uint64_t bytes)
{
    for (uint32_t i = 0; i < domain->n_segments; i++) {
        const struct segment_desc *segment = &domain->segments[i];
        uint64_t from = base > segment->base ? base : segment->base;
        uint64_t to = base + size < end_of(segment) ? base + size : end_of(segment);
        if (!lies_on(segment, board) || from >= to)
            continue;
        if (segment->n_boards > 1)
            return true; // a piece of every size lies there, near enough
        from += segment->offset - segment->base;
        to += segment->offset - segment->base;
        if (from < offset + bytes && to > offset)
            return true;
    }
    return false;
}
