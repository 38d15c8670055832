// SPDX-License-Identifier: Apache-2.0
// Partitions with guests, as options and verbs name them.
#ifndef NP_COORDINATOR_RUN_GUEST_NAMES_H
#define NP_COORDINATOR_RUN_GUEST_NAMES_H

#include <stddef.h>

#include "coordinator/run/options.h"
#include "proto/base/err.h"
#include "proto/base/machine.h"
#include "proto/base/text.h"

// The partition whose name is `text` (of `length`) and which runs a guest. ERR_USAGE names `option`, the
// nearest of the partitions there are, or says that the partition runs no guest and which do.
enum err_code guest_find(const struct machine *machine, const char *option, const char *text, size_t length,
                         uint32_t *partition, struct err *err);

// What --trace-insn PARTITION[:CPU] names; `on` is false when nothing does. ERR_USAGE as above, or when the
// guest has no such CPU.
enum err_code trace_resolve(const struct run_command *command, const struct machine *machine,
                            struct instruction_trace *trace, struct err *err);

#endif
