// SPDX-License-Identifier: Apache-2.0
// Holds on to all processes of a recorded program. Each inherits the writing end of a pipe at a descriptor
// number beyond its own limit of open files, so that it neither sees it nor closes it: the pipe's end of file
// means that none is left, and who holds it is one of ours, whatever its session, group or parent has become.
#ifndef NP_COORDINATOR_RECORD_LEASH_H
#define NP_COORDINATOR_RECORD_LEASH_H

#include <stdbool.h>
#include <sys/types.h>

#include "proto/base/err.h"

// Open files of a recorded program: a usual limit; the same on every host makes recordings alike.
#define LEASH_FILES_LIMIT 1024u

struct leash {
    int reading;    // our end; -1 when not open
    int writing;    // until the program has it; -1 then
    int number;     // the descriptor in the recorded processes
    unsigned limit; // their limit of open files
    char link[64];  // what /proc says of it: "pipe:[4711]"
};

enum err_code leash_open(struct leash *leash, struct err *err);
void leash_close(struct leash *leash);

// In the child, before exec: puts the leash in place and sets the limit. Returns false when the host refuses.
bool leash_put_on(const struct leash *leash);
void leash_forked(struct leash *leash); // in the parent, after the fork

bool leash_holds(const struct leash *leash, pid_t pid);
bool leash_all_gone(const struct leash *leash);
void leash_kill(const struct leash *leash, int signal); // every process that holds it

#endif
