// SPDX-License-Identifier: Apache-2.0
// How far the figures of a machine can be trusted, from their sources alone, which begin with a tag:
//   [T ...] the lecture text, [S:KEY] a public source     published
//   [C]                                                   computed from others
//   fitted: ...                                           chosen to meet the published value that it names
//   [K] ...                                               unverified default
//   anything else: the author's own, FILE:LINE of a scenario, --set
#ifndef NP_COORDINATOR_MACHINE_PROVENANCE_H
#define NP_COORDINATOR_MACHINE_PROVENANCE_H

#include "coordinator/machine/figures.h"

enum provenance {
    PROVENANCE_PUBLISHED,
    PROVENANCE_COMPUTED,
    PROVENANCE_FITTED,
    PROVENANCE_UNVERIFIED,
    PROVENANCE_OWN,
    PROVENANCE_COUNT
};

struct provenances {
    uint32_t count[PROVENANCE_COUNT];
};

const char *provenance_name(enum provenance provenance);

enum provenance provenance_of(const struct source *source);

// Counts the sources that are given: of a board, and of the system around it.
struct provenances provenances_count(const struct source sources[FIGURE_COUNT],
                                     const struct board_params *params, const struct system_figures *system);

// One word for all of them, the flag that check, run and results.json show: "fitted" when any figure is, else
// "unverified defaults" when any is one, else "own figures" when any is, else "published".
const char *provenances_flag(const struct provenances *provenances);

#define PROVENANCES_TEXT_SIZE 160
// "unverified defaults: of 29 figures 9 published, 20 unverified". Returns `text`.
const char *provenances_text(const struct provenances *provenances, char text[PROVENANCES_TEXT_SIZE]);

#endif
