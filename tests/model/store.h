// SPDX-License-Identifier: Apache-2.0
// The set of states seen so far: whole states, not fingerprints, so that none is ever taken for another.
#ifndef NP_TESTS_MODEL_STORE_H
#define NP_TESTS_MODEL_STORE_H

#include "tests/model/model.h"

struct store {
    const struct model_config *config;
    uint32_t n;        // states, numbered in the order in which they were added
    uint32_t capacity; // of offset
    uint32_t *offset;  // of a state in `words`
    uint32_t *words;   // packed states
    uint64_t used, room;
    uint64_t *slot; // hash (upper half) and number + 1; 0: free
    uint32_t slot_mask;
};

void store_init(struct store *store, const struct model_config *config);
void store_free(struct store *store);

// The number of the state; *added says whether it is new.
uint32_t store_add(struct store *store, const struct model_state *state, bool *added);
void store_get(const struct store *store, uint32_t number, struct model_state *state);
uint64_t store_bytes(const struct store *store);

#endif
