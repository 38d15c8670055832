// SPDX-License-Identifier: Apache-2.0
// The protocols that ship, and what holds of each table without exploring it.
#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <stdlib.h>

#include "node/coherence/protocol.h"
#include "proto/base/assert.h"
#include "proto/base/machine.h"

// A scenario may name exactly what has tables.
static void test_names(void)
{
    static const char *const names[] = {PROTOCOL_NAMES};
    for (unsigned i = 0; i < NP_ARRAY_LEN(names); i++) {
        CU_ASSERT_PTR_NOT_NULL_FATAL(protocol_at(i));
        CU_ASSERT_STRING_EQUAL(protocol_at(i)->name, names[i]);
        CU_ASSERT_PTR_EQUAL(protocol_by_name(names[i]), protocol_at(i));
    }
    CU_ASSERT_PTR_NULL(protocol_at(NP_ARRAY_LEN(names)));
}

static bool is_used(const struct protocol *protocol, unsigned state)
{
    for (unsigned event = 0; event < CACHE_EVENT_COUNT; event++)
        if (protocol->cache[state][event].kind != CELL_IMPOSSIBLE)
            return true;
    return false;
}

// The board serves accesses where nothing is under way: a load or store of a stable state never stalls, and
// one that a transient state cannot perform waits. A replacement waits for a transient state to end.
static void test_accesses(void)
{
    for (unsigned i = 0; protocol_at(i); i++)
        for (unsigned state = 0; state < CACHE_STATE_COUNT; state++) {
            const struct cell *cell = protocol_at(i)->cache[state];
            if (!is_used(protocol_at(i), state))
                continue;
            bool stable = cache_state_is_stable(state);
            CU_ASSERT_EQUAL(cell[CE_STORE].kind, stable ? CELL_STEP : CELL_STALL);
            CU_ASSERT(cell[CE_LOAD].kind == CELL_STEP || (!stable && cell[CE_LOAD].kind == CELL_STALL));
            CU_ASSERT(cell[CE_REPLACEMENT].kind ==
                      (stable ? state == C_I ? CELL_IMPOSSIBLE : CELL_STEP : CELL_STALL));
        }
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("protocols", NULL, NULL);
    CU_add_test(suite, "names", test_names);
    CU_add_test(suite, "accesses", test_accesses);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
