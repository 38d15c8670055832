// SPDX-License-Identifier: Apache-2.0
// Where a run answers, and how consoles find that: its socket, RUN_DIR/control.json, and the notes that name
// the newest run.
#ifndef NP_COORDINATOR_CONTROL_API_PLACE_H
#define NP_COORDINATOR_CONTROL_API_PLACE_H

#include "coordinator/run/socket_folder.h"
#include "proto/base/err.h"
#include "proto/base/limits.h"

struct api_place {
    char folder[PATH_MAX_BYTES];   // of the run, absolute
    struct socket_folder scratch;  // of the socket, below /tmp; path "": the run folder holds it
    char socket[PATH_MAX_BYTES];   // path
    char endpoint[PATH_MAX_BYTES]; // "ipc://" and the path
};

// Chooses the path of the socket, and makes the folder below /tmp if it needs one. ERR_FILE.
enum err_code api_place_choose(struct api_place *place, const char *folder, struct err *err);

// Writes control.json, then the notes: a file `numaplex-run` in $XDG_RUNTIME_DIR, and `latest` beside run
// folders that lie in a folder `runs`; each holds the path of the run folder. Notes that cannot be written
// are left out. ERR_FILE, ERR_DISK_FULL.
enum err_code api_place_tell(const struct api_place *place, const char *scenario, struct err *err);

// Removes all of it; notes only where they still name this run.
void api_place_remove(struct api_place *place);

#endif
