// SPDX-License-Identifier: Apache-2.0
// The system controller: which board belongs to which partition, in which state, and the commands that change
// it. It acts only at cuts of simulated time, and knows boards by what they report (proto/base/order.h); it
// has no process, clock or file of its own, so that tests drive it in virtual time and the coordinator drives
// it for runs.
//
//     sc_begin ... at a cut T: the command is checked and refused, or its first orders go out at T
//     run the joined group until sc_wanted() reports have been made; the next cut is at the last one's time
//     + the system's controller_latency
//     sc_step at that cut: takes reports, gives the next orders, or ends the operation
#ifndef NP_COORDINATOR_PARTITION_SYSTEM_CONTROLLER_H
#define NP_COORDINATOR_PARTITION_SYSTEM_CONTROLLER_H

#include "proto/base/archive.h"
#include "proto/base/err.h"
#include "proto/base/order.h"

// How far a board comes in, or goes out. Each includes those before it.
enum sc_level {
    SC_ASSIGN,
    SC_CONNECT,
    SC_CONFIGURE,
    SC_UNCONFIGURE,
    SC_DISCONNECT,
    SC_UNASSIGN,
    SC_LEVEL_COUNT
};

enum sc_verb {
    SC_ADD,       // board, partition, level ASSIGN .. CONFIGURE
    SC_DELETE,    // board, level UNCONFIGURE .. UNASSIGN
    SC_MOVE,      // board, partition, level ASSIGN .. CONFIGURE there
    SC_KEYSWITCH, // partition, position
    SC_POWER,     // board, on
    SC_TEST,      // board
    SC_BLACKLIST, // board, on
    SC_AVAILABLE, // partition, board, on: its place on the partition's available component list
    SC_TAG,       // partition, name: what people call it
    SC_CELL,      // board, on: used when its nPartition boots next
    SC_REBOOT,    // partition, on: for reconfiguration
    SC_VERB_COUNT
};

enum sc_position { SC_KEY_OFF, SC_KEY_STANDBY, SC_KEY_ON, SC_KEY_DIAG, SC_KEY_SECURE, SC_POSITION_COUNT };

struct sc_command {
    enum sc_verb verb;
    uint16_t board;     // complex-wide
    uint32_t partition; // index
    enum sc_level level;
    enum sc_position position;
    bool on, force;
    bool restricted; // asked by a domain administrator: only boards of the available component list (NP0811)
    char name[NAME_MAX_BYTES];
    char user[NAME_MAX_BYTES]; // who asked: for events; never changes what happens
};

// The states of facts.md 1.4. Tables in board_states.def and domain_states.def say what leads from one to the
// next.
enum sc_assignment { SC_AVAILABLE_BOARD, SC_ASSIGNED, SC_ACTIVE };
enum sc_receptacle { SC_EMPTY, SC_DISCONNECTED, SC_CONNECTED };
enum sc_occupant { SC_UNCONFIGURED, SC_CONFIGURED };
enum sc_test { SC_TEST_UNKNOWN, SC_TEST_UNDER_TEST, SC_TEST_PASSED, SC_TEST_FAILED };

struct sc_board {
    enum sc_assignment assignment;
    enum sc_receptacle receptacle;
    enum sc_occupant occupant;
    enum sc_test test;
    bool powered, blacklisted, floating, use_on_next_boot;
    bool offline;            // active, but its CPUs take no threads: it is leaving, or failed to
    bool tables;             // it knows where the pages of its partition's pools are
    uint32_t partition;      // NO_PARTITION: available
    uint32_t next_partition; // of a base cell: its partition after the next reboot for reconfiguration
};

enum sc_domain_state {
    SC_POWERED_OFF,
    SC_STANDBY,
    SC_RUNNING_POST,
    SC_RUNNING,
    SC_QUIESCING,
    SC_QUIESCED,
    SC_HALTED
};

struct sc_partition {
    enum sc_domain_state state;
    enum sc_position position;
    char tag[NAME_MAX_BYTES];
    uint16_t core_board;                   // lowest active one: holds the console
    bool available[BOARDS_PER_SYSTEM_MAX]; // available component list, by board in the system
    struct domain domain;                  // as its boards have it now
    uint64_t pages;                        // in frames when it was halted last
};

// An operation under way: what it is, and how far.
struct sc_operation {
    uint64_t id;    // from 1, in the order in which they were asked for
    uint32_t group; // whose reports it waits for while it is under way
    struct sc_command command;
    uint32_t from, to;     // partitions, or NO_PARTITION
    sim_time began, ended; // ended: SIM_NEVER while it is under way
    const char *step;      // "drain"; stable words, see README.md
    uint64_t pages_done, pages_total;
    struct err outcome; // once it has ended; one that was refused began and ended at once
};

