// SPDX-License-Identifier: Apache-2.0
// What the parts of the reader share; nothing outside this folder includes it. Reading goes in an order in
// which everything that is referred to is known: systems (boards, partitions, memory), links, programs,
// faults.
#ifndef NP_COORDINATOR_MACHINE_READER_H
#define NP_COORDINATOR_MACHINE_READER_H

#include "coordinator/machine/fields.h"
#include "coordinator/machine/scenario.h"

#define NO_INDEX UINT32_MAX

// A partition while it is read: where it stands, and what is read once links are known.
struct draft {
    struct value where, memory, permanent, frames, programs;
};

struct reader {
    struct scenario *out;
    struct document document;
    struct draft drafts[PARTITIONS_MAX];             // as machine.partitions
    unsigned claims[BOARDS_MAX][CPUS_PER_BOARD_MAX]; // line of the program that runs on a CPU; 0: none
    struct value board_lines[BOARDS_MAX];            // where a board is taken into a partition; absent: free
    struct err *err;
};

// The CPUs of one entry in the order in which they are listed.
struct member_list {
    uint32_t n;
    uint16_t board[BOARDS_PER_SYSTEM_MAX * CPUS_PER_BOARD_MAX];
    uint16_t index[BOARDS_PER_SYSTEM_MAX * CPUS_PER_BOARD_MAX];
};

struct entry {
    struct value where;
    uint32_t partition;
    struct cpu_desc cpu;   // what all members share
    struct pool_desc pool; // n_threads > 0 where it has threads and no CPUs
    uint32_t recording;
    struct member_list *members;
};

// Who runs an entry: CPUs that `on:` names, or threads. First in what its kind is read into, so that these
// keys are known there; they are read by programs.c and pools.c.
struct runner {
    struct value on, threads, quantum, change, context;
};
#define RUNNER_KEYS 4

// The rows of `rows` (room for RUNNER_KEYS) that an entry has; returns how many.
unsigned runner_rows(const struct entry *e, struct field *rows);

// systems.c
enum err_code systems_read(struct reader *r, struct value list);
// partitions.c
enum err_code partitions_read(struct reader *r, struct value list, uint32_t system);
// memory_map.c
enum err_code memory_read(struct reader *r, uint32_t partition);
// links.c
enum err_code links_read(struct reader *r, struct value list);
enum err_code faults_read(struct reader *r, struct value list);
// commands.c
enum err_code commands_read(struct reader *r, struct value list);
// claims.c
enum err_code claims_read(struct reader *r, struct value list);
// programs.c: everything in all `programs:`
enum err_code programs_read(struct reader *r);
// pools.c: threads in place of CPUs: how many and how they change, before the kind is read; then what can be
// checked only when the kind is known, and entering the pool as the program of that number
enum err_code pool_read(struct reader *r, struct entry *e);
enum err_code pool_check(struct reader *r, const struct entry *e);
void pool_add(struct reader *r, const struct entry *e, uint32_t program);
// generators.c, replays.c, guests.c: the keys of one entry but who runs it
enum err_code generator_read(struct reader *r, struct entry *e);
enum err_code trace_read(struct reader *r, struct entry *e);
enum err_code record_read(struct reader *r, struct entry *e);
enum err_code script_read(struct reader *r, struct entry *e);
enum err_code load_read(struct reader *r, struct entry *e);
// generators.c, replays.c, guests.c: what can be checked only when the members are known
enum err_code generator_check(struct reader *r, const struct entry *e);
enum err_code trace_check_members(struct reader *r, const struct entry *e);
enum err_code load_check(struct reader *r, const struct entry *e);
// advice.c: what is allowed and probably not meant
void advice_collect(struct reader *r, struct value root);

// Appends a zeroed item and returns it; the array, whose pointer stands at `array_at`, may move. Stops the
// process when the host has no memory left.
void *array_push(void *array_at, uint32_t *n, size_t item_size);
#define PUSH(array, n) array_push(&(array), &(n), sizeof *(array))

// The same for an array beside another one, whose count is raised by the push to that one.
void *array_push_beside(void *array_at, uint32_t n, size_t item_size);
#define PUSH_BESIDE(array, n) array_push_beside(&(array), n, sizeof *(array))

// Adds a warning: "FILE:LINE: " and the printf text.
void warn(struct reader *r, struct value v, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

// The board of that name, or NO_INDEX.
uint32_t find_board(const struct machine *machine, const char *name);
uint32_t find_partition(const struct machine *machine, const char *name);

// Reads a board's name into its number. ERR_BAD_VALUE with a suggestion when there is none such.
enum err_code read_board(struct reader *r, struct value v, uint32_t *board);

// A path of the file made absolute: relative ones begin at the scenario's folder. ERR_LIMIT when too long.
enum err_code absolute_path(struct reader *r, struct value v, char path[PATH_MAX_BYTES]);

// Parts of advice_collect. Placement: how many CPUs and which boards a partition has. Addresses: what its
// table of ranges leaves out, and what looks like a misprint.
void advise_placement(struct reader *r, uint32_t partition);
void advise_addresses(struct reader *r, uint32_t partition);

#endif
