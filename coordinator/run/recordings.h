// SPDX-License-Identifier: Apache-2.0
// The programs that a scenario wants replayed: recorded before the run, once per content.
#ifndef NP_COORDINATOR_RUN_RECORDINGS_H
#define NP_COORDINATOR_RUN_RECORDINGS_H

#include "coordinator/machine/scenario.h"
#include "coordinator/run/progress.h"

// Takes every recording of the scenario from the cache, making those that are missing, and tells the CPUs
// which file to replay. Ctrl-C stops the program that is being recorded (ERR_INTERRUPTED). Errors of
// cache_recording, with the recording's name.
enum err_code recordings_make(struct scenario *scenario, struct progress *progress, struct err *err);

#endif
