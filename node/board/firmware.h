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

#include "node/cpu/cpu.h"
#include "node/cpu/threads.h"
#include "proto/base/archive.h"
#include "proto/base/message.h"
#include "proto/base/order.h"

struct board;
struct event;

// An order under way.
struct task {
    struct order order;      // a copy, owned
    uint64_t serial;         // of the board's orders
    uint64_t done;           // for the report: pages, bytes, threads or lines
    uint64_t taken;          // of what it is to do: begun
    uint64_t at;             // where it goes on: frame, offset or slot; of threads: how many are to go
    uint32_t share;          // of order.shares: the one in use
    uint32_t used;           // of that share
    bool begun, ready, lost; // copy: told the target; has its answer. Some data was lost
    enum report_status status;
};

struct report_list {
    uint32_t n, capacity;
    struct report *items;
};

// What packets say, between boards of a partition.
enum packet_kind {
    PACKET_UNMAP,      // drain: these pages are about to move
    PACKET_UNMAPPED,   // nobody here uses them any more
    PACKET_MAP,        // they lie there now
    PACKET_MAPPED,     // understood
    PACKET_PAGE,       // a page of memory: put it there
    PACKET_PAGE_TAKEN, // done
    PACKET_CLEAR,      // a stretch of memory is to be as if never used
    PACKET_CLEARED,    // done
    PACKET_THREAD,     // a thread of a pool, or a part of one that is large
    PACKET_THREAD_TAKEN,
    PACKET_KIND_COUNT
};

// Pages under way at once: as many as keep port or directory busy while others wait for answers.
#define MOVING_PAGES_MAX 32u
#define PAGE_LINES_MAX   (PAGE_BYTES / LINE_BYTES_MIN)

// A page of this board's memory on its way to another board: its lines are brought home one after another.
struct moving_page {
    bool used;
    uint64_t number; // pages go in the order of these
    uint64_t offset; // in this board's memory
    uint16_t target;
    uint64_t target_offset;
    bool of_drain;        // else of a copy,
    bool to_nowhere;      // or of storage that a guest has given back
    uint8_t batch;        // of the drain
    uint32_t begun, home; // lines that were looked at; that memory has
    sim_time read_at;     // when the last of these has been read
    uint8_t lost[PAGE_LINES_MAX / 8];
};

// A line that is being brought home.
enum cleaning_stage { CLEANING_NONE, CLEANING_LOOK, CLEANING_ASK, CLEANING_PUT };
struct cleaning {
    uint8_t stage; // enum cleaning_stage
    uint8_t page;
    uint16_t line;
};
#define CLEANING_MAX 64u

struct mover {
    uint64_t next_number;
    uint32_t n_pages, n_lines, looks; // in use; looks: lines at CLEANING_LOOK
    struct moving_page pages[MOVING_PAGES_MAX];
    struct cleaning lines[CLEANING_MAX];
};

// A drain tells the partition's boards of several pages at once, and keeps a few such batches going: while
// one is being unmapped and another mapped, the third keeps the port busy. More would only make threads wait.
#define BATCH_PAGES 8u
#define BATCHES_MAX 3u
_Static_assert(BATCH_PAGES *BATCHES_MAX <= MOVING_PAGES_MAX, "every page of a drain can move");

enum batch_phase { BATCH_FREE, BATCH_UNMAP, BATCH_MOVE, BATCH_MAP, BATCH_PHASE_COUNT };
struct batch_page {
    struct virtual_page page;
    uint64_t from; // in this board's memory
    uint16_t target;
    uint64_t to; // in the target's memory
};
struct drain_batch {
    uint8_t phase;       // enum batch_phase
    uint64_t drain;      // serial of the task that it is part of
    uint32_t n, awaited; // pages; answers still to come
    struct batch_page pages[BATCH_PAGES];
};

// Pages that another board wants to move, until nobody here uses them.
struct unmapping {
    uint16_t from;
    uint8_t batch;
    uint32_t n;
    struct virtual_page pages[BATCH_PAGES];
};

// A thread of which the first parts have come.
struct arriving {
    uint16_t from;
    uint32_t size, total, got; // of what it says; with what fills up its context; so far
    uint8_t *bytes;            // owned
};

