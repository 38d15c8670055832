// SPDX-License-Identifier: Apache-2.0
// The recorded program as a process of the host: finding it, starting it under its tool in surroundings that
// are the same every time, and ending it.
#ifndef NP_COORDINATOR_RECORD_GUEST_H
#define NP_COORDINATOR_RECORD_GUEST_H

#include "coordinator/record/leash.h"
#include "coordinator/record/recording.h"

struct guest {
    pid_t pid;
    bool running;    // not yet waited for
    int status;      // of waitpid, when not running
    bool foreground; // it was given the terminal, which must be taken back
};

// Starts argv under valgrind, which writes to `folder`/PID. ERR_PROCESS, ERR_LIMIT.
enum err_code guest_start(struct guest *guest, const struct recording_request *request,
                          const struct recording_plan *plan, const char *folder, struct leash *leash,
                          struct err *err);

// Starts `tool` with these arguments as the program of `request`. `leash` may be NULL. ERR_PROCESS.
enum err_code guest_spawn(struct guest *guest, const char *tool, char **args,
                          const struct recording_request *request, struct leash *leash, struct err *err);

// The n options, then the program's own arguments. The caller frees the array. NULL: ERR_LIMIT.
char **guest_arguments(const char *const *options, size_t n, const struct recording_request *request,
                       struct err *err);

// Gives the program the terminal if it is ours to give, so that it can read from it and Ctrl-C ends it.
bool guest_give_terminal(const struct recording_request *request, pid_t pid);
void guest_take_terminal_back(void);

// Looks whether it has ended, without waiting.
void guest_poll(struct guest *guest);

// Waits for the first process and takes the terminal back. Only when the leash says that all are gone.
void guest_finish(struct guest *guest);

// As a shell would give it: the exit status, or 128 + signal.
int guest_exit_status(const struct guest *guest);

#endif
