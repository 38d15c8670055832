// SPDX-License-Identifier: Apache-2.0
// The conversation between the coordinator and its workers: node processes, and the fabric process. The
// worker that owns simulated time (the fabric, or the single node of a packed run) is called the conductor.
//
//     worker                          coordinator
//     HELLO      ------------------>                 I am here
//                <------------------  CONFIGURE      this is the machine, and your part of it
//     READY      ------------------>                 my boards are built
//                <------------------  START          (conductor) run until ...
//     PROGRESS   ------------------>                 (conductor) some times a second
//     TIMELINE   ------------------>                 what was recorded since the last one
//     TEXT       ------------------>                 what guests wrote since the last one
//     PAUSED     ------------------>                 (conductor) reached a stop point; no grant is out
//                <------------------  SAVE, COLLECT, START ...
//     SAVED, RESULTS -------------->                 before both: the last of TEXT; before RESULTS:
//                                                    WATCHED, the last of TIMELINE
//                <------------------  REGROUP        (all) these boards are a sync group from now on
//     REGROUPED  ------------------>
//                <------------------  ORDERS         (nodes) do this, and tell me what you have
//     REPORTS    ------------------>
//                <------------------  EXIT
//     BYE        ------------------>
//
// FAILED may come at any time and ends the run. STOP (to the conductor) asks for a pause at the next grant
// boundary. REGROUP and ORDERS are said only while paused, and START only after all have answered them.
#ifndef NP_PROTO_CODEC_CONTROL_H
#define NP_PROTO_CODEC_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/err.h"
#include "proto/base/machine.h"
#include "proto/base/order.h"
#include "proto/base/progress.h"
#include "proto/base/text.h"
#include "proto/base/timeline.h"
#include "proto/base/watch.h"
#include "proto/codec/bytes.h"
#include "proto/codec/results.h"

#define CONTROL_VERSION 3u // of all conversations; processes of different versions refuse each other

enum control_side { FROM_WORKER, FROM_COORDINATOR };

// X(enumerator, printed name, who sends it)
#define CONTROL_KINDS(X)                                                                                     \
    X(CONTROL_HELLO, "HELLO", FROM_WORKER)                                                                   \
    X(CONTROL_READY, "READY", FROM_WORKER)                                                                   \
    X(CONTROL_FAILED, "FAILED", FROM_WORKER)                                                                 \
    X(CONTROL_PROGRESS, "PROGRESS", FROM_WORKER)                                                             \
    X(CONTROL_PAUSED, "PAUSED", FROM_WORKER)                                                                 \
    X(CONTROL_RESULTS, "RESULTS", FROM_WORKER)                                                               \
    X(CONTROL_SAVED, "SAVED", FROM_WORKER)                                                                   \
    X(CONTROL_BYE, "BYE", FROM_WORKER)                                                                       \
    X(CONTROL_CONFIGURE, "CONFIGURE", FROM_COORDINATOR)                                                      \
    X(CONTROL_START, "START", FROM_COORDINATOR)                                                              \
    X(CONTROL_STOP, "STOP", FROM_COORDINATOR)                                                                \
    X(CONTROL_SAVE, "SAVE", FROM_COORDINATOR)                                                                \
    X(CONTROL_COLLECT, "COLLECT", FROM_COORDINATOR)                                                          \
    X(CONTROL_EXIT, "EXIT", FROM_COORDINATOR)                                                                \
    X(CONTROL_WATCHED, "WATCHED", FROM_WORKER)                                                               \
    X(CONTROL_TIMELINE, "TIMELINE", FROM_WORKER)                                                             \
    X(CONTROL_TEXT, "TEXT", FROM_WORKER)                                                                     \
    X(CONTROL_ORDERS, "ORDERS", FROM_COORDINATOR)                                                            \
    X(CONTROL_REPORTS, "REPORTS", FROM_WORKER)                                                               \
    X(CONTROL_REGROUP, "REGROUP", FROM_COORDINATOR)                                                          \
    X(CONTROL_REGROUPED, "REGROUPED", FROM_WORKER)

enum control_kind {
    CONTROL_NONE, // no message: what a receive gives when none came; never encoded
#define X(name, text, side) name,
    CONTROL_KINDS(X)
#undef X
        CONTROL_KIND_COUNT
};

