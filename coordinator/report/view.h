// SPDX-License-Identifier: Apache-2.0
// The results of a run as the sections of its page need them: results.json, read with patience. What is
// missing or of another type counts as 0, "" or nothing, so that pages of older results have fewer sections
// and no errors.
#ifndef NP_COORDINATOR_REPORT_VIEW_H
#define NP_COORDINATOR_REPORT_VIEW_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "proto/base/err.h"

struct view_board {
    const json_t *json, *partition;
    char *label; // owned: "SB0", with its partition before it where there are several; "SMP1/SMP2 SB6": it
                 // moved
};

struct view {
    const json_t *results;
    const json_t *partitions;
    struct view_board *boards; // of all partitions, in their order, then those that joined one later; owned
    size_t n_boards;
    struct view_board *members; // the same by partition: a board that moved in each, with its part; owned
    size_t n_members;
    const char *resolved; // path of resolved.yaml; NULL: none
};

// Looks at results, which must outlive the view. ERR_BAD_VALUE when they are not results of a version that is
// known here. The caller frees the view with view_free after success.
enum err_code view_open(struct view *view, const json_t *results, const char *resolved, struct err *err);
void view_free(struct view *view);

// A number that is not negative, a text, a truth; of a member of an object.
uint64_t view_count(const json_t *object, const char *key);
const char *view_text(const json_t *object, const char *key);
bool view_true(const json_t *object, const char *key);

// A counter of a board or partition; and whether there is one of this name.
uint64_t view_counter(const json_t *object, const char *name);
bool view_has_counter(const json_t *object, const char *name);

// The sum of a counter over all partitions.
uint64_t view_total(const struct view *view, const char *name);

// A member of a histogram ("count", "sum_ps", "max_ps") of a board or partition; `served` as in results.json.
uint64_t view_latency(const json_t *object, const char *served, const char *key);

#endif
