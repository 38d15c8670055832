// SPDX-License-Identifier: Apache-2.0
// Folders for sockets outside of the run folder: short paths that only this user can enter. A process that is
// killed leaves its own behind; the next one that makes one here removes those whose owners are gone.
#ifndef NP_COORDINATOR_RUN_SOCKET_FOLDER_H
#define NP_COORDINATOR_RUN_SOCKET_FOLDER_H

#include <stdbool.h>

#include "proto/base/limits.h"

struct socket_folder {
    char path[PATH_MAX_BYTES]; // "": none
    int lock;                  // says that its owner lives; -1: none
};

// Makes PLACE/numaplex-sockets-XXXXXX, mode 0700. False with errno set when that cannot be.
bool socket_folder_make(struct socket_folder *folder, const char *place);

// With all sockets in it. A folder that was never made is allowed.
void socket_folder_remove(struct socket_folder *folder);

#endif