enum control_role { ROLE_NODE, ROLE_FABRIC, ROLE_COUNT };

struct control_hello {
    uint32_t version; // CONTROL_VERSION of the sender
    uint64_t run_id;
    enum control_role role;
    uint32_t index; // among those of its role, below NODES_MAX
    uint64_t pid;   // of the process on its own host
};

struct control_ready {
    uint32_t index;
};

struct control_failed {
    enum err_code code; // never ERR_OK; an identifier that this version does not know is read as ERR_INTERNAL
    char text[ERR_TEXT_SIZE];
};

#define GROUPS_MAX PARTITIONS_MAX // of sync groups: one per partition, and those of boards in none

struct control_progress {
    uint32_t n_groups; // at most GROUPS_MAX
    struct group_progress *groups;
};

struct control_paused {
    enum pause_reason reason;
    uint32_t n_groups; // at most GROUPS_MAX
    struct group_progress *groups;
};

// One file of a saved state: of a board, or of a sync group.
enum saved_kind { SAVED_BOARD, SAVED_GROUP, SAVED_KIND_COUNT };

struct saved_part {
    enum saved_kind kind;
    uint32_t index;            // board number, or group number
    char name[NAME_MAX_BYTES]; // of the file inside the save folder; no '/' in it, not "." or ".."
    uint64_t bytes;            // of the file
    uint64_t plain_bytes;      // before compression
    uint64_t checksum;         // XXH3-64 of the uncompressed state
};

#define SAVED_PARTS_MAX (BOARDS_MAX + GROUPS_MAX)

struct control_saved {
    uint32_t n_parts; // at most SAVED_PARTS_MAX
    struct saved_part *parts;
};

struct run_options {
    uint64_t chop_seed;     // 0: grants are not shortened at random
    double host_fault_rate; // 0 <= rate < 1: share of data-plane frames that are lost, doubled, late, damaged
    uint64_t host_fault_seed;
    bool reference;          // every access an event of its own
    bool use_bounds;         // grants reach beyond the lookahead where the bounds of the boards allow it
    bool skip_idle;          // grants reach over times at which nothing can happen
    bool pin_core;           // keep all threads on one core
    bool insecure;           // tcp without encryption was allowed by the user
    uint32_t silence_ms;     // a data-plane peer that is silent for so long is given up; at least 1
    struct watch_list watch; // recorded beside the simulation
    struct timeline_range timeline; // likewise
    struct instruction_trace trace; // likewise
    uint64_t text_limit;            // bytes of each stream of a partition; 1 .. TEXT_LIMIT_MAX
};

#define NO_NODE UINT16_MAX

struct control_configure {
    uint64_t run_id;
    uint32_t epoch;
    struct machine machine; // owned
    enum control_role role; // of the receiver
    uint32_t index;
    uint32_t nodes;                      // processes that simulate boards, 1 .. NODES_MAX
    uint32_t threads;                    // of each of them, 1 .. THREADS_MAX
    uint16_t node_of_board[BOARDS_MAX];  // machine.n_boards of them; NO_NODE: the board is in no partition
    uint32_t group_of_board[BOARDS_MAX]; // likewise; below GROUPS_MAX, or NO_GROUP; of a group: one system
    struct run_options options;
    char data_endpoint[PATH_MAX_BYTES]; // of the data plane; "" in a packed run, which has none
    char run_folder[PATH_MAX_BYTES];
    char resume_folder[PATH_MAX_BYTES]; // of the saved state to continue from; "": start at time 0
};

struct control_start {
    uint64_t stop_at_grant;        // pause when so many have been given, over all groups; 0: none
    sim_time stop_at_time;         // pause there; SIM_NEVER: none
    uint64_t pace;                 // simulated ps per second of the host, at most; 0: as fast as it can
    sim_time skew;                 // how far a group may be ahead of the slowest; 0: without a limit
    uint32_t n_wanted;             // at most GROUPS_MAX, of different groups
    struct wanted_reports *wanted; // owned
};

struct board_set {
    uint64_t bits[BOARDS_MAX / 64]; // bit per board of the machine
};

static inline bool board_set_has(const struct board_set *set, unsigned board)
{
    return set->bits[board / 64] >> board % 64 & 1;
}

