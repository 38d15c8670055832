// SPDX-License-Identifier: Apache-2.0
// What boards promise is worth: a machine that computes or idles costs few grants. Grants are counted, never
// timed.
#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <stdio.h>
#include <string.h>

#include "fabric/crossbar/timing.h"
#include "tests/lib/whole_run.h"

enum { GRANTS_PER_IDLE_SECOND = 20, FEWER_WITH_BURSTS = 50 };

// The bench machine, every CPU of which computes for `compute` and then makes one access to its own KiB: it
// misses a few times, then hits its L1.
static void run_bursts(const char *compute, const char *until, bool no_bounds, struct whole_result *result,
                       double *lookaheads)
{
    char text[1024];
    struct scenario scenario;
    struct err err;
    int n = snprintf(text, sizeof text,
                     "scenario: idle\nseed: 1\nuntil: %s\nsystems:\n  - name: bench\n    preset: bench\n"
                     "    boards: 8\n    partitions:\n      - name: ALL\n        boards: all\n"
                     "        memory: [{size: 512MiB, interleave: 4KiB}]\n        programs:\n"
                     "          - {on: all, generator: burst, region: {base: 0, size: 32KiB},\n"
                     "             writes: 30%%, outstanding: 1, compute: %s}\n",
                     until, compute);
    if (scenario_read_text(text, (size_t)n, "idle", &scenario, &err))
        exit(err_report(&err));
    const struct machine *machine = &scenario.machine;
    whole_run(machine, &(struct whole_options){.no_bounds = no_bounds}, result);
    *lookaheads = (double)machine->until / (double)crossbar_lookahead_least(machine, 0);
    scenario_free(&scenario);
}

static void test_idle_seconds(void)
{
    struct whole_result result;
    double lookaheads;
    run_bursts("1s", "10s", false, &result, &lookaheads);
    CU_ASSERT(result.accesses >= 9 * 32); // each CPU made its access every second
    CU_ASSERT(result.grants < 10 * GRANTS_PER_IDLE_SECOND);
    printf(" %llu grants in 10 simulated seconds ", (unsigned long long)result.grants);
}

static void test_compute_bursts(void)
{
    struct whole_result result;
    double lookaheads;
    run_bursts("10us", "10ms", false, &result, &lookaheads);
    CU_ASSERT(result.accesses > 32 * 900);
    CU_ASSERT(lookaheads / (double)result.grants >= FEWER_WITH_BURSTS);
    printf(" %.1f times fewer grants than %.0f lookaheads ", lookaheads / (double)result.grants, lookaheads);
}

// That the lookahead alone would really need so many, and reach the same end.
static void test_lookahead_alone(void)
{
    struct whole_result skipping, alone;
    double lookaheads;
    run_bursts("10us", "200us", false, &skipping, &lookaheads);
    run_bursts("10us", "200us", true, &alone, &lookaheads);
    CU_ASSERT((double)alone.grants >= lookaheads && (double)alone.grants < lookaheads + 3);
    CU_ASSERT(memcmp(&skipping.digest, &alone.digest, sizeof alone.digest) == 0);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("idle", NULL, NULL);
    CU_add_test(suite, "an idle second", test_idle_seconds);
    CU_add_test(suite, "compute bursts of 10 us", test_compute_bursts);
    CU_add_test(suite, "the lookahead alone", test_lookahead_alone);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures() + (CU_get_number_of_asserts() == 0);
    CU_cleanup_registry();
    return failed != 0;
}
