// SPDX-License-Identifier: Apache-2.0
// The run folder: everything that a run leaves. It also arbitrates: a coordinator owns the run while it holds
// the newest epoch, and claims one by creating its file exclusively.
#ifndef NP_COORDINATOR_RUN_FOLDER_H
#define NP_COORDINATOR_RUN_FOLDER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "proto/base/err.h"
#include "proto/base/limits.h"

struct run_folder {
    char path[PATH_MAX_BYTES];  // absolute
    char shown[PATH_MAX_BYTES]; // as a person would type it
    uint32_t epoch;             // claimed; from 1
    FILE *log;
};

// Makes the folder `out`, or runs/NAME-TIME when that is NULL, claims its next epoch and opens its log. A
// folder that holds a run is refused (ERR_USAGE) unless `force` is set: then the results in it are removed
// first. ERR_EPOCH when somebody else claims it at the same moment, ERR_FILE and ERR_DISK_FULL from the host.
enum err_code folder_open(struct run_folder *folder, const char *out, const char *name, bool force,
                          struct err *err);
void folder_close(struct run_folder *folder);

// Whether nobody has claimed a later epoch. Asked before results are put in place. ERR_EPOCH.
enum err_code folder_is_ours(const struct run_folder *folder, struct err *err);

// Leaves failed.txt, which ends with the text `standing` (NULL: none), and removes unfinished files unless
// they are to be kept.
void folder_fail(struct run_folder *folder, const struct err *failure, const char *standing, bool keep);

#endif
