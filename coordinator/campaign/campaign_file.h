// SPDX-License-Identifier: Apache-2.0
// Several questions in one file (YAML, of which JSON is a part):
//
//     campaign: NAME
//     questions:
//       - {name: contention, scenario: smp-law.yaml, over: {cpus: 1..32, locks: [1, 4]}, seeds: 3,
//          set: {critical: 16}, metrics: [work_per_s], against: window=0}
#ifndef NP_COORDINATOR_CAMPAIGN_CAMPAIGN_FILE_H
#define NP_COORDINATOR_CAMPAIGN_CAMPAIGN_FILE_H

#include "coordinator/campaign/sweep.h"

#define QUESTIONS_MAX 64u

struct campaign {
    char name[NAME_MAX_BYTES];
    uint32_t n;
    struct question questions[QUESTIONS_MAX];
};

// Reads a campaign; scenarios are looked for beside it, then as find_scenario does. Errors as those of
// scenarios: file, line, field, remedy. The caller frees in any case.
enum err_code campaign_read(struct campaign *campaign, const char *path, struct err *err);
void campaign_free(struct campaign *campaign);

#endif
