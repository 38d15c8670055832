// SPDX-License-Identifier: Apache-2.0
// A system controller of a few lines, for tests of what boards do with its orders: gives them to the boards
// of a mini_complex and waits for all reports.
#ifndef NP_TESTS_LIB_MINI_ORDERS_H
#define NP_TESTS_LIB_MINI_ORDERS_H

#include "tests/lib/mini_complex.h"

struct mini_orders {
    struct mini_complex *complex;
    sim_time latency; // from the last report to the next order
    bool reload;      // while each order is under way all boards are saved, and others go on from there
};

// An order of this kind to `board`, all else 0. `id` is made of the two.
struct order mini_order_of(unsigned board, enum order_kind kind);

// Gives a copy of the order to each board of the mask, and waits for their reports, which must bear its kind.
// The first of them that is not REPORT_DONE, or the last.
struct report mini_give(struct mini_orders *orders, uint32_t boards, const struct order *order);

// Saves all boards, and goes on with fresh ones that have loaded it. The digest must stay.
void mini_reload(struct mini_complex *complex);

// Members of a domain of `n` segments in the order of `homes`, each of `size` bytes from offset 0, at the
// real addresses 0, size, 2 size ...; NO_BOARD_HERE among the homes leaves a hole.
#define NO_BOARD_HERE UINT16_MAX
struct domain mini_domain(uint64_t members, uint16_t version, const uint16_t *homes, uint32_t n,
                          uint64_t size);

#endif
