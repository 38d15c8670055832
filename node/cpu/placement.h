// SPDX-License-Identifier: Apache-2.0
// The address space of a replayed program: which virtual page lies in which frame of which board's memory,
// and what the program has stored in it so far.
//
// Frames are never shared: each board of a partition owns an equal slice of the frames of every memory, and
// its CPUs that replay traces divide that slice. So a CPU finds its frames by counting, without asking
// anyone, and the order in which others run changes nothing.
#ifndef NP_NODE_CPU_PLACEMENT_H
#define NP_NODE_CPU_PLACEMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "node/memory/segment_map.h"
#include "proto/base/archive.h"
#include "proto/base/assert.h"
#include "proto/base/machine.h"

// A virtual page that has been used. Its frame may lie in lines of several stretches of real addresses when
// segments are interleaved by less than a page.
struct page {
    uint64_t number;  // virtual address / PAGE_BYTES
    uint64_t real;    // of its first byte
    uint64_t stretch; // real addresses from one granule of the frame to the next
    uint8_t *stored;  // PAGE_BYTES as the program left them; NULL: all zero
    uint8_t granule_shift;
    bool unchecked; // a store was lost: what the page holds is unknown
};

#define TRANSLATIONS 256u // host-side cache of page lookups; not a part of the machine, never a result

struct address_space {
    enum placement placement;
    uint16_t fixed_board;
    uint32_t own; // this board's place among the partition's
    uint32_t n_boards;
    struct home_frames {
        uint16_t board;
        uint64_t offset; // in that board's memory, of this address space's first frame
        uint64_t frames; // its number
        uint64_t used;
    } homes[BOARDS_PER_SYSTEM_MAX];
    struct segment_map map;

    // State: pages in the order of first use; all else follows from it.
    uint32_t n, capacity;
    struct page *pages;

    uint32_t buckets; // a power of two above 2 x n
    uint32_t *table;  // page index + 1, by hash of the page number; 0: empty
    struct translation {
        uint64_t number; // page number + 1; 0: none
        uint32_t page;
    } recent[TRANSLATIONS];
};

void address_space_init(struct address_space *space, const struct machine *machine,
                        const struct partition_desc *partition, const struct cpu_desc *cpu);
void address_space_free(struct address_space *space);

// The slow path of address_space_page.
#define NO_PAGE UINT32_MAX
uint32_t address_space_lookup(struct address_space *space, uint64_t number);

// The home that a page gets which is placed now; what an error names.
uint16_t address_space_next_home(const struct address_space *space);

// The index of the page that holds a virtual address, placed when this is its first use. NO_PAGE: its board
// has no frame left for this address space.
NP_INLINE uint32_t address_space_page(struct address_space *space, uint64_t address)
{
    uint64_t number = address / PAGE_BYTES;
    const struct translation *recent = &space->recent[number % TRANSLATIONS];
    if (NP_LIKELY(recent->number == number + 1))
        return recent->page;
    return address_space_lookup(space, number);
}

NP_INLINE uint64_t page_real(const struct page *page, uint64_t address)
{
    uint64_t in_page = address % PAGE_BYTES;
    return page->real + (in_page >> page->granule_shift) * page->stretch +
           (in_page & ((UINT64_C(1) << page->granule_shift) - 1));
}

// The program's view of memory: what `size` bytes at `address` hold after all its stores, and a store. They
// lie within one page.
uint64_t page_read(const struct page *page, uint64_t address, unsigned size);
void page_write(struct page *page, uint64_t address, unsigned size, uint64_t value);

void address_space_state(struct address_space *space, struct archive *ar);

#endif
