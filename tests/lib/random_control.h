// SPDX-License-Identifier: Apache-2.0
// Random control messages of every kind, and an exact comparison of two.
#ifndef NP_TESTS_LIB_RANDOM_CONTROL_H
#define NP_TESTS_LIB_RANDOM_CONTROL_H

#include <stdbool.h>

#include "proto/base/rng.h"
#include "proto/codec/control.h"

// Fills `results` with `boards` boards; `full` fills every bucket, CPU and trail mark with large numbers.
void random_results(struct rng *rng, uint32_t boards, bool full, struct results *results);

// Fills `control` (freed by the caller with control_free()) with a message of the kind. All padding is zero.
void random_control(struct rng *rng, enum control_kind kind, struct control *control);

// Compares all bytes, those that pointers lead to included: a field that the codec forgot shows.
bool machine_equal(const struct machine *a, const struct machine *b);
bool results_equal(const struct results *a, const struct results *b);
bool control_equal(const struct control *a, const struct control *b);

#endif