static inline void board_set_add(struct board_set *set, unsigned board)
{
    set->bits[board / 64] |= UINT64_C(1) << board % 64;
}

// From now on boards with equal numbers form a sync group. All boards of a group that changes stand at `at`
// already, are in no group, or belong to one that has finished before: these are brought there. Groups that
// stay as they are may stand anywhere.
struct control_regroup {
    sim_time at;
    uint32_t n_boards; // of the machine
    uint32_t group_of_board[BOARDS_MAX];
};

// At a cut: first reports are taken, then orders given, in this order, then views and tables looked at. What
// concerns boards that are not the receiver's is for others. ORDER_TABLES with more bytes than
// TABLES_CHUNK_BYTES comes in pieces, in this message or several: `offset` is the piece's place in the
// tables, `size` their size; the board is given the order when all of it has come.
struct control_orders {
    struct board_set take, views;
    bool lines;           // views have counted lines of caches and directories
    uint16_t tables;      // a board, or NO_BOARD
    uint64_t tables_from; // where in its tables the wanted piece begins
    uint32_t n_orders;    // at most ORDERS_MAX
    struct order *orders; // owned, with what they own
};

// The answer of one node, for its boards.
struct control_reports {
    uint32_t n_reports, n_views; // at most REPORTS_MAX and BOARDS_MAX
    struct report *reports;      // of each board in the order in which it made them; owned
    struct board_view *views;    // ascending by board; owned
    uint64_t tables_size;        // of the wanted tables; 0: the board is not here, or has none
    uint64_t n_bytes;            // of the wanted piece, at most TABLES_CHUNK_BYTES
    uint8_t *bytes;              // owned
};

struct control_save {
    char folder[PATH_MAX_BYTES]; // exists; the parts go into it
};

// Some of what a board recorded of a watched line; several follow one another, oldest events first.
struct control_watched {
    uint32_t board, line; // line: its place in the list of CONFIGURE
    uint64_t dropped;     // events of that line on that board that were not kept, in all
    uint32_t n_events;    // at most WATCH_CHUNK_MAX
    struct watch_event *events;
};

// Some records of a timeline, of one board, or of grants of one sync group.
struct control_timeline {
    bool grants;
    uint32_t source;    // board, or group
    uint64_t dropped;   // records of that source that were not kept since it was last said
    uint32_t n_records; // at most TIMELINE_CHUNK_MAX
    struct timeline_record *records;
};

// Some text of a partition's guests, from the boards of one worker. All pieces of these boards with times
// below `reached` have come with this message or an earlier one.
struct control_text {
    uint32_t partition;
    sim_time reached;        // SIM_NEVER: nothing more will come
    struct text_list pieces; // owned; TEXT_CHUNK_PIECES at most, of TEXT_CHUNK_BYTES together; in no order
};

struct control {
    enum control_kind kind;
    union { // the member of the kind's name; BYE, STOP, COLLECT, EXIT, REGROUPED: none
        struct control_hello hello;
        struct control_ready ready;
        struct control_failed failed;
        struct control_progress progress;
        struct control_paused paused;
        struct results results;
        struct control_saved saved;
        struct control_configure configure;
        struct control_start start;
        struct control_save save;
        struct control_watched watched;
        struct control_timeline timeline;
        struct control_text text;
        struct control_orders orders;
        struct control_reports reports;
        struct control_regroup regroup;
    };
};

const char *control_name(enum control_kind kind); // "HELLO"; "?" for what is none
enum control_side control_side_of(enum control_kind kind);

// Writes the message to `bytes`, replacing what is there. ERR_LIMIT when it is larger than a control message
// may be (a machine with very many scripts); everything else about it must be right.
enum err_code control_encode(const struct control *control, struct bytes *bytes, struct err *err);

// Reads a message. On success every count, index, enumerator and string obeys the limits stated above, a
// machine has passed machine_invalid(), and the caller owns it: control_free(). On failure
// ERR_DAMAGED_MESSAGE says why, and there is nothing to free.
enum err_code control_decode(const uint8_t *data, size_t size, struct control *control, struct err *err);

void control_orders_free(struct control_orders *orders); // what it owns
void control_free(struct control *control);              // frees what it owns and makes it CONTROL_NONE

#endif
