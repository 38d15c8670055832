// SPDX-License-Identifier: Apache-2.0
// A small process between us and a recorded program, which keeps hold of all that the program starts: it is
// the parent of whatever loses its parent (PR_SET_CHILD_SUBREAPER), so no process can get away from it, not
// by closing files, nor by a session of its own, nor by another exec. If we are killed, it ends them all and
// removes what is half written.
#ifndef NP_COORDINATOR_RECORD_KEEPER_H
#define NP_COORDINATOR_RECORD_KEEPER_H

#include "coordinator/record/record.h"

struct keeper {
    pid_t pid;       // 0: none
    int line;        // commands to it, news from it
    pid_t guest;     // the program's first process
    bool ended;      // that has ended; `status` is waitpid's
    bool all_gone;   // no process of the program is left
    bool foreground; // the program was given the terminal
    int status;
};

// Starts `tool` with `args` as the program of `request`; it inherits the descriptor `pass`. `part` is removed
// if we are killed. ERR_PROCESS.
enum err_code keeper_start(struct keeper *keeper, const char *tool, char **args,
                           const struct recording_request *request, int pass, const char *part,
                           struct err *err);

// Takes the news that have come, without waiting.
void keeper_poll(struct keeper *keeper);

void keeper_kill(struct keeper *keeper, int signal); // SIGTERM or SIGKILL to every process of the program

// Waits until all are gone and the keeper too, and takes the terminal back. NULL-safe after a failed start.
void keeper_finish(struct keeper *keeper);

#endif
