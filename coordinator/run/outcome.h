// SPDX-License-Identifier: Apache-2.0
// What a run came to: the results of all boards, put together from those of the processes, and where host
// time went.
#ifndef NP_COORDINATOR_RUN_OUTCOME_H
#define NP_COORDINATOR_RUN_OUTCOME_H

#include <stdbool.h>
#include <stdint.h>

#include "coordinator/run/history.h"
#include "coordinator/run/plan.h"
#include "fabric/link/control_server.h"
#include "proto/base/machine.h"
#include "proto/base/progress.h"
#include "proto/codec/control.h"

// What one board recorded of one watched line.
struct watch_record {
    uint32_t n;
    uint64_t dropped; // events beyond those kept
    struct watch_event *events;
};

struct outcome {
    enum pause_reason reason;
    bool interrupted;             // by the user: the results are partial
    bool uneven;                  // and partitions stand at different times: digests mean nothing
    struct board_results *boards; // one per board of the machine; owned
    bool present[BOARDS_MAX];     // its results have come
    uint32_t n_stays;
    struct stay *stays; // who was when in which partition, by board; complete once the outcome is; owned
    struct host_stats *hosts; // one per process: the nodes, then the fabric; owned
    uint32_t n_hosts;
    struct group_progress groups[GROUPS_MAX]; // one per partition
    struct digest partitions[PARTITIONS_MAX]; // when complete
    struct digest run;
    struct saved_part *parts; // of a saved state; owned
    uint32_t n_parts;
    uint32_t n_watch;
    struct watch_record *watch; // [board x WATCH_LINES_MAX + line]; owned
    struct history *history;    // what changed meanwhile; owned; NULL: nobody looked
    struct control_stats control;
    double seconds; // of host time from START to PAUSED
};

void outcome_init(struct outcome *outcome, const struct machine *machine, const struct plan *plan);
void outcome_free(struct outcome *outcome);

// Takes over the results of one process (number `host`: the nodes, then the fabric). ERR_DAMAGED_MESSAGE when
// it reports boards that are not its own.
enum err_code outcome_add(struct outcome *outcome, const struct machine *machine, const struct plan *plan,
                          uint32_t host, const struct results *results, struct err *err);

// Takes a copy of what process `host` recorded of a watched line. ERR_DAMAGED_MESSAGE as above, and when it
// is more than a board keeps.
enum err_code outcome_add_watched(struct outcome *outcome, const struct machine *machine,
                                  const struct plan *plan, uint32_t host,
                                  const struct control_watched *watched, struct err *err);

// When all have come: computes the digests. ERR_INTERNAL names a board that nobody reported.
enum err_code outcome_complete(struct outcome *outcome, const struct machine *machine, struct err *err);

// The boards that were ever in a partition, each with what it did meanwhile: those that it began with in the
// order of the description, then others by number. Returns how many.
uint32_t outcome_members(const struct outcome *outcome, const struct machine *machine, uint32_t partition,
                         const struct stay *members[BOARDS_MAX]);

// How long a board was in its partition, of a run of it that ended at `end`.
sim_time outcome_stayed(const struct stay *stay, sim_time end);

// Whether any board changed its partition, and whether it is in it at the end.
bool outcome_has_moves(const struct outcome *outcome);
static inline bool outcome_is_there(const struct stay *stay)
{
    return stay->left == SIM_NEVER;
}

// What a partition came to: the sum of its boards while they were in it.
struct partition_sum {
    uint64_t counters[COUNTER_COUNT];
    struct latency_histogram latency[SERVED_COUNT];
    uint32_t cpus, idle_cpus, running_cpus; // running: not done at the end
    uint32_t threads;                       // of pools, which its CPUs without a program run
    struct cpu_results done; // by its CPUs; waits for one another are those of replayed threads
    sim_time end; // the end time of the machine if reached, else when its last CPU was done or paused, or
                  // its last board left
    bool traces, weak;     // replays recordings; has CPUs with more than one access outstanding
    uint32_t store_buffer; // the most stores that one of its program-ordered CPUs can leave behind; 0: none
    const char *first_failure; // of a check, or NULL
    uint16_t first_failure_board;
};

void outcome_sum(const struct outcome *outcome, const struct machine *machine, uint32_t partition,
                 struct partition_sum *sum);

// All counters of one kind over the run.
uint64_t outcome_total(const struct outcome *outcome, const struct machine *machine, enum counter counter);

#endif