// What happened, in simulated order. Words are stable; consoles translate by them.
struct sc_event {
    uint64_t seq; // from 1
    sim_time at;
    uint64_t operation; // 0: none
    const char *what;   // "begun", "state", "step", "drained", "refused", "failed", "ended",
                        // "typed"
    uint16_t board;     // NO_BOARD: none
    uint32_t partition; // NO_PARTITION: none
    char text[160];     // for people, English: "SB6: connected"
};

// What the controller does to the machine; all calls come from within sc_begin and sc_step, at a cut.
struct sc_machine {
    void *self;
    void (*order)(void *self, struct order *order); // takes over what it owns: order_free()
    void (*view)(void *self, uint16_t board, struct board_view *view);
    void (*tables)(void *self, uint16_t board, uint8_t **bytes, uint64_t *n_bytes); // the caller frees
    // Boards with equal numbers form a sync group from now on; NO_GROUP: the board stands still.
    void (*regroup)(void *self, const uint32_t group_of_board[BOARDS_MAX]);
    void (*event)(void *self, const struct sc_event *event);
};

struct sc;

// The machine must outlive it. All boards of partitions are active at time 0, all others available.
struct sc *sc_new(const struct machine *machine, const struct sc_machine *io);
void sc_free(struct sc *sc);

// What would happen, without doing it: an outcome (ERR_OK: it can begin), and what it moves. What is refused
// has the CPUs and memory that it would change, as far as its board and partitions are known.
struct sc_plan {
    uint32_t from, to;
    uint32_t cpus_from[2], cpus_to[2];     // CPUs before and after; of a guest: those that it has configured
    uint64_t memory_from[2], memory_to[2]; // bytes likewise
    uint32_t standby_cpus;                 // offered to the guest of `to`, which uses them when it likes
    uint64_t standby_bytes;
    uint64_t drain_pages, permanent_pages, threads;
    uint16_t copy_target; // of permanent memory; NO_BOARD: none has to move
};
enum err_code sc_plan(struct sc *sc, const struct sc_command *command, sim_time at, struct sc_plan *plan,
                      struct err *err);

// Begins an operation at the cut `at`, or refuses it: codes NP0801 to NP0811, *err says why and what helps.
// Commands that need no simulated time are done when it returns. Either way *operation (may be NULL) is what
// remembers it; views that it asks for are those of boards that stand at `at`.
enum err_code sc_begin(struct sc *sc, const struct sc_command *command, sim_time at, uint64_t *operation,
                       struct err *err);

// A line that somebody types at the console of a partition's guest.
struct sc_line {
    uint32_t partition;
    char text[GUEST_INPUT_BYTES_MAX - 1]; // without its newline
    char user[NAME_MAX_BYTES];            // who typed it; never changes what happens
};

// Gives it to the guest at the cut `at`, or refuses it: ERR_STATE (no guest, it does not run or has ended),
// ERR_TOO_OFTEN (TYPED_LINES_MAX wait already), ERR_REQUEST (no line). Takes no simulated time and is no
// operation; asks for views of the partition's boards.
enum err_code sc_type(struct sc *sc, const struct sc_line *line, sim_time at, struct err *err);

// Reports that operations wait for, by sync group: how many must have been made before the next cut. 0: none.
uint32_t sc_wanted(const struct sc *sc, uint32_t group);

// A board whose page tables sc_step will ask for when these reports have come; NO_BOARD: none. For those who
// have to fetch them first.
uint16_t sc_wants_tables(const struct sc *sc, uint32_t group);

// Reports of one group, taken at the cut `at` in order of (time, board). Gives the next orders. A report of
// no operation under way stops the process: boards report what they were ordered, once.
void sc_step(struct sc *sc, sim_time at, const struct report *reports, uint32_t n);

bool sc_busy(const struct sc *sc); // any operation is under way
const struct sc_board *sc_board(const struct sc *sc, uint16_t board);
const struct sc_partition *sc_partition(const struct sc *sc, uint32_t partition);
const struct sc_operation *sc_operation(const struct sc *sc, uint64_t id); // NULL: there is none such
uint64_t sc_operations(const struct sc *sc);                               // how many have begun
const uint32_t *sc_groups(const struct sc *sc);                            // as last given to regroup

// Saved with a run's state, also in the middle of an operation.
void sc_state(struct sc *sc, struct archive *ar);

#endif
