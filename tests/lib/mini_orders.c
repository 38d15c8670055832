// SPDX-License-Identifier: Apache-2.0
#include "tests/lib/mini_orders.h"

#include "proto/base/assert.h"
#include "proto/base/digest.h"

struct order mini_order_of(unsigned board, enum order_kind kind)
{
    return (struct order){.id = 1000u * kind + board, .board = (uint16_t)board, .kind = kind};
}

void mini_reload(struct mini_complex *complex)
{
    struct mini_complex fresh;
    struct archive saved, loaded;
    struct err err;
    ar_init_save(&saved);
    mini_state(complex, &saved);
    NP_ASSERT(mini_open(&fresh, complex->machine, &complex->options, &err) == ERR_OK);
    fresh.chopping = complex->chopping;
    ar_init_load(&loaded, saved.bytes, saved.at);
    mini_state(&fresh, &loaded);
    if (ar_failed(&loaded) || loaded.at != loaded.size)
        np_panic("a saved complex cannot be loaded: %s", loaded.err.text);
    NP_ASSERT(digest_equal(mini_digest(complex), mini_digest(&fresh)));
    mini_close(complex);
    *complex = fresh;
    ar_free(&saved);
}

struct report mini_give(struct mini_orders *orders, uint32_t boards, const struct order *order)
{
    struct mini_complex *complex = orders->complex;
    struct report reports[32], outcome;
    uint32_t n = 0;
    for (uint32_t rest = boards; rest; rest &= rest - 1, n++) {
        struct order own = *order;
        own.board = (uint16_t)__builtin_ctz(rest);
        mini_order(complex, &own);
    }
    if (orders->reload) {
        mini_run(complex, complex->reached + SIM_PS_PER_US);
        mini_reload(complex);
    }
    mini_reports(complex, n, orders->latency, reports);
    outcome = reports[n - 1];
    for (uint32_t i = n; i-- > 0;) {
        NP_ASSERT(reports[i].kind == order->kind && reports[i].id == order->id);
        outcome = reports[i].status != REPORT_DONE ? reports[i] : outcome;
    }
    return outcome;
}

struct domain mini_domain(uint64_t members, uint16_t version, const uint16_t *homes, uint32_t n,
                          uint64_t size)
{
    struct domain domain = {.members = members, .map_version = version};
    for (uint32_t i = 0; i < n; i++)
        if (homes[i] != NO_BOARD_HERE)
            domain.segments[domain.n_segments++] =
                (struct segment_desc){.base = i * size, .size = size, .n_boards = 1, .boards = {homes[i]}};
    return domain;
}
