// SPDX-License-Identifier: Apache-2.0
// CPUs behind one interface. A CPU is a clock, a small set of accesses under way, and a *program* that says
// what comes next: generator, script, trace. A new kind is one file: it defines a `struct program_ops` and
// runs cpu_drive (drive.h) with its own `next` and `complete`, which the compiler inlines into one loop.
//
// Rules that make run-ahead legal: a CPU touches only its own L1s and state; a miss is posted on the bus,
// where it takes effect at now + B; a CPU keeps no native stack: an access that misses is suspended as data.
#ifndef NP_NODE_CPU_CPU_H
#define NP_NODE_CPU_CPU_H

#include <stdbool.h>
#include <stdint.h>

#include "node/cpu/l1.h"
#include "proto/base/archive.h"
#include "proto/base/key.h"
#include "proto/base/machine.h"
#include "proto/base/message.h"
#include "proto/base/results.h"
#include "proto/base/rng.h"
#include "proto/base/text.h"
#include "proto/base/time.h"

enum access_kind { ACCESS_FETCH, ACCESS_LOAD, ACCESS_STORE, ACCESS_RMW, ACCESS_KIND_COUNT };

// Atomic operations: memory = memory + value; memory = value; memory = value if memory == expected.
// RMW_PROGRAM: what the program's own `perform` does.
enum rmw_op { RMW_ADD, RMW_SWAP, RMW_COMPARE_SWAP, RMW_PROGRAM, RMW_OP_COUNT };

enum access_status { ACCESS_OK, ACCESS_BUS_ERROR, ACCESS_POISONED };

// One access. It lies within one line; size is 1 .. 8 bytes (RMW_PROGRAM: what the program says).
struct access {
    uint64_t address;  // partition real address
    uint64_t value;    // store, swap, add: operand; completed fetch, load, rmw: what memory held
    uint64_t expected; // compare-and-swap
    uint64_t tag;      // the program's own note
    uint8_t kind;      // enum access_kind
    uint8_t size;
    uint8_t op; // enum rmw_op
};

// An access that missed.
struct pending {
    struct access access;
    sim_time issued;
    sim_time done_at;   // SIM_NEVER until performed; then when the CPU has its result
    uint8_t l1;         // 0 data or unified, 1 instruction
    uint8_t status;     // enum access_status, once performed
    bool asked;         // it posted the bus request that others of the same line joined
    bool behind_stores; // the store buffer holds it up: it has asked for nothing yet
    uint8_t lane;       // its track in a timeline, while one is recorded; never state
    bool buffered;      // a store that the buffer took at last: it is counted when it has been performed
};

// Stores that the CPU has left behind, oldest first (store_buffer.h).
struct store_buffer {
    uint32_t capacity, n;
    bool asked;              // a request for the oldest one's line is under way
    struct pending *stores;  // [capacity], owned
    uint64_t forwards, held; // results: loads answered from here; accesses that were held up
};

enum next { NEXT_ACCESS, NEXT_COMPUTE, NEXT_WAIT, NEXT_FENCE, NEXT_DONE };

struct cpu;
struct pool_cpu;

// What a board offers its CPUs. request: post a bus request for `line` at the order point of time `at` + B.
// frame: hand `size` bytes to the timed link `link` at `at`. signal: send a MSG_SIGNAL or its answer, of
// which the CPU fills in all but time, source and sequence. text: a piece of a console or a trace, at `at`.
struct cpu_port {
    void *board;
    void (*request)(void *board, struct cpu *cpu, unsigned l1, uint64_t line, bool store, sim_time at);
    void (*frame)(void *board, struct cpu *cpu, uint32_t link, const uint8_t *bytes, uint32_t size,
                  sim_time at);
    void (*signal)(void *board, struct cpu *cpu, const struct message *signal, sim_time at);
    void (*text)(void *board, struct cpu *cpu, const struct text_piece *piece);
};

