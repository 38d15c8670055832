// SPDX-License-Identifier: Apache-2.0
// Worker processes for tests of the control plane: each plays a part that is known by name. What they and the
// test say to each other is made from the kind of the message and the worker's index, so that both ends know
// it.
#ifndef NP_TESTS_LIB_CONTROL_WORKER_H
#define NP_TESTS_LIB_CONTROL_WORKER_H

#include <sys/types.h>

#include "fabric/link/control_client.h"

#define CONTROL_WORKER_RUN UINT64_C(0x0123456789abcdef) // run id of all of them

enum control_part {
    PART_OBEDIENT, // a whole run: READY, PAUSED, SAVED, RESULTS, BYE, each after what the coordinator must
                   // say before
    PART_CHATTY,   // READY, PAUSED, SAVED and BYE without listening
    PART_DYING,    // dies of SIGKILL when it is configured
    PART_ORPHAN,   // says READY when configured, and leaves when the coordinator is silent
    PART_COUNT
};

// Starts the running program anew as a worker; its main must begin with control_worker_main(). The worker
// exits with status 0 when all it heard was as it must be.
pid_t control_worker_start(enum control_part part, struct worker_id me, const char *endpoint);

// Plays a part and exits when this process was started as a worker; else returns.
void control_worker_main(int argc, char **argv);

// The client of a worker in this process; exits when it cannot be opened.
struct control_client *control_worker_open(struct worker_id me, const char *endpoint);

// What the coordinator (side FROM_COORDINATOR) or worker `index` says with this kind. RESULTS are those of 64
// full boards.
void control_worker_message(enum control_kind kind, uint32_t index, struct control *control);

#endif
