// SPDX-License-Identifier: Apache-2.0
// Rows of a snapshot as text, for several verbs.
#ifndef NP_HMC_CLI_SHOW_H
#define NP_HMC_CLI_SHOW_H

#include <stdio.h>

#include "proto/codec/api.h"

void show_head(const struct api_snapshot *snapshot, FILE *out); // the run: state, time, pace, folder

// Boards, partitions by name; no names: all. ERR_UNKNOWN_NAME lists those that there are.
enum err_code show_boards(const struct api_snapshot *snapshot, char *const *names, FILE *out,
                          struct err *err);
enum err_code show_partitions(const struct api_snapshot *snapshot, char *const *names, FILE *out,
                              struct err *err);
void show_operations(const struct api_snapshot *snapshot, FILE *out);
void show_event(const struct api_event *event, FILE *out);
void show_plan(const struct api_command *command, const struct api_plan *plan, FILE *out);

// ERR_UNKNOWN_NAME for the first of the names that is no board (partition) of the machine.
enum err_code check_boards(const struct api_snapshot *snapshot, char *const *names, struct err *err);
enum err_code check_partitions(const struct api_snapshot *snapshot, char *const *names, struct err *err);

// Whether a name is among the names, or there are none.
bool is_among(char *const *names, const char *name);

// "SB0 SB1 SB6": boards of a partition; "-" when it has none. Returns `text`.
const char *boards_of(const struct api_snapshot *snapshot, const char *partition, char *text, size_t size);
// The same of its available component list, by its place in the snapshot.
const char *available_of(const struct api_snapshot *snapshot, uint32_t partition, char *text, size_t size);

#endif
