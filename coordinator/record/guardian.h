// SPDX-License-Identifier: Apache-2.0
// A small process that waits for us to end. If we are killed in the middle of a recording, it ends the
// recorded program and removes what is half written, because nobody else could.
#ifndef NP_COORDINATOR_RECORD_GUARDIAN_H
#define NP_COORDINATOR_RECORD_GUARDIAN_H

#include "coordinator/record/leash.h"

struct guardian {
    pid_t pid; // 0: none
    int line;  // our end of the pipe whose end of file tells it
};

// `leash` must not be on the program yet; `folder` holds only plain names; `part` is the unfinished trace.
enum err_code guardian_start(struct guardian *guardian, const struct leash *leash, const char *folder,
                             const char *part, struct err *err);

// Sends it away without it doing anything. Before the folder and the part are given up or finished, and after
// the program has ended.
void guardian_dismiss(struct guardian *guardian);

#endif
