// SPDX-License-Identifier: Apache-2.0
// Random messages of live partitioning that the control codec accepts, and whether two are equal.
#ifndef NP_TESTS_LIB_RANDOM_ORDERS_H
#define NP_TESTS_LIB_RANDOM_ORDERS_H

#include "proto/base/rng.h"
#include "proto/codec/control.h"

// Fills a message of kind START, ORDERS, REPORTS or REGROUP that is all zero but for its kind.
void random_partitioning(struct rng *rng, struct control *control);

// Of two messages of the same kind: START, ORDERS or REPORTS.
bool partitioning_equal(const struct control *a, const struct control *b);

#endif
