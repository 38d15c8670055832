// SPDX-License-Identifier: Apache-2.0
// One worker as a process of this host. It ends when we do (the kernel sees to that), is signalled by its
// process id and by nothing broader, and what it says on standard error goes to the log of the run.
#ifndef NP_COORDINATOR_RUN_PROCESS_H
#define NP_COORDINATOR_RUN_PROCESS_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "fabric/link/control_server.h"
#include "proto/base/err.h"

#define LABEL_SIZE      96
#define LAST_WORDS_SIZE 1024

struct process {
    struct worker_id id;
    char label[LABEL_SIZE]; // "node 2 (SB3 SB4)"
    pid_t pid;
    bool running;                     // started, not yet waited for
    int status;                       // of waitpid, when it no longer runs
    int words;                        // reading end of its standard error; -1: none
    bool in_line;                     // the log is within a line of it
    char last_words[LAST_WORDS_SIZE]; // end of what it said, terminated
};

// Starts `program` as `PROGRAM worker --control ENDPOINT --run-id HEX [--index N]`, in a process group of its
// own, so that a Ctrl-C of the terminal reaches only us. ERR_PROCESS.
enum err_code process_start(struct process *process, const char *program, const char *endpoint,
                            uint64_t run_id, struct err *err);

// Starts argv[0], a path, with arguments that end with NULL, in the same way. ERR_PROCESS.
enum err_code process_spawn(struct process *process, char *const *argv, struct err *err);

// Reads what it has said, if anything, into log (NULL: none) and last words. Returns false at the end of its
// words.
bool process_listen(struct process *process, FILE *log);

// Looks whether it has ended, without waiting. True when it is seen to have ended now.
bool process_reap(struct process *process);

void process_signal(const struct process *process, int signal);

// "was killed by signal 9 (Killed)" or "ended with status 6". Returns `text`.
const char *process_end(const struct process *process, char *text, size_t size);

#endif
