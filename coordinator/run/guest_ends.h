// SPDX-License-Identifier: Apache-2.0
// How guests ended: for people, for results.json, and as the error that a failed guest is.
#ifndef NP_COORDINATOR_RUN_GUEST_ENDS_H
#define NP_COORDINATOR_RUN_GUEST_ENDS_H

#include <jansson.h>

#include "coordinator/run/outcome.h"
#include "coordinator/run/report.h"

enum guest_verdict {
    GUEST_CLEAN,   // all CPUs have ended in a disabled wait at 0x...FFF, or are stopped
    GUEST_FAILED,  // a CPU has ended in any other way
    GUEST_STUCK,   // all that have not ended wait for an interruption, and nothing will bring one
    GUEST_GOES_ON, // the run ended first
    GUEST_VERDICT_COUNT
};

// What a partition's guest came to; its CPUs by address.
struct guest_sum {
    const struct guest_desc *desc;
    enum guest_verdict verdict;
    uint64_t instructions;
    struct guest_member {
        const struct cpu_desc *desc;
        const struct guest_cpu_results *guest; // of the outcome
    } cpus[GUEST_CPUS_MAX];
};

// False when the partition has no guest.
bool guest_sum(const struct outcome *outcome, const struct machine *machine, uint32_t partition,
               struct guest_sum *sum);

// Whether a CPU counts as running at the end: not when nothing can wake it any more.
bool guest_cpu_runs(const struct outcome *outcome, const struct guest_cpu_results *cpu);

const char *guest_end_name(enum guest_end end); // "disabled wait"; stable: results.json has it
const char *guest_verdict_name(enum guest_verdict verdict);

// Lines of the summary. end: simulated time at which the partition ended, ps.
void guest_ends_print(const struct run_report *report, uint32_t partition, sim_time end, FILE *out);

// The partition's member `guest` of results.json; NULL: it has none.
json_t *guest_ends_json(const struct run_report *report, uint32_t partition, sim_time end);

// Sets ERR_GUEST when a guest failed or is stuck, naming the first; else ERR_OK.
enum err_code guest_ends_check(const struct run_report *report, struct err *err);

#endif
