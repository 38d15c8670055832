// SPDX-License-Identifier: Apache-2.0
// What a board's firmware and its part of the operating system do while partitions change: orders of the
// system controller under way, packets to other boards, pages on the move. A unit of its own in the one
// order of events (UNIT_FIRMWARE).
//
// Whatever has to be waited for (an access that completes, a line that comes home) is looked after at *duty*
// events, one every bus_order while something is under way. So nothing of this costs a board anything while
// there is no order, and what is seen at a duty event does not depend on how far CPUs ran ahead: none passes
// an event.
#ifndef NP_NODE_BOARD_FIRMWARE_H
#define NP_NODE_BOARD_FIRMWARE_H

#include "node/cpu/threads.h"
#include "proto/base/archive.h"
#include "proto/base/order.h"

struct board;
struct event;

// An order under way.
struct task {
    struct order order; // a copy, owned
    uint64_t done;      // for the report: pages, bytes, threads or lines
    uint64_t taken;     // of what it is to do: begun
    uint64_t at;        // where it goes on: frame, offset or slot
    uint32_t share;     // of order.shares: the one in use
    uint32_t used;      // of that share
    bool begun, lost;
    enum report_status status;
};

struct report_list {
    uint32_t n, capacity;
    struct report *items;
};

struct firmware {
    bool touched; // has had an order or a packet: from then on it is part of the digest
    bool powered, quiesced;
    bool duty;    // a duty event is scheduled
    uint64_t seq; // of what it sends and schedules
    uint32_t n_tasks, tasks_capacity;
    struct task *tasks; // oldest first
    struct report_list reports;
    sim_time held[CPUS_PER_BOARD_MAX]; // quiesced: what the CPUs would be ready for
    uint64_t seen;                     // quiesced: what had been delivered when no line was found busy
};

// What packets say; in the order of their kinds, after a byte with the kind.
enum packet_kind { PACKET_KIND_COUNT };

// orders.c
void firmware_init(struct board *board);
void firmware_free(struct board *board);
void firmware_state(struct board *board, struct archive *ar); // also the domain
void firmware_duty(struct board *board);                      // a duty event
void firmware_attend(struct board *board); // something is to be looked after: a duty event will come

// The task is done: it reports, at the time of the event in hand, and is forgotten.
void task_end(struct board *board, struct task *task, uint64_t remaining);

// domain.c
void domain_init(struct board *board);
void domain_set(struct board *board, const struct domain *domain);
void domain_state(struct board *board, struct archive *ar);

// quiesce.c: each returns whether the task has ended (and is gone).
void quiesce_begin(struct board *board);
void quiesce_hold(struct board *board); // after loading
bool quiesce_duty(struct board *board, struct task *task);
void quiesce_end(struct board *board);
bool flush_duty(struct board *board, struct task *task);
uint32_t board_under_way(const struct board *board); // transactions, stalled requests, messages in its queues

// power.c: memory and caches are empty, as if never used; nothing may be under way.
void board_clear(struct board *board);

#endif
