// SPDX-License-Identifier: Apache-2.0
// Commands to the machine: sent, planned, and watched until they have ended.
#ifndef NP_HMC_CLI_COMMAND_H
#define NP_HMC_CLI_COMMAND_H

#include "hmc/cli/cli.h"

// Sends a command. *operation: what it began, 0 when it needed no time.
enum err_code command_send(struct cli *cli, const struct api_command *command, uint64_t *operation,
                           struct err *err);

// Asks what it would do. The error is what would refuse it.
enum err_code command_plan(struct cli *cli, const struct api_command *command, struct api_plan *plan,
                           struct err *err);

// Waits until an operation has ended, with a line of progress on standard error where that is a terminal and
// `quiet` is not set. Its outcome is the error; *ended is it.
enum err_code command_wait(struct cli *cli, uint64_t operation, bool quiet, struct api_operation *ended,
                           struct err *err);

// "SB6: drain [#######---------] 7.0 of 16 MiB, 0.350 ms": one line of at most `columns` characters. Returns
// `text`.
const char *command_progress(const struct api_operation *operation, uint64_t now_ps, unsigned columns,
                             char *text, size_t size);

#endif
