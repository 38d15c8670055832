// SPDX-License-Identifier: Apache-2.0
// Directories of homes: what a protocol allows, what a miss in a directory cache does, and what `check` says.
#ifndef NP_COORDINATOR_MACHINE_DIRECTORY_H
#define NP_COORDINATOR_MACHINE_DIRECTORY_H

#include <stdio.h>

#include "coordinator/machine/document.h"
#include "proto/base/machine.h"

// Refuses a protocol that does not ship. `v` is where it is named.
enum err_code protocol_check(const char *name, struct value v, struct err *err);

// Whether homes of the protocol may name too many sharers, and have fewer entries than memory has lines.
bool protocol_takes_any_directory(const char *name);

// Reads `directory_miss: recall` or `broadcast`.
enum err_code directory_miss_read(struct value v, enum directory_miss *miss, struct err *err);
const char *directory_miss_name(enum directory_miss miss);

// Refuses a directory that is none: both forms at once, or sets that are no power of two.
enum err_code directory_check(const struct board_params *params, const char *board, struct value where,
                              struct err *err);

// Refuses a directory that the system's protocol cannot do.
enum err_code directory_fits(const struct board_params *params, const char *board, const char *protocol,
                             struct value where, struct err *err);

// Bits that a home keeps of one line's holders, the two of its state included, in a system of `boards`.
uint32_t directory_bits(const struct board_params *params, uint32_t boards);

// One line of text, or two with a directory cache.
void directory_print(const struct board_params *params, const struct system_desc *system, FILE *out);

#endif
