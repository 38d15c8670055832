// SPDX-License-Identifier: Apache-2.0
// Visits every state of a model, nearest first.
#ifndef NP_TESTS_MODEL_EXPLORE_H
#define NP_TESTS_MODEL_EXPLORE_H

#include <stdio.h>

#include "tests/model/store.h"

struct explore_options {
    bool plain;          // no symmetry: every state counts by itself
    uint32_t states_max; // stop there, undecided; 0: never
    FILE *chart;         // where to draw a violation; NULL: nowhere
};

struct exploration {
    uint32_t states, depth;
    uint64_t moves; // transitions that change the state
    uint64_t bytes;
    bool complete; // every reachable state was visited
    bool violated;
    char violation[300];
};

// Explores `model` and checks every state. True: complete and without violation.
bool explore(struct model *model, const struct explore_options *options, struct exploration *result);

// Draws the way to state `number` and, if `last`, the moves from there until one of them is a violation.
void chart_draw(struct model *model, const struct store *store, const uint32_t *parent, uint32_t number,
                bool last, bool plain, FILE *out);

// The protocols and machines that the test explores.
const struct model_config *config_at(unsigned i);
const struct model_config *config_by_name(const char *name);

#endif
