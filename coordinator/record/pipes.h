// SPDX-License-Identifier: Apache-2.0
// A named pipe for each process of the recorded program. valgrind opens its log file anew in every process
// (%p in the name stands for the process id), and writes each line with a call of its own: a named pipe of
// that name is the fastest way to take these lines (three times as fast as a socket that tells who sent
// them), and keeps the processes apart. The name must exist before the process does, so the pipes of the next
// process ids are kept ready; a process that was faster finds none, writes a plain file, and that is read at
// the end.
#ifndef NP_COORDINATOR_RECORD_PIPES_H
#define NP_COORDINATOR_RECORD_PIPES_H

#include "coordinator/record/lackey.h"
#include "coordinator/record/leash.h"

#define PIPES_AHEAD 128  // process ids that have a pipe before anybody has the id
#define PIPES_MAX   1024 // open at once

// One process id.
struct source {
    pid_t pid;
    int fd;
    bool used;           // something was read
    struct lackey *text; // owned; NULL until used
    uint32_t process;    // number of the address space
    uint32_t *streams;   // by thread number; owned; UINT32_MAX: none yet
    uint32_t n_streams;
};

struct pipes {
    char folder[PATH_MAX_BYTES]; // ours, removed at the end
    int pid_max, pid_last;       // host's highest id plus one; highest one that has a pipe
    uint32_t n;
    struct source *sources[PIPES_MAX]; // in the order of their ids
};

enum err_code pipes_open(struct pipes *pipes, struct err *err);
void pipes_close(struct pipes *pipes); // removes the folder and what is in it

// Makes pipes for the ids that come next, and forgets those that turned out not to be ours.
void pipes_keep_ahead(struct pipes *pipes, const struct leash *leash);

// Adds the plain files that processes without a pipe wrote. Only when all processes are gone.
void pipes_add_files(struct pipes *pipes);

// Reads what is there into the source's text, at most LACKEY_BUFFER bytes. 0: nothing now, or a finished
// source.
size_t source_read(struct source *source);

#endif
