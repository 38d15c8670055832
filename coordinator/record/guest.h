// SPDX-License-Identifier: Apache-2.0
// The recorded program as a process of the host: finding it, starting it under valgrind in surroundings that
// are the same every time, and ending it.
#ifndef NP_COORDINATOR_RECORD_GUEST_H
#define NP_COORDINATOR_RECORD_GUEST_H

#include "coordinator/record/leash.h"
#include "coordinator/record/record.h"

struct guest {
    pid_t pid;
    bool running;    // not yet waited for
    int status;      // of waitpid, when not running
    bool foreground; // it was given the terminal, which must be taken back
};

// Starts argv under valgrind, which writes to `folder`/PID. ERR_PROCESS, ERR_MISSING_TOOL.
enum err_code guest_start(struct guest *guest, const struct recording_request *request, const char *folder,
                          struct leash *leash, struct err *err);

// Looks whether it has ended, without waiting.
void guest_poll(struct guest *guest);

// Waits for the first process and takes the terminal back. Only when the leash says that all are gone.
void guest_finish(struct guest *guest);

// As a shell would give it: the exit status, or 128 + signal.
int guest_exit_status(const struct guest *guest);

#endif