struct program_ops {
    const char *kind;
    // Issues accesses at times below `limit`; returns when none is left there. Uses cpu_drive.
    void (*run)(struct cpu *cpu, sim_time limit);
    // A frame arrived for this CPU at simulated time `at`; may make a waiting CPU go on (call cpu_wake). May
    // be NULL.
    void (*frame)(struct cpu *cpu, const uint8_t *bytes, uint32_t size, sim_time at);
    // A store that had been complete for the program was refused, or its line is lost: at `at` this is known.
    // May make a waiting CPU go on (call cpu_wake). May be NULL.
    void (*store_failed)(struct cpu *cpu, const struct access *access, sim_time at);
    // An RMW_PROGRAM access is performed on the bytes at its address, the line's permission being granted.
    // NULL for kinds that issue none.
    void (*perform)(struct cpu *cpu, struct access *access, uint8_t *bytes);
    // A signal or its answer reached this CPU at `at`. NULL for kinds that nobody sends any.
    void (*signal)(struct cpu *cpu, const struct message *signal, sim_time at);
    // How the CPU of a guest stands. NULL for other kinds.
    void (*guest)(const struct cpu *cpu, struct guest_cpu_results *results);
    void (*state)(struct cpu *cpu, struct archive *ar);
    void (*free)(struct cpu *cpu);
};

struct cpu {
    const struct program_ops *ops; // NULL: idle
    void *program;                 // the kind's own state, owned
    struct cpu_port port;
    struct l1 l1[2]; // [0] data or unified, [1] instruction when split
    bool split;
    bool done;            // the program has ended
    bool blocked;         // can issue nothing until an access completes (or a frame arrives)
    uint8_t index;        // on its board
    uint32_t outstanding; // 1 .. OUTSTANDING_MAX
    uint32_t hit_cycles;  // until the next issue after a hit: L1 latency in order, 1 when overlapped
    sim_time bus_order;   // its requests take effect so much later: it runs no further ahead of them
    sim_time limit;       // until when it may run now; never state
    struct clock clock;   // now: when it may issue next (meaningless while blocked)
    sim_time l1_latency;
    component_id id;
    uint64_t seq; // of what it posts
    struct rng rng;
    uint32_t n_pending;
    uint32_t n_under_way;                    // of these, and of the store buffer, not yet performed
    struct pending pending[OUTSTANDING_MAX]; // in order of issue
    sim_time due;                            // earliest done_at among them; SIM_NEVER: none is known
    sim_time wake_at; // blocked or not by these: when its program wants to go on by itself; SIM_NEVER: never
    struct store_buffer buffer;
    bool draining;       // blocked until the store buffer is empty
    bool has_aside;      // the store buffer dealt with the access just issued: it is complete, as in
    struct access aside; // this copy; never state: it is taken at once
    sim_time blocked_since;
    sim_time *ready; // where the board keeps cpu_ready(): beside those of its other CPUs
    const struct cpu_desc *desc;

    // Results. Flushed by the drive loop; hits are counted there and timed by l1_latency.
    struct cpu_results results;
    uint64_t by_kind[ACCESS_KIND_COUNT];
    uint64_t merged, bus_errors, poisoned, checks, checks_failed;
    struct latency_histogram latency[SERVED_COUNT]; // [SERVED_L1] is filled when results are asked for
    char first_failure[256];

    // NULL, or told of each access that missed once its latency is known. Never state.
    void (*missed)(struct cpu *cpu, const struct pending *pending, sim_time done_at, enum served served);

    // For tests: called at the moment at which an access that missed is performed. Hits are complete at once.
    void (*watch)(struct cpu *cpu, struct access *access, sim_time at);

    // Its queue of threads; NULL: it has a program of its own, or none (threads.h).
    struct pool_cpu *pool;
};

