// SPDX-License-Identifier: Apache-2.0
// Members of sync groups as threads of one process: grants and batches change hands as plain buffers. The
// calling thread is worker 0 and does its share inside collect(), so that two threads use two cores and one
// thread needs none.
#ifndef NP_FABRIC_LINK_EXCHANGE_MEM_H
#define NP_FABRIC_LINK_EXCHANGE_MEM_H

#include "fabric/link/exchange.h"
#include "fabric/time/groups.h"

// Simulates one grant of one member. Called on its worker's thread, or on another
// worker's when that one has not begun; never twice at once for one member.
typedef void exchange_mem_run(void *self, uint32_t group, uint32_t member, struct grant *grant,
                              struct batch *batch);

// groups must outlive the exchange, and may change while no grant is out (exchange_ops.regroup); workers are
// the numbers in its members, 0 .. threads-1.
struct exchange *exchange_mem_open(const struct groups *groups, uint32_t threads, exchange_mem_run *run,
                                   void *self, struct host_stats *stats);

#endif
