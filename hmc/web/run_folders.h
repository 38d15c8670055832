// SPDX-License-Identifier: Apache-2.0
// Run folders on the disk: which there are, and which of them a coordinator answers for.
#ifndef NP_HMC_WEB_RUN_FOLDERS_H
#define NP_HMC_WEB_RUN_FOLDERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/err.h"
#include "proto/base/limits.h"

struct run_folder {
    char path[PATH_MAX_BYTES];
    char name[NAME_MAX_BYTES * 4];
    char scenario[NAME_MAX_BYTES]; // ""; known of live ones
    bool live;
    bool state;      // an ended one: how it ended can be looked at
    bool report;     // its page with the results is there
    char failure[8]; // of one that failed: "NP0601"; ""
    int64_t changed; // seconds since 1970
};

// The run folders in a folder, and `also` when it is none of them ("" for none): the newest first, at most
// WEB_RUNS_MAX. The caller frees *list.
size_t run_folder_list(const char *folder, const char *also, struct run_folder **list);

// The newest one that a coordinator answers for. ERR_NO_RUN.
enum err_code run_folder_newest(const char *folder, char path[PATH_MAX_BYTES], struct err *err);

// Whether a name is that of an entry of a folder, and leads nowhere else.
bool run_folder_name(const char *name);

#endif
