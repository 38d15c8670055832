// SPDX-License-Identifier: Apache-2.0
// What the system controller tells boards while a partition changes, and what boards answer.
//
// Orders are given at a cut: every board of the sync group stands at the same simulated time T, and an order
// takes effect at T, before the events of that time. A board answers an order with one report as soon as it
// has done what it asks, at a simulated time of its own. The controller hears of it the system's
// `controller_latency` later, which is the time of the next cut. So nothing here depends on how boards are
// spread over processes.
#ifndef NP_PROTO_BASE_ORDER_H
#define NP_PROTO_BASE_ORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/machine.h"

// What a board knows of its partition: who stands behind the same gates, and where real addresses live.
struct domain {
    uint32_t partition; // NO_PARTITION: none; then the rest is 0
    uint64_t members;   // bit per board, by its number in the system; itself included
    uint16_t map_version;
    uint32_t n_segments;
    struct segment_desc segments[SEGMENTS_MAX]; // ascending, disjoint; gaps are allowed
    // What a guest is offered of each member, by board in the system: the CPU address of the board's first
    // CPU; the others follow. They are standby until the guest configures them, and so is the board's memory,
    // as a storage element. Or one of the two below.
    uint16_t cpu_addresses[BOARDS_PER_SYSTEM_MAX];
};
// Those of the machine's description, and its memory is the guest's from the start.
#define CPU_ADDRESSES_DESCRIBED 0u
// Nothing: its CPUs are not operational, its memory is no element and stays out of the guest's reach.
#define CPU_ADDRESSES_NONE UINT16_MAX

enum order_kind {
    ORDER_POWER,   // number 1: on, memory and caches empty; 0: off, only of a board in no partition. Boards
                   // that begin in no partition are off
    ORDER_TEST,    // self-test of a board in no partition: memory patterns, and its L1s against one another
                   // through the board cache, in `size` bytes of memory (at least two pages); the report's
                   // status says how it ended. Memory and caches are empty afterwards
    ORDER_DOMAIN,  // `domain` becomes its gates, its partition and its segment map, on all its boards at one
                   // time; no line whose home changes is cached anywhere, and map_version is new. Threads of
                   // a board that is in none any more, quiesced, end
    ORDER_TABLES,  // `bytes` are the page tables of the partition's pools, as board_tables gave them
    ORDER_ONLINE,  // its CPUs take threads
    ORDER_OFFLINE, // they take none any more; all threads leave for the boards in `shares`, which are filled
                   // in their order
    ORDER_SPREAD,  // so many threads leave for each of the boards in `shares`
    ORDER_DRAIN,   // up to `number` pages in frames of its memory move to free frames of other boards, those
                   // in `shares`; the page tables of all boards follow. Several may be given at once: each
                   // begins beside the last pages of the one before, and they report in their order
    ORDER_QUIESCE, // its CPUs issue nothing from now on; done when nothing of this board is under way, and no
                   // line of its home waits for anybody
    ORDER_RESUME,  // they go on
    ORDER_COPY,    // quiesced, all boards: memory [offset, offset + size) goes to board `target`, at the same
                   // offset there, whose content nobody uses; pages' lines are brought home first
    ORDER_FLUSH,   // whatever its board cache holds is written back or dropped; its CPUs are offline
    ORDER_RESET, // quiesced, all boards of the partition: memory, caches and programs begin anew at the time
                 // of the order, pools' threads and pages dealt out over its members; what was counted stays
                 // counted. Goes on at once
    ORDER_TYPE,  // `bytes` are a line that somebody types at the partition's console (guest_line_ok), for the
                 // board of its service element: boards[0] of its description. At most TYPED_LINES_MAX wait
                 // there, which the board's view tells. Done at once, and not reported
    ORDER_KIND_COUNT
};

// So many threads, or free frames, of a board.
struct order_share {
    uint16_t board;         // complex-wide
    uint32_t first, number; // threads: `number`; frames: `number` from frame `first` on
};
#define ORDER_SHARES_MAX 1024u

struct order {
    uint64_t id; // of the operation's step, repeated by the report
    uint16_t board;
    enum order_kind kind;
    sim_time at;
    uint64_t number, offset, size;
    uint16_t target;
    struct domain domain;
    uint32_t n_shares;
    struct order_share *shares; // owned
    uint64_t n_bytes;
    uint8_t *bytes; // owned
};

void order_free(struct order *order);

enum report_status {
    REPORT_DONE,
    REPORT_FAILED_TEST, // `done`: bytes tested before it failed
    REPORT_NO_FRAMES,   // targets were used up; what has moved has moved
    REPORT_LOST,        // data of a page was lost (poisoned) before or while it moved; its line is lost where
                        // it is now, too, and whoever uses it is told
    REPORT_STATUS_COUNT
};

struct report {
    uint64_t id;
    uint16_t board;
    enum order_kind kind;
    enum report_status status;
    sim_time at;
    uint64_t done;      // pages, bytes or threads that this order moved, tested, or lines that it flushed
    uint64_t remaining; // of a drain: pages in frames of this board that are still to move
};

// To count lines takes a walk through the board's directory, which only the end of a drain is worth.
#define LINES_NOT_COUNTED UINT64_MAX

// How a board stands at a cut: what the controller decides by, and what consoles show.
struct board_view {
    uint16_t board;
    uint32_t partition; // NO_PARTITION: none
    bool powered, quiesced;
    uint32_t cpus, cpus_online;
    uint32_t bound; // CPUs with a program of their own that has not ended: it cannot go elsewhere
    uint32_t threads, threads_running; // of pools: here, and of these not ended
    uint32_t guest_cpus;               // bit per CPU: a guest has configured it, whether it runs or not
    uint64_t guest_bytes;              // of its memory, assigned to a guest
    uint64_t frames, frames_used;      // of its memory, for virtual pages
    uint64_t lines_cached;             // valid in its board cache; or LINES_NOT_COUNTED
    uint64_t cached_elsewhere;         // lines of its memory whose directory names another board; likewise
    uint32_t typed_waiting;            // of its service element: lines that were typed, and are not read
    uint32_t under_way;                // transactions of its board cache, and messages in its queues
    uint64_t accesses, hits, work;     // of its CPUs, so far
    uint64_t egress_busy_ps, ingress_busy_ps, home_busy_ps, memory_busy_ps, bus_busy_ps; // so far
    uint64_t sent_bytes[BOARDS_PER_SYSTEM_MAX]; // over the crossbar, by destination in the system
};

const char *order_name(enum order_kind kind); // "drain"

#endif
