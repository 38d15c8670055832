// SPDX-License-Identifier: Apache-2.0
// What the system controller tells the boards of this process at a cut, and what it wants to know of them.
#ifndef NP_NODE_HOST_CREW_ORDERS_H
#define NP_NODE_HOST_CREW_ORDERS_H

#include "node/host/crew.h"
#include "proto/codec/control.h"

// Does what an ORDERS asks of this crew's boards and fills the answer: a REPORTS, which the caller frees with
// control_free. What concerns other boards is left to others. ERR_DAMAGED_MESSAGE when an order does not suit
// the machine; orders before it are given then.
enum err_code crew_obey(struct crew *crew, const struct control_orders *orders, struct control *answer,
                        struct err *err);

void crew_drop_tables(struct crew *crew); // those that have not come completely

#endif
