// SPDX-License-Identifier: Apache-2.0
// Children side by side: one per core that the host has for us and one more, the next one when one ends. The
// one more bridges what a run waits for: processes at its start, the disk at its end. Nothing of what they
// compute passes here; each leaves its results in a folder of its own.
//
// A child is in a process group of its own and dies with us, whatever kills us. SIGINT, SIGTERM and SIGHUP
// end the pool: the children are asked with SIGTERM, and killed by their process ids when they take longer
// than POOL_MERCY_MS.
#ifndef NP_COORDINATOR_CAMPAIGN_POOL_H
#define NP_COORDINATOR_CAMPAIGN_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include "coordinator/run/process.h"
#include "proto/base/err.h"

#define POOL_JOBS_MAX 256u
#define POOL_MERCY_MS 3000

struct pool_job {
    char **argv; // argv[0] is the path of the program; ends with NULL; the giver's until `done`
    void *tag;   // the giver's
};

struct pool {
    uint32_t jobs; // at once, up to POOL_JOBS_MAX; 0: pool_default()
    // The next job; false when there is none at present. It is asked again whenever a child has ended; the
    // pool ends when none runs and there is no next.
    bool (*next)(void *context, struct pool_job *job);
    // A child ended, with process->status as waitpid has it and process->last_words from its standard error.
    // Also called for those that were killed in the end.
    void (*done)(void *context, const struct pool_job *job, const struct process *process);
    // From time to time, at least five times a second; NULL: not wanted.
    void (*tick)(void *context, uint32_t running);
    void *context;
    // Result.
    double wall_s, cpu_s; // host time that passed; user and system time of the children and theirs
};

// Cores that this process may use, at least 1.
uint32_t pool_cores(void);

// How many children run at once unless told otherwise.
uint32_t pool_default(void);

// Runs until no job is left. ERR_PROCESS when a child cannot be started, ERR_INTERRUPTED; the others have
// ended by then.
enum err_code pool_run(struct pool *pool, struct err *err);

#endif
