// SPDX-License-Identifier: Apache-2.0
// Small machines with pools, for tests of threads; and a stand-in for the system's software that moves their
// threads and pages about while they run: at cuts, with no messages and at no cost, but by the same functions
// that boards use.
#ifndef NP_TESTS_LIB_POOL_MACHINE_H
#define NP_TESTS_LIB_POOL_MACHINE_H

#include "node/cpu/threads.h"
#include "tests/lib/mini_complex.h"
#include "tests/lib/tiny_machine.h"

#define POOL_MACHINE_POOLS 4u

struct pool_machine {
    struct tiny_machine tiny;
    struct pool_desc pools[POOL_MACHINE_POOLS];
};

// The machine, without pools. Frames begin at shape->frames_offset.
void pool_machine_init(struct pool_machine *pool, const struct tiny_shape *shape);

// Another pool of partition 0; quantum 2 us, switch 100 ns. What else its threads do is the caller's to say.
struct pool_desc *pool_machine_add(struct pool_machine *pool, uint32_t n_threads, enum cpu_kind kind);

// The threads of a board of a complex; NULL: its system has no pools.
struct threads *threads_of(const struct mini_complex *complex, unsigned board);

// Writes a word that no thread would into memory, at `offset` of a page that nobody has used yet.
void pool_machine_spoil(struct mini_complex *complex, struct virtual_page page, uint32_t offset);

#define MOVER_PAGES   16u
#define MOVER_THREADS 64u

// Moves go on at random, from `seed`: at each step threads are dismissed, taken, and some of those that are
// away arrive, wherever; pages are unmapped, and those that lie still are copied to frames that no page had,
// and mapped. Threads may be left alone, or pages.
struct pool_mover {
    struct mini_complex *complex; // may become another one that has the same state
    struct rng rng;
    bool threads, pages;
    uint64_t threads_moved, pages_moved;
    uint32_t next_frame[TINY_BOARDS]; // frames before it have had a page, per board
    uint32_t n_away;
    struct {
        uint8_t *bytes; // owned
        uint32_t size;
    } away[MOVER_THREADS];
    uint32_t n_unmapped;
    struct {
        struct virtual_page page;
        sim_time quiet_since; // SIM_NEVER: it was not, at the last step
    } unmapped[MOVER_PAGES];
};

void pool_mover_init(struct pool_mover *mover, struct mini_complex *complex, uint64_t seed);
void pool_mover_free(struct pool_mover *mover);

// Runs to `at`, and makes a random move there.
void pool_mover_step(struct pool_mover *mover, sim_time at);

// No moves begin any more: runs on until all pages are mapped and all threads somewhere, then to the end of
// all programs. `step`: simulated time between two looks. False: they do not end in `most` steps.
bool pool_mover_finish(struct pool_mover *mover, sim_time at, sim_time step, unsigned most);

#endif