static inline void cpu_note_miss(struct cpu *cpu, const struct pending *pending, sim_time done_at,
                                 enum served served)
{
    if (NP_UNLIKELY(cpu->missed != NULL))
        cpu->missed(cpu, pending, done_at, served);
}

// Prepares a CPU of the given board parameters; `desc` may be NULL (idle). data: the board cache's bytes.
// ready: see struct cpu.
void cpu_init(struct cpu *cpu, const struct board_params *params, const struct cpu_desc *desc, unsigned board,
              unsigned index, uint64_t seed, uint8_t *data, sim_time *ready);
void cpu_free(struct cpu *cpu);

// Everything but the L1s' results: clock, pending, random state, L1 tags, the program's own state.
void cpu_state(struct cpu *cpu, struct archive *ar, uint32_t slots);

void cpu_access_state(struct access *access, struct archive *ar);

// One access under way; also used by the store buffer.
void cpu_pending_state(const struct cpu *cpu, struct pending *pending, struct archive *ar);

// The earliest time at which it could issue; SIM_NEVER when done or waiting for something not yet known.
static inline sim_time cpu_ready(const struct cpu *cpu)
{
    if (cpu->done || !cpu->ops)
        return SIM_NEVER;
    return cpu->blocked ? sim_min(cpu->due, cpu->wake_at) : cpu->clock.now;
}

// Writes cpu_ready() to where the board looks for it. Whatever changes the answer ends with this.
static inline void cpu_publish(struct cpu *cpu)
{
    *cpu->ready = cpu_ready(cpu);
}

// The board grants L1 number `l1` the line at `index` of its arrays (permission in the tag): performs, in
// order of issue, the accesses that wait for it and are permitted. Their results reach the program at
// `done_at`. Returns true when a store still waits: the caller posts a new request for it. A negative index
// means that the request was refused: all accesses to the line that wait in this L1 end with `status`.
bool cpu_granted(struct cpu *cpu, unsigned l1, uint64_t line, int64_t index, sim_time done_at,
                 enum access_status status, enum served served);

// A check of the program: counts it, and keeps the text of the first that fails.
void cpu_note_failure(struct cpu *cpu, uint64_t address, uint64_t value, const char *expected);

static inline void cpu_check_failed(struct cpu *cpu, const struct access *access, const char *expected)
{
    cpu_note_failure(cpu, access->address, access->value, expected);
}

// Any other failure of the program, in printf form: counted and kept like a check that fails.
void cpu_fail(struct cpu *cpu, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

// Makes a CPU that waits for a frame or a signal go on at `at` or later.
void cpu_wake(struct cpu *cpu, sim_time at);

// The CPU was held up until `at`: nothing of what it waits for or does next lies before.
void cpu_hold_until(struct cpu *cpu, sim_time at);

// The kinds.
extern const struct program_ops program_generator, program_script, program_trace, program_zarch;
extern const struct program_ops program_pool, program_trace_thread; // thread_run.c; a trace of a thread

// Each kind's constructor: sets cpu->ops and cpu->program. The description has been checked by the
// coordinator; what depends on files (traces) or text (scripts) is checked here.
enum err_code generator_open(struct cpu *cpu, const struct machine *machine, struct err *err);
enum err_code script_open(struct cpu *cpu, struct err *err);
// `spaces`: of the CPU's board; made for the first CPU that needs them, and the caller's to free.
struct address_spaces;
enum err_code trace_open_program(struct cpu *cpu, const struct machine *machine,
                                 struct address_spaces **spaces, struct err *err);

// The same for thread `desc->member` of a pool, on a CPU that is only there to hold the program: it is
// installed on others by and by (thread.h). Spaces are those of the partition's pools.
struct address_space;
enum err_code generator_open_thread(struct cpu *cpu, uint32_t pool, struct address_space *space,
                                    struct err *err);
enum err_code trace_open_thread(struct cpu *cpu, uint32_t pool, struct address_spaces *spaces,
                                struct err *err);

#endif
