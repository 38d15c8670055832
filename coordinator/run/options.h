// SPDX-License-Identifier: Apache-2.0
// The command line of `numaplex run`.
#ifndef NP_COORDINATOR_RUN_OPTIONS_H
#define NP_COORDINATOR_RUN_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "coordinator/machine/settings.h"
#include "proto/base/err.h"
#include "proto/base/limits.h"
#include "proto/base/time.h"
#include "proto/base/watch.h"

enum data_link { DATA_IPC, DATA_TCP, DATA_UNIX };
extern const char *const data_link_names[DATA_UNIX + 1]; // as --link and results.json have them

#define CONSOLES_MAX 16u // named one by one; `all` are no fewer

struct run_command {
    const char *file;         // scenario; NULL only with `resume`
    const char *out;          // run folder; NULL: runs/NAME-TIME
    const char *resume;       // folder of the saved state to continue; NULL: start at time 0
    struct settings settings; // of the scenario's parameters and values
    uint32_t nodes;           // 0: one per board
    uint32_t threads;         // 0: one
    enum data_link link;
    uint64_t seed;        // when seed_given
    sim_time until;       // when until_given
    uint64_t chop;        // 0: grants are not cut at random
    double host_faults;   // 0 <= rate < 1
    sim_time save_time;   // SIM_NEVER: none
    uint64_t save_grants; // over all groups; 0: none
    sim_time series;      // between two rows of the history; 0: what suits the run
    const char *replay;   // folder of the run whose journal is done again; NULL: none
    uint32_t silence_s;   // a process that says nothing for so long is given up
    uint32_t n_watch;
    const char *watch[WATCH_LINES_MAX]; // lines to watch, "[PARTITION:]ADDRESS" as given
    uint32_t n_consoles;
    const char *consoles[CONSOLES_MAX]; // to show, as given
    const char *trace_insn;             // PARTITION[:CPU] as given; NULL: no instructions are traced
    uint64_t text_limit;                // bytes of a partition's console, and of its trace
    bool timeline;
    const char *timeline_range; // FROM..UNTIL as given; NULL: all of the run
    bool seed_given, until_given;
    bool json, quiet, force, keep;
    bool reference, pin, no_bounds, insecure;
    bool control, no_control; // consoles may connect; neither: where the scenario has threads that can move
    bool paused, hold;        // held at its begin; open to consoles after its end
};

// Reads the command line; prints help and ends the process when that is asked for, or when an option is not
// known. ERR_USAGE names the option whose value is wrong.
enum err_code run_command_read(struct run_command *command, int argc, char **argv, struct err *err);

// Does what it says, from scenario to run folder; returns the exit status. `folder` (may be NULL) is the
// run's when one was made, else "".
int run_execute(const struct run_command *command, char folder[PATH_MAX_BYTES]);

static inline bool run_command_saves(const struct run_command *command)
{
    return command->save_time != SIM_NEVER || command->save_grants;
}

#endif
