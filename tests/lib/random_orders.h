// SPDX-License-Identifier: Apache-2.0
// Random messages of live partitioning that the control codec accepts, and whether two are equal.
#ifndef NP_TESTS_LIB_RANDOM_ORDERS_H
#define NP_TESTS_LIB_RANDOM_ORDERS_H

#include "proto/base/rng.h"
#include "proto/codec/control.h"

// Into structs that are all zero; control_free frees what they own.
void random_start(struct rng *rng, struct control_start *start);
void random_orders(struct rng *rng, struct control_orders *orders);
void random_reports(struct rng *rng, struct control_reports *reports);
void random_regroup(struct rng *rng, struct control_regroup *regroup);

bool start_equal(const struct control_start *a, const struct control_start *b);
bool orders_equal(const struct control_orders *a, const struct control_orders *b);
bool reports_equal(const struct control_reports *a, const struct control_reports *b);

#endif
