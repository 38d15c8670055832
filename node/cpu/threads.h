// SPDX-License-Identifier: Apache-2.0
// What a partition's operating system does, as far as it is simulated: threads of pools that are on one
// board, and this board's copy of their page tables. All boards of a partition keep equal copies; they change
// only by threads_unmap and threads_map, which boards tell one another (node/board).
//
// A thread has an address space (that of its pool; of traces, of its process), virtual addresses, and the
// state of its program. Nothing here sends messages: a thread that leaves is handed out as bytes, and one
// that arrives is taken from bytes.
#ifndef NP_NODE_CPU_THREADS_H
#define NP_NODE_CPU_THREADS_H

#include "node/cpu/cpu.h"
#include "node/memory/segment_map.h"
#include "proto/base/order.h"

struct threads;

// A page of an address space: both numbers are the same on all boards.
struct virtual_page {
    uint32_t space, number;
};

// Of board `board` with these CPUs (all initialised; those without a program of their own become the pools').
// `map` is the board's, and stays in force: frames are found through it. A board whose system has no pools
// gets NULL. Initially the threads of a pool are dealt out to the CPUs of its partition in turn, board after
// board, and its pages to the boards' frames; both are pure functions of the machine.
enum err_code threads_open(struct threads **threads, const struct machine *machine, uint16_t board,
                           struct cpu *cpus, uint32_t n_cpus, const struct segment_map *map, struct err *err);
void threads_free(struct threads *threads); // NULL is allowed

// Everything, page tables included, for saving, loading and hashing.
void threads_state(struct threads *threads, struct archive *ar);

// Page tables and nothing else: of a board that joins a partition, from one that is in it. `partition`
// becomes the partition whose pools this board serves.
void threads_tables(struct threads *threads, struct archive *ar);

// CPUs take threads, or take none any more. Offline, threads stay where they are until they are dismissed.
void threads_online(struct threads *threads, uint32_t partition, sim_time at);
void threads_offline(struct threads *threads, sim_time at);
uint32_t threads_cpus_online(const struct threads *threads);

uint32_t threads_here(const struct threads *threads);    // also those that are about to leave, or have ended
uint32_t threads_running(const struct threads *threads); // of these, not ended

// Asks `n` threads to leave (the least busy CPUs keep theirs; who has ended goes last). Each leaves when it
// has nothing under way.
void threads_dismiss(struct threads *threads, uint32_t n, sim_time at);

// The next thread that has left, as bytes that the caller frees, and when it was ready; false: none is ready
// now. Threads come in one order (of `at`, then of their CPUs), however the run is cut: one is held back as
// long as another may still leave before it. CPUs run ahead of their board's events, so it goes to the port
// no earlier than at + bus_order, like everything that CPUs send (board_bound).
bool threads_depart(struct threads *threads, uint8_t **bytes, uint32_t *size, sim_time *at);

// How many bytes its pool says that the context of a thread that was handed out has.
uint64_t threads_context(const struct threads *threads, const uint8_t *bytes, uint32_t size);

// Whether a thread that is ready to leave waits to be taken: the board looks after each of its CPUs' runs.
bool threads_waiting(const struct threads *threads);

// A thread arrives at `at`, and joins the CPU with the fewest.
void threads_arrive(struct threads *threads, const uint8_t *bytes, uint32_t size, sim_time at);

// The operating system that the board was part of is no more, at `at`: the threads that are here, none of
// which has anything under way or is asked to leave, end with it, and no pool's pages are known.
void threads_end(struct threads *threads, sim_time at);

// The partition of `domain`, the board's own, begins at `at` with these members and segments: its pools'
// threads and pages are dealt out over them as at time 0 over those of the description, and this board's
// threads begin. Whoever was here ends as above. The pages fit, and some CPU takes threads
// (coordinator/partition).
void threads_reset(struct threads *threads, const struct domain *domain, sim_time at);

// Frames of this board's memory that hold pages, those of programs with CPUs of their own counted (they are
// the first, and never move); and the first of a pool's pages from frame *frame on. Frame 0 begins at the
// partition's frames_offset.
uint32_t threads_frames_used(const struct threads *threads);
bool threads_next_frame(const struct threads *threads, uint32_t *frame, struct virtual_page *page);

// From `at` on no access of this board's CPUs to the page begins; threads that need it wait. threads_quiet:
// none that began before is under way any more, store buffers included.
void threads_unmap(struct threads *threads, struct virtual_page page, sim_time at);
bool threads_quiet(const struct threads *threads, struct virtual_page page);

// The page lies at real address `real` from `at` on, and may be used again.
void threads_map(struct threads *threads, struct virtual_page page, uint64_t real, sim_time at);

#endif
