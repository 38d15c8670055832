// SPDX-License-Identifier: Apache-2.0
// Putting what a run leaves into its folder.
#ifndef NP_COORDINATOR_RUN_PUBLISH_H
#define NP_COORDINATOR_RUN_PUBLISH_H

#include "coordinator/run/report.h"

// resolved.yaml, before the run.
enum err_code publish_resolved(const struct run_folder *folder, const struct scenario *scenario,
                               struct err *err);

// results.json, counters.csv and, unless the run was interrupted, digest: an interrupted run stopped where
// the host happened to be, and its digest can be compared with nothing. All are on disk before the first gets
// its name. ERR_EPOCH when another process has taken the folder over.
enum err_code publish_results(const struct run_report *report, struct err *err);

// The folder that a saved state is written to (its path), and its name once the manifest is there.
enum err_code publish_save_begin(const struct run_folder *folder, char path[PATH_MAX_BYTES], struct err *err);
enum err_code publish_save_end(const struct run_folder *folder, const char *path, char final[PATH_MAX_BYTES],
                               struct err *err);

#endif
