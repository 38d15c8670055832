// SPDX-License-Identifier: Apache-2.0
// Whether an order suits the machine: boards rely on it.
#ifndef NP_NODE_HOST_ORDER_RULES_H
#define NP_NODE_HOST_ORDER_RULES_H

#include "proto/base/order.h"

// NULL, or a static sentence that says what is wrong.
const char *order_invalid(const struct machine *machine, const struct order *order);

#endif
