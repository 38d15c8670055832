// SPDX-License-Identifier: Apache-2.0
// The control API as JSON: one form for `--json` and for the web console. Names are those of
// proto/codec/api.h; absent names ("") are null; codes of errors stand as "NP0804", null when all is well.
// Whoever receives a json_t owns it.
#ifndef NP_HMC_CLIENT_JSON_H
#define NP_HMC_CLIENT_JSON_H

#include <jansson.h>

#include "proto/codec/api.h"

json_t *api_snapshot_json(const struct api_snapshot *snapshot);
json_t *api_board_json(const struct api_snapshot *snapshot, uint32_t board);
json_t *api_partition_json(const struct api_snapshot *snapshot, uint32_t partition); // with its boards' names
json_t *api_operation_json(const struct api_operation *operation);
json_t *api_event_json(const struct api_event *event);
json_t *api_plan_json(const struct api_plan *plan);
json_t *api_sample_json(const struct api_sample *sample);
json_t *api_series_json(const struct api_series *series); // [{"time_ps": [...], "accesses": [...]}]

// {"code", "text", "operation"} and what else the reply has; a console's text is left to the caller.
json_t *api_reply_json(const struct api_reply *reply);

// {"code": "NP0815", "meaning": "...", "text": "..."}
json_t *api_error_json(const struct err *err);

// Reads a command or a pace as a console sends it: {"verb": "move", "board": "SB6", "partition": "SMP2"},
// {"pace": "step", "step_ps": 1000000}.
// Keys that are not known, and values of another type, are refused: ERR_REQUEST names them.
enum err_code api_command_of_json(const json_t *from, struct api_command *command, struct err *err);
enum err_code api_pace_of_json(const json_t *from, struct api_pace *pace, struct err *err);

#endif
