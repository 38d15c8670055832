// SPDX-License-Identifier: Apache-2.0
// Files that are whole or not there: written under a temporary name, synced, then renamed. Several files that
// belong together are all finished before the first is committed.
#ifndef NP_COORDINATOR_RUN_WHOLE_H
#define NP_COORDINATOR_RUN_WHOLE_H

#include <stdio.h>

#include "proto/base/err.h"
#include "proto/base/limits.h"

#define WHOLE_SUFFIX ".partial" // of temporary names

struct whole_file {
    FILE *out; // write here, without looking at errors: it is memory until the file is finished
    char *text;
    size_t size;
    char path[PATH_MAX_BYTES + 64]; // final
    char temporary[PATH_MAX_BYTES + 80];
};

// Begins FOLDER/NAME. Only memory can be lacking.
enum err_code whole_open(struct whole_file *file, const char *folder, const char *name, struct err *err);

// Writes and syncs the temporary file; when that fails, removes it and says so (ERR_DISK_FULL, ERR_FILE).
enum err_code whole_finish(struct whole_file *file, struct err *err);

// Gives a finished file its name.
enum err_code whole_commit(struct whole_file *file, struct err *err);

// Removes the temporary file, finished or not.
void whole_drop(struct whole_file *file);

// Syncs a folder, so that names in it last.
enum err_code whole_sync_folder(const char *path, struct err *err);

// Removes temporary files and folders of saved states that were not finished.
void whole_remove_unfinished(const char *folder);

#endif
