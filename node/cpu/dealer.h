// SPDX-License-Identifier: Apache-2.0
// Dealing out the frames of a partition: what frames.c (programs on CPUs of their own) and pool_frames.c
// (pools) share. See placement.h.
#ifndef NP_NODE_CPU_DEALER_H
#define NP_NODE_CPU_DEALER_H

#include "node/cpu/placement.h"
#include "proto/trace/trace.h"

// One entry that replays a trace, and what its file says.
struct program {
    const struct cpu_desc *cpu; // one of its CPUs; of a pool: what its threads run
    uint32_t members;
    uint16_t *board_of; // per member: place among the partition's boards, or NOWHERE
    struct trace_info info;
    struct trace_touched *pages;
    struct trace_word *words;
    uint32_t n_pages, n_words;
};
#define NOWHERE UINT16_MAX

struct dealer {
    const struct machine *machine;
    uint32_t number;                        // of the partition
    const struct partition_desc *partition; // with the boards and segments that it has: see pool_spaces_open
    uint16_t board;                         // whose spaces are kept
    bool pools;                             // it is the turn of pools: their spaces are kept on all boards
    struct segment_map map;
    uint64_t used[BOARDS_PER_SYSTEM_MAX]; // frames dealt out, by place
    uint64_t lacking;                     // pools: pages for which no frame was left
    struct address_spaces *spaces;
    struct frame_owner *frames; // whose owners are asked for; else NULL
    uint32_t n_frames;
};

// What a round of members knows of the processes and streams of its trace.
struct round {
    const struct program *program;
    uint32_t number;
    uint16_t home_of[TRACE_STREAMS_MAX];  // stream: its CPU's board, or NOWHERE when nothing replays it
    uint16_t first_of[TRACE_STREAMS_MAX]; // process: board of its first stream that is replayed, or NOWHERE
    uint32_t turn[TRACE_STREAMS_MAX];     // process: pages placed so far
};

// Frames that a board of the partition has.
uint64_t dealer_frames(const struct dealer *dealer, uint32_t place);

// Gives a page the next frame of a board, which has one left.
void dealer_lay(struct dealer *dealer, struct page *page, uint16_t home);

// A pool's page takes a frame of `home`, or of the next board that has one left; else one is lacking.
void deal_pool_page(struct dealer *dealer, struct page *page, uint16_t home);

// Deals frames to all programs with CPUs of their own. Errors of address_spaces_open.
enum err_code deal_all(struct dealer *dealer, struct err *err);

// A program whose members' places are known (`board_of`, allocated, taken over): reads its trace, and deals
// frames to its pages, round by round.
enum err_code deal_members(struct dealer *dealer, const struct cpu_desc *cpu, uint16_t *board_of,
                           struct round *round, struct err *err);

// Adds a space without pages, all zero; those added before may move.
struct address_space *address_spaces_add(struct address_spaces *spaces);

#endif
