// SPDX-License-Identifier: Apache-2.0
// A run of real processes and a console of it: started held at its begin, led to any simulated time.
#ifndef NP_TESTS_LIB_LIVE_RUN_H
#define NP_TESTS_LIB_LIVE_RUN_H

#include "hmc/client/client.h"
#include "tests/lib/process.h"

struct live_run {
    char place[PATH_MAX_BYTES + 32]; // its run folder
    struct test_process process;     // of the coordinator
    struct client *client;           // NULL: there is none any more
};

// Starts `numaplex run ARGUMENTS --out PLACE --quiet --paused`, and a console as soon as it answers; the test
// stops when that does not come. arguments: ends with NULL, at most 16.
void live_begin(struct live_run *live, const char *place, const char *const *arguments);

// Asks, with half a minute for the answer. The caller frees *reply.
enum err_code live_ask(struct live_run *live, struct api_request *request, struct api_reply *reply,
                       struct err *err);

// A command without anything but its board and partition ("": none), or what a keyswitch is turned to.
enum err_code live_command(struct live_run *live, enum api_verb verb, const char *board,
                           const char *partition, struct err *err);

void live_pace(struct live_run *live, enum api_pace_kind kind, uint64_t step_ps);

// Steps to a simulated time and waits until the run is held there. The test stops when it does not come to
// that.
void live_reach(struct live_run *live, uint64_t time_ps);

// Hears what watchers are told until the run is over. Returns ERR_OVER with the run's words; ERR_TIMEOUT
// after half a minute.
enum err_code live_hear_end(struct live_run *live, struct err *err);

// Ends the console, waits for the run, and returns its exit status. What it said is live->process's until
// process_free().
int live_end(struct live_run *live);

#endif
