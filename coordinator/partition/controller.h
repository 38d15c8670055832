// SPDX-License-Identifier: Apache-2.0
// What the files of the system controller share; nothing else includes it.
#ifndef NP_COORDINATOR_PARTITION_CONTROLLER_H
#define NP_COORDINATOR_PARTITION_CONTROLLER_H

#include "coordinator/partition/system_controller.h"

enum step {
#define STEP(step, word, failed)                 step,
#define STEP_OF_GUEST(step, word, failed, guest) step,
#include "coordinator/partition/steps.def"
    STEP_COUNT
};

#define STEPS_MAX         STEP_COUNT // of one command: none is taken twice
#define SC_OPERATIONS_MAX 100000u    // remembered; a person gives a few, a test some hundreds

// A command, from the question whether it may begin to its last report.
struct operation {
    struct sc_operation shown;
    uint32_t n_steps, at_step;
    uint8_t steps[STEPS_MAX]; // enum step
    uint64_t n_orders;        // given so far
    uint32_t outstanding;     // of these, not reported
    bool failing;             // a step could not be done: when its last orders are reported, it ends
    // What admission found out.
    uint16_t copy_target;              // of memory that moves by copy-rename; NO_BOARD: none has to
    uint64_t copy_offset, copy_size;   // in the memory of both
    uint64_t drain_pages, drain_given; // to move in all, and ordered so far
    bool boots[BOARDS_PER_SYSTEM_MAX]; // of a domain that boots: boards, by number in the system
};

// An order's id holds its operation's: id << ORDER_ID_SHIFT | number in the operation.
#define ORDER_ID_SHIFT 24u

struct sc {
    const struct machine *machine;
    struct sc_machine io;
    struct sc_board boards[BOARDS_MAX];
    struct sc_partition *partitions; // owned
    uint64_t n_operations;
    struct operation **operations; // by id - 1; owned
    uint64_t first_open;           // all operations before it have ended
    uint64_t next_order, next_event;
    uint32_t groups[BOARDS_MAX];
    uint64_t frames_taken[BOARDS_MAX]; // frames from here on are free (drains fill them from below)
};

// What happens to a board; board_states.def says to which.
enum board_event {
    EV_ASSIGN,
    EV_REASSIGN,
    EV_UNASSIGN,
    EV_POWER_ON,
    EV_POWER_OFF,
    EV_TEST,
    EV_PASSED,
    EV_FAILED,
    EV_CONNECT,
    EV_DISCONNECT,
    EV_CONFIGURE,
    EV_UNCONFIGURE,
    EV_OFFLINE,
    EV_ONLINE,
    EV_HALT
};

// states.c: the only places that change a state. Each tells an event and asserts that the tables allow it.
// `partition`: with EV_ASSIGN and EV_REASSIGN, whose it becomes.
void states_board(struct sc *sc, struct operation *op, sim_time at, uint16_t board, enum board_event event,
                  uint32_t partition);
void states_domain(struct sc *sc, struct operation *op, sim_time at, uint32_t partition,
                   enum sc_domain_state state);

// invariants.c: stops the process, saying which, when one does not hold.
void invariants_check(const struct sc *sc);

// events.c
__attribute__((format(printf, 7, 8))) void event_tell(struct sc *sc, const struct operation *op, sim_time at,
                                                      const char *what, uint16_t board, uint32_t partition,
                                                      const char *fmt, ...);

// segments.c: maps of a domain. domain_without leaves a hole; domain_with appends the board's memory at the
// lowest address where it fits (false: there is no segment left); domain_renamed gives the real addresses of
// [offset, offset + size) of one board's memory to another's; domain_original has the boards' memories in
// their original order. All count the version up.
void domain_without(struct domain *domain, const struct machine *machine, uint16_t board);
bool domain_with(struct domain *domain, const struct machine *machine, uint32_t partition, uint16_t board);
void domain_renamed(struct domain *domain, uint16_t from, uint16_t to, uint64_t offset, uint64_t size);
void domain_original(struct domain *domain, const struct machine *machine, uint32_t partition,
                     uint64_t members);

// The board's bytes of real memory below `limit`, as a range of its own memory. False: they are no one range.
bool domain_range(const struct domain *domain, uint16_t board, uint64_t limit, uint64_t *offset,
                  uint64_t *size);
// Whether some segment lies on this board and on others.
bool domain_interleaved(const struct domain *domain, uint16_t board);
// Whether [base, base + size) of real addresses touches [offset, offset + bytes) of the board's memory.
bool domain_touches(const struct domain *domain, uint64_t base, uint64_t size, uint16_t board,
                    uint64_t offset, uint64_t bytes);

// admission.c: whether the command may begin, and what it takes: fills the operation's steps and facts.
enum err_code admission(struct sc *sc, struct operation *op, struct err *err);

// memory.c: what stands against a board's memory leaving, and where it goes.
enum err_code memory_admit(struct sc *sc, struct operation *op, uint32_t partition, struct err *err);
// Free frames of boards of the partition that may take pages, but for the board that leaves.
uint64_t memory_free_frames(struct sc *sc, uint32_t partition, uint16_t leaving);
// Shares for `number` pages, in proportion to free frames; the caller frees. Counts them as taken.
struct order_share *memory_targets(struct sc *sc, uint32_t partition, uint16_t leaving, uint64_t number,
                                   uint32_t *n);

// work.c: which boards take or give threads, so that every CPU has as many. The caller frees.
struct order_share *work_leaving(struct sc *sc, uint32_t partition, uint16_t leaving, uint32_t *n);
uint32_t work_for(struct sc *sc, uint32_t partition, uint16_t joining, uint16_t giver);

// Helpers that several files need.
static inline bool sc_member(const struct sc *sc, uint32_t partition, uint16_t board)
{
    return sc->boards[board].partition == partition && sc->boards[board].receptacle == SC_CONNECTED;
}

static inline unsigned sc_in_system(const struct sc *sc, uint16_t board)
{
    return board - sc->machine->systems[sc->machine->boards[board].system].first_board;
}

static inline const char *sc_board_name(const struct sc *sc, uint16_t board)
{
    return sc->machine->boards[board].name;
}

static inline const char *sc_partition_name(const struct sc *sc, uint32_t partition)
{
    return sc->machine->partitions[partition].name;
}

static inline bool sc_has_guest(const struct sc *sc, uint32_t partition)
{
    return sc->machine->partitions[partition].guest.image[0] != '\0';
}

bool sc_has_pools(const struct sc *sc, uint32_t partition);

#endif
