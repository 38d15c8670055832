// SPDX-License-Identifier: Apache-2.0
// The address spaces of replayed programs and of pools: which virtual page lies in which frame of which
// board's memory.
//
// The streams of one recorded process share an address space, although their CPUs may sit on several boards,
// and boards share no state. So where pages lie is a pure function of the machine description and the traces'
// lists of pages, which every board computes for itself when it opens. Frames are dealt out one after another
// from each home's frames area, to the programs of the partition in their order and to their pages in order
// of first use: no frame belongs to two pages, and none is lost to a division by guess. Pools come last; only
// their pages may be laid elsewhere later (threads.h), and every board of the partition knows all of them.
#ifndef NP_NODE_CPU_PLACEMENT_H
#define NP_NODE_CPU_PLACEMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "node/memory/segment_map.h"
#include "proto/base/archive.h"
#include "proto/base/assert.h"

#define PAGE_SHIFT 12
_Static_assert(1u << PAGE_SHIFT == PAGE_BYTES, "a frame in one piece is one granule");

// A virtual page. Its frame may lie in lines of several stretches of real addresses when segments are
// interleaved by less than a page.
struct page {
    uint64_t number;  // virtual address / PAGE_BYTES
    uint64_t real;    // of its first byte
    uint64_t stretch; // real addresses from one granule of the frame to the next
    uint8_t granule_shift;
    bool unmapped;                // of pools: it is on its way to another frame; who needs it waits
    bool shared;                  // by several streams
    bool unchecked;               // private: a store was lost, what the page holds is unknown
    uint32_t stream;              // private: the one that uses it
    uint32_t first_word, n_words; // its synchronisation words among the space's
    uint8_t *stored;              // private: PAGE_BYTES as the program left them; NULL: all zero
};

// The space of one process of one round of members, or of a pool's generators. Read-only for its CPUs but for
// the contents of private pages, which belong to one stream each.
struct address_space {
    uint32_t program, round, process;
    uint32_t index; // in the list of spaces
    uint64_t salt;  // of what is stored in its shared pages
    uint32_t n;
    struct page *pages; // in order of first use; of generators: all, in ascending order
    uint32_t buckets;   // a power of two above 2 x n; 0: of generators
    uint32_t *table;    // page index + 1, by hash of the page number; 0: empty
    uint32_t changes;   // of its page table, so far: what is noted of real addresses is old; never state
    uint32_t n_words;
    uint64_t *words; // addresses of synchronisation words, ascending
};

// All spaces with a CPU on one board; or all those of a partition's pools.
struct address_spaces {
    uint32_t n, capacity;
    struct address_space *list; // owned
};

// Computes them. ERR_FILE, ERR_DAMAGED_TRACE, ERR_MEMORY; ERR_IMPOSSIBLE_MACHINE when a home has fewer frames
// than its pages need, or when threads that wait for one another are without CPUs.
enum err_code address_spaces_open(const struct machine *machine, uint16_t board,
                                  struct address_spaces **spaces, struct err *err);
void address_spaces_free(struct address_spaces *spaces); // NULL is allowed

// Computes those of all pools of partition number `partition` when it begins with the boards and segments of
// `present`: the machine's own description at time 0, a copy with others in their place after a boot that
// changed them. `bound`: set to the frames (from frame 0 on) that programs on CPUs of their own have, by the
// board's place in `present`: their pages stay where they are. Errors as above.
enum err_code pool_spaces_open(const struct machine *machine, uint32_t partition,
                               const struct partition_desc *present, struct address_spaces **spaces,
                               uint32_t bound[BOARDS_PER_SYSTEM_MAX], struct err *err);

// Lays a page at real address `real`, as segments are in `map`. False when none covers it.
bool page_lay(struct page *page, const struct segment_map *map, uint64_t real);

// Whether a real address belongs to the frame in which the page lies, or lay when it was unmapped.
bool page_holds(const struct page *page, uint64_t real);

// A frame of a board's memory, and the page that was laid there.
struct frame_owner {
    uint16_t board;
    uint64_t offset;   // in its memory
    const char *trace; // file, as in the machine description; NULL: no page lies there
    uint32_t process;  // of that trace
    uint64_t virtual_address;
};

// Fills in the owners of `n` frames of the partition, by laying all pages again. Errors as above.
enum err_code address_spaces_owners(const struct machine *machine, const struct partition_desc *partition,
                                    struct frame_owner *frames, uint32_t n, struct err *err);

// The space of a process, or NULL.
struct address_space *address_spaces_get(struct address_spaces *spaces, uint32_t program, uint32_t round,
                                         uint32_t process);

// The space of a CPU that replays a stream of `process`.
struct address_space *address_spaces_find(struct address_spaces *spaces, const struct cpu_desc *cpu,
                                          uint32_t n_streams, uint32_t process);

#define NO_PAGE UINT32_MAX
// The index of a page, or NO_PAGE when the trace's list lacks it: then the trace is damaged.
uint32_t address_space_lookup(const struct address_space *space, uint64_t number);

// Whether any of `size` bytes at `address`, which lie in `page`, belong to a synchronisation word.
bool page_has_word(const struct address_space *space, const struct page *page, uint64_t address,
                   unsigned size);

NP_INLINE uint64_t page_real(const struct page *page, uint64_t address)
{
    uint64_t in_page = address % PAGE_BYTES;
    if (NP_LIKELY(page->granule_shift == PAGE_SHIFT))
        return page->real + in_page;
    return page->real + (in_page >> page->granule_shift) * page->stretch +
           (in_page & ((UINT64_C(1) << page->granule_shift) - 1));
}

// The program's view of a private page: what `size` bytes at `address` hold after all its stores, and a
// store. They lie within one page.
uint64_t page_read(const struct page *page, uint64_t address, unsigned size);
void page_write(struct page *page, uint64_t address, unsigned size, uint64_t value);

// The private pages of a stream: what it stored there. A thread that leaves the board takes them along:
// nothing is known here any more.
void address_space_state(struct address_space *space, uint32_t stream, struct archive *ar);
void address_space_forget(struct address_space *space, uint32_t stream);

#endif
