// SPDX-License-Identifier: Apache-2.0
// Whether what the scenario claims (coordinator/machine/claims.h) is true of the results. Claims are judged
// on the document that results.json will hold, so that anything in it can be claimed.
#ifndef NP_COORDINATOR_RUN_CLAIMS_H
#define NP_COORDINATOR_RUN_CLAIMS_H

#include <jansson.h>

#include "coordinator/run/report.h"

// One object per claim: says, value, relation, operand, times, actual, expected, holds; `why` instead of the
// last three when the document has no such number. The caller's reference. NULL: out of memory.
json_t *claims_judge(const struct scenario *scenario, const json_t *document);

// The claims of a document, for people; nothing when there are none.
void claims_print(const json_t *document, FILE *out);

// ERR_CLAIM naming the first that does not hold; else ERR_OK.
enum err_code claims_check(const struct scenario *scenario, const json_t *document, struct err *err);

#endif
