// SPDX-License-Identifier: Apache-2.0
#include "node/memory/segment_map.h"

#include <string.h>

#include "proto/base/assert.h"

void segment_map_init(struct segment_map *map, const struct partition_desc *partition)
{
    segment_map_set(map, partition->segments, partition->n_segments, 0);
}

void segment_map_set(struct segment_map *map, const struct segment_desc *segments, uint32_t n,
                     uint16_t version)
{
    map->n = n;
    map->version = version;
    memcpy(map->segments, segments, n * sizeof map->segments[0]);
}

bool segment_map_find(const struct segment_map *map, uint64_t address, struct location *location)
{
    for (uint32_t i = 0; i < map->n; i++) {
        const struct segment_desc *s = &map->segments[i];
        uint64_t at = address - s->base;
        if (address < s->base || at >= s->size)
            continue;
        if (s->n_boards == 1) {
            *location = (struct location){s->boards[0], s->offset + at};
            return true;
        }
        uint64_t chunk = at / s->granule;
        *location = (struct location){s->boards[chunk % s->n_boards],
                                      s->offset + chunk / s->n_boards * s->granule + at % s->granule};
        return true;
    }
    return false;
}

static bool segment_real(const struct segment_desc *s, struct location location, uint64_t *address)
{
    for (uint32_t i = 0; i < s->n_boards; i++) {
        if (s->boards[i] != location.board || location.offset < s->offset)
            continue;
        uint64_t at = location.offset - s->offset;
        if (s->n_boards > 1)
            at = (at / s->granule * s->n_boards + i) * s->granule + at % s->granule;
        *address = s->base + at;
        return at < s->size;
    }
    return false;
}

bool segment_map_real(const struct segment_map *map, struct location location, uint64_t *address)
{
    for (uint32_t i = 0; i < map->n; i++)
        if (segment_real(&map->segments[i], location, address))
            return true;
    return false;
}

void segment_map_damage(struct segment_map *map, uint32_t segment, uint16_t home)
{
    NP_ASSERT(segment < map->n);
    map->segments[segment].n_boards = 1;
    map->segments[segment].boards[0] = home;
}

void segment_map_state(struct segment_map *map, struct archive *ar)
{
    ar_mark(ar, "SEGM");
    ar_u16(ar, &map->version);
    ar_count(ar, &map->n, SEGMENTS_MAX);
    for (uint32_t i = 0; i < map->n; i++) {
        struct segment_desc *s = &map->segments[i];
        ar_u64(ar, &s->base);
        ar_u64(ar, &s->size);
        ar_u64(ar, &s->granule);
        ar_u64(ar, &s->offset);
        ar_count(ar, &s->n_boards, BOARDS_PER_SYSTEM_MAX);
        for (uint32_t b = 0; b < s->n_boards; b++)
            ar_u16(ar, &s->boards[b]);
        if (s->n_boards == 0 || (s->n_boards > 1 && s->granule == 0))
            ar_fail(ar, "segment %u names no board or has no granule", i);
    }
}
