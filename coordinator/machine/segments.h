// SPDX-License-Identifier: Apache-2.0
// The address map of a partition, as arithmetic on struct partition_desc; no file, no error text.
//
// What holds for every map that is made here (and is checked by machine_invalid):
// * Segments are ascending, disjoint and gap-free from real address 0.
// * A segment on n boards gives each of them the same share, size / n bytes, which begins at `offset` in the
// memory
//   of each. Address a of a segment with granule g lies on boards[((a - base) / g) % n], there at
//   offset + ((a - base) / g / n) * g + (a - base) % g. With g = 0, n is 1 and it lies at offset + (a -
//   base).
// * No two segments share a byte of a board, and every share ends within the memory of its boards.
// * Frames of virtual pages are the memory of each board from frames_offset on. They have real addresses like
// all
//   memory; regions of generators keep out of them (segments_region_free).
// * Base, size and offset are multiples of PAGE_BYTES; size is a multiple of g * n.
// So address to (board, offset) is one to one, and every board needs only the segments to know its own part.
#ifndef NP_COORDINATOR_MACHINE_SEGMENTS_H
#define NP_COORDINATOR_MACHINE_SEGMENTS_H

#include "proto/base/machine.h"

// Bytes of each board that a segment uses.
uint64_t segment_share(const struct segment_desc *segment);

// The first real address beyond the partition's segments.
uint64_t segments_end(const struct partition_desc *partition);

// Where a real address lies.
struct segment_place {
    uint32_t segment;  // index
    uint16_t board;    // complex-wide
    uint64_t offset;   // in that board's memory
    uint32_t position; // of the board among the segment's
    uint64_t granule;  // number of the granule in the segment; 0 in a contiguous one
};

// Returns false when no segment covers the address.
bool segments_find(const struct partition_desc *partition, uint64_t address, struct segment_place *place);

// Where the next segment on these boards may begin: the least multiple of a page that is free on all of them.
uint64_t segments_next_offset(const struct partition_desc *partition, const uint16_t *boards, uint32_t n);

// The map of a partition that lists no ranges. Contiguous: one range per board, of all its memory, so that a
// board that goes takes one range with it. Otherwise as much as the smallest board has, interleaved by page
// over all boards that do not float (contiguous when there is one); then what larger boards have beyond that,
// and floating ones, board by board.
void segments_default(struct partition_desc *partition, const struct machine *machine, bool contiguous);

// Whether [base, base + size), which lies in the partition, touches no frame of a virtual page.
bool segments_region_free(const struct partition_desc *partition, const struct machine *machine,
                          uint64_t base, uint64_t size);

// Bytes of `board` from frames_offset on that lie in no segment and hence could not be reached. 0 is what
// traces need.
uint64_t segments_frames_uncovered(const struct partition_desc *partition, const struct machine *machine,
                                   uint16_t board);

#endif
