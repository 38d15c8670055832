// SPDX-License-Identifier: Apache-2.0
// Which real addresses of a partition live on which board: the lecture's Dir as an address map. Each board
// has a copy of its own, which a planned fault may damage.
#ifndef NP_NODE_MEMORY_SEGMENT_MAP_H
#define NP_NODE_MEMORY_SEGMENT_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/archive.h"
#include "proto/base/machine.h"

struct segment_map {
    uint32_t n;
    struct segment_desc segments[SEGMENTS_MAX];
    uint16_t version;
};

struct location {
    uint16_t board;
    uint64_t offset; // in that board's memory
};

void segment_map_init(struct segment_map *map, const struct partition_desc *partition);

void segment_map_set(struct segment_map *map, const struct segment_desc *segments, uint32_t n,
                     uint16_t version);

// Where `address` lives. False when no segment covers it.
bool segment_map_find(const struct segment_map *map, uint64_t address, struct location *location);

// The inverse: the real address of a board's memory at `offset`. False when that memory is in no segment.
bool segment_map_real(const struct segment_map *map, struct location location, uint64_t *address);

// A machine fault: from now on entry `segment` names `home` for all of its range.
void segment_map_damage(struct segment_map *map, uint32_t segment, uint16_t home);

void segment_map_state(struct segment_map *map, struct archive *ar);

#endif