struct arriving_list {
    uint32_t n;
    struct arriving *items;
};

struct unmapping_list {
    uint32_t n, capacity;
    struct unmapping *items;
};

// What a CPU was doing before its board's self-test, and goes on with.
struct aside {
    const struct program_ops *ops;
    void *program;
    bool done, blocked;
    sim_time wake_at;
};

struct firmware {
    bool touched; // has had an order or a packet: from then on it is part of the digest
    bool powered, quiesced;
    bool duty;       // a duty event is scheduled
    uint64_t seq;    // of what it sends and schedules
    uint64_t serial; // of the next order
    uint32_t n_tasks, tasks_capacity;
    struct task *tasks; // oldest first
    struct report_list reports;
    sim_time held[CPUS_PER_BOARD_MAX]; // quiesced: what the CPUs would be ready for
    uint64_t seen;                     // quiesced: what had been delivered when no line was found busy
    bool testing;                      // itself
    uint64_t test_bytes;
    struct aside aside[CPUS_PER_BOARD_MAX];
    struct mover mover;
    struct drain_batch batches[BATCHES_MAX]; // of drains under way
    uint32_t drain_frame;                    // frames before it have left, or are leaving
    struct unmapping_list unmappings;
    struct arriving_list arriving;
};

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

// packet.c: sends what `packet` holds, which packet_begin began, at `at` or as soon as the port is free.
void packet_begin(struct archive *packet, enum packet_kind kind);
void packet_send(struct board *board, unsigned to, struct archive *packet, sim_time at);
void packet_deliver(struct board *board, const struct frame *frame); // from another board
void packet_egress(struct board *board, uint32_t payload);
void packet_arrive(struct board *board, const struct event *event);
void packet_receive(struct board *board, const struct event *event);

// clean.c: brings the lines of moving pages home, and passes on each page that is complete.
void clean_advance(struct board *board);
void clean_event(struct board *board, uint32_t index); // a line's directory has been read
bool clean_duty(struct board *board);                  // whether some line waits for the board cache

// move_page.c: page by page to other boards' memory.
struct moving_page *move_page(struct board *board, uint64_t offset, uint16_t target, uint64_t target_offset);
void move_page_out(struct board *board, struct moving_page *page); // all its lines are home
void move_page_in(struct board *board, unsigned from, struct archive *packet);
void move_page_taken(struct board *board, unsigned from, struct archive *packet);

// drain.c
bool drain_duty(struct board *board, struct task *task);
void drain_page_moved(struct board *board, const struct moving_page *page, bool lost);
void drain_unmapped(struct board *board, unsigned from, struct archive *packet);
void drain_mapped(struct board *board, unsigned from, struct archive *packet);

// unmap.c: the other side of a drain, on every board of the partition.
void unmap_receive(struct board *board, unsigned from, struct archive *packet);
void map_receive(struct board *board, unsigned from, struct archive *packet);
void unmap_duty(struct board *board);

// copy.c
bool copy_duty(struct board *board, struct task *task);
void copy_page_moved(struct board *board, bool lost);
void copy_clear(struct board *board, unsigned from, struct archive *packet);
void copy_cleared(struct board *board, unsigned from, struct archive *packet);

// leave.c: threads that go to other boards.
void leave_begin(struct board *board, struct task *task);
bool leave_duty(struct board *board, struct task *task);
void leave_arrived(struct board *board, unsigned from, struct archive *packet);
void leave_taken(struct board *board, unsigned from, struct archive *packet);
void arriving_state(struct arriving_list *list, struct archive *ar);
void arriving_free(struct arriving_list *list);

// test_board.c
void test_begin(struct board *board, struct task *task);
bool test_duty(struct board *board, struct task *task);
void test_attach(struct board *board); // after loading, before the CPUs

// The test is gone, and each CPU has its own program again.
void test_put_back(struct board *board);
void test_state(struct board *board, struct archive *ar);

// power.c: memory and caches are empty, as if never used; nothing may be under way.
void board_clear(struct board *board);

// reset.c: the partition begins anew; quiesced, and goes on at once.
void board_reset(struct board *board);

// The CPUs of a guest that has stopped are as if they had never run. A self-test begins so: of what it puts
// aside no state is saved.
void reset_guest(struct board *board);

#endif
