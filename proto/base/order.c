// SPDX-License-Identifier: Apache-2.0
#include "proto/base/order.h"

#include <stdlib.h>

#include "proto/base/assert.h"

void order_free(struct order *order)
{
    free(order->shares);
    free(order->bytes);
    order->shares = NULL;
    order->bytes = NULL;
    order->n_shares = 0;
    order->n_bytes = 0;
}

const char *order_name(enum order_kind kind)
{
    static const char *const names[ORDER_KIND_COUNT] = {
        "power", "test",    "domain", "tables", "online", "offline", "spread",
        "drain", "quiesce", "resume", "copy",   "flush",  "reset",   "type",
    };
    NP_ASSERT(kind < ORDER_KIND_COUNT);
    return names[kind];
}
