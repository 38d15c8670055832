// SPDX-License-Identifier: Apache-2.0
// The command line of `numaplex sweep`.
#ifndef NP_COORDINATOR_CAMPAIGN_SWEEP_OPTIONS_H
#define NP_COORDINATOR_CAMPAIGN_SWEEP_OPTIONS_H

#include "coordinator/campaign/sweep.h"

struct sweep_command {
    const char *file;     // scenario; NULL with `campaign`
    const char *campaign; // file with several questions; NULL: the one of the command line
    const char *out;      // folder; NULL: sweeps/NAME
    uint32_t jobs;        // 0: one per core
    bool quiet;
    bool german;              // pictures
    struct question question; // but for name and scenario
};

// Reads the command line; prints help and ends the process when that is asked for. ERR_USAGE. The caller
// frees the question.
enum err_code sweep_command_read(struct sweep_command *command, int argc, char **argv, struct err *err);

// Parts of a question as texts, for the command line and for campaign files. ERR_USAGE, ERR_LIMIT.
enum err_code question_add_axis(struct question *question, const char *text, struct err *err);
enum err_code question_add_metric(struct question *question, const char *text, struct err *err);
enum err_code question_set_seeds(struct question *question, const char *text, struct err *err);
enum err_code question_set_against(struct question *question, const char *text, struct err *err);

// What the parts together cannot mean; puts the value to compare with into its axis. ERR_USAGE.
enum err_code question_check(struct question *question, struct err *err);

#endif
