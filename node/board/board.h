// SPDX-License-Identifier: Apache-2.0
// One board: CPUs with their L1s, the board cache and its controller, a home with memory and directory, a
// crossbar port. A board shares no simulated state with others; what crosses is a timed message in `outbox`.
#ifndef NP_NODE_BOARD_BOARD_H
#define NP_NODE_BOARD_BOARD_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/archive.h"
#include "proto/base/err.h"
#include "proto/base/machine.h"
#include "proto/base/message.h"
#include "proto/base/order.h"
#include "proto/base/results.h"
#include "proto/base/text.h"
#include "proto/base/timeline.h"
#include "proto/base/watch.h"

struct board;

// How a board is simulated; none of it changes a result.
struct board_options {
    bool reference;          // every access a step of its own, no run-ahead
    struct watch_list watch; // lines of which states and messages are recorded
    struct timeline_range timeline;
    struct instruction_trace trace; // of guests' instructions
    uint64_t text_limit; // bytes of each stream that a CPU writes before it is heard no more; 0: the default
};

// Builds board `number` of the machine (which must outlive it) at time 0. NULL and *err on failure: a trace
// or a guest's image that cannot be read, a script that is malformed.
struct board *board_new(const struct machine *machine, unsigned number, const struct board_options *options,
                        struct err *err);
void board_free(struct board *board);

// Takes messages and frames that have been sent to this board; they take effect at their own times.
void board_deliver(struct board *board, const struct message *message, const uint8_t *data);
void board_deliver_frame(struct board *board, const struct frame *frame);

// Simulates everything before `until`. Returns false when it stopped early because `budget` events and access
// chunks were used up: call again with the same `until`.
bool board_run(struct board *board, sim_time until, uint64_t budget);

// What the board sent since the lists were last cleared; the caller takes the content and clears.
struct message_list *board_outbox(struct board *board);
struct frame_list *board_frames(struct board *board);

// Console text and traces of its guests since the list was last cleared, in no particular order.
struct text_list *board_texts(struct board *board);

// Moves to *to what no later piece of this board can come before: all pieces with times below the end of its
// last grant. `all`: also what lies beyond. The pieces that stay are saved with the board.
void board_take_texts(struct board *board, bool all, struct text_list *to);

// The earliest time at which this board could begin to send, on the crossbar or on a timed link, if nothing
// further arrived: CPU time + the way to the bus, or pending event + its way to the port, whichever is least.
sim_time board_bound(const struct board *board);

// CPU number `index` of the board; NULL: the board has no such CPU. For tests, which read registers and ask
// programs for their state.
struct cpu;
const struct cpu *board_cpu(const struct board *board, unsigned index);

// What this board holds of `size` bytes at a real address of its partition: its cache's copy, else what its
// own memory holds, else zeros. For tests that look at storage when nothing is under way.
void board_peek(const struct board *board, uint64_t address, uint8_t *bytes, uint64_t size);

// The system controller's orders, at a cut (proto/base/order.h); the board takes a copy. Several may be under
// way; a board works on drains one after another, in the order in which they came. Whoever holds the board's
// bound asks for it again: an order may have made it earlier. A board that stood still is at the order's time
// from then on.
void board_order(struct board *board, const struct order *order);

// Reports that wait to be taken: how many, and when number `index` of them was made, 0 the oldest; never
// beyond the end of the last grant. board_take_report removes the oldest; false: there is none. While an
// order is under way board_bound is no later than the next event that serves it, also one that sends nothing.
uint32_t board_reports(const struct board *board);
sim_time board_report_time(const struct board *board, uint32_t index);
bool board_take_report(struct board *board, struct report *report);

// How it stands, with `lines` counted or not. Only at a cut.
void board_view(const struct board *board, bool lines, struct board_view *view);

// The page tables of its partition's pools, for ORDER_TABLES of a board that joins it.
void board_tables(struct board *board, struct archive *ar);

unsigned board_number(const struct board *board);    // in the machine
uint32_t board_partition(const struct board *board); // as it is now; NO_PARTITION: none
// CPUs with a program of their own that are not done, nor in an endless wait, and threads of pools likewise.
uint32_t board_running(const struct board *board);
uint64_t board_accesses(const struct board *board); // completed
uint64_t board_events(const struct board *board);

// Saves, loads or hashes the whole state. Loading needs a board freshly built from the same machine
// description.
void board_state(struct board *board, struct archive *ar);

// What was recorded of watched line number `index` of the options: *n events, oldest first, and *dropped more
// that were not kept. NULL and 0 when the line is of another system. Valid until the board goes on.
const struct watch_event *board_watched(const struct board *board, uint32_t index, uint32_t *n,
                                        uint64_t *dropped);

// Whether at least `least` records of the board's timeline wait to be taken, those that were not kept
// counted.
bool board_timeline_waits(const struct board *board, uint32_t least);

// Takes up to TIMELINE_CHUNK_MAX of them, and *dropped, how many were not kept since the last call. Returns
// their number. The board has a timeline.
uint32_t board_timeline(struct board *board, struct timeline_record *records, uint64_t *dropped);

// The run has ended: the interval under way is completed, and no more begin.
void board_timeline_end(struct board *board);

// What it did apart by the partitions in which it was, in order of the first time: how many of them, and
// number `index`. None where its partition never changed.
uint32_t board_stays(const struct board *board);
void board_stay(const struct board *board, uint32_t index, struct stay *stay);

// Results so far, digest included. The struct is large: the caller's, not on a small stack.
void board_results(struct board *board, struct board_results *results);

#endif
