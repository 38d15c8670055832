// SPDX-License-Identifier: Apache-2.0
// Litmus tests on whole machines: every file of tests/sim/litmus over many seeded timings, CPUs on one board
// and on several, under each protocol, without store buffers (sequential consistency) and with them (total
// store order). No forbidden outcome may occur; a relaxed one must occur with store buffers and never
// without; and the timings must vary enough to show at least two outcomes.
#include <CUnit/Basic.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "node/cpu/script.h"
#include "tests/lib/litmus.h"
#include "tests/lib/mini_complex.h"
#include "tests/lib/tiny_machine.h"

enum { OUTCOMES_MAX = 64, STORE_BUFFER = 4 };

static unsigned timings = NP_SANITIZED ? 250 : 2500; // 10,000 of `sim-litmus all`

// One way to run a file.
struct way {
    const char *protocol;
    bool spread; // CPUs on several boards
    uint32_t store_buffer;
};

struct tally {
    uint32_t n;
    uint64_t count[OUTCOMES_MAX];
    uint64_t outcome[OUTCOMES_MAX][LITMUS_OBSERVED];
};

static void count_outcome(struct tally *tally, const uint64_t outcome[LITMUS_OBSERVED])
{
    uint32_t i = 0;
    while (i < tally->n && memcmp(tally->outcome[i], outcome, sizeof tally->outcome[i]) != 0)
        i++;
    CU_ASSERT_FATAL(i < OUTCOMES_MAX);
    if (i == tally->n)
        memcpy(tally->outcome[tally->n++], outcome, sizeof tally->outcome[i]);
    tally->count[i]++;
}

// Program i runs on board i, or all on board 0; memory is interleaved by line, so that words have different
// homes.
static void build(struct tiny_machine *tiny, const struct litmus *litmus, const struct way *way)
{
    uint32_t n = litmus->n_programs;
    bool spread = way->spread;
    struct tiny_shape shape = {.protocol = way->protocol,
                               .boards = spread ? n : 1,
                               .cpus = spread ? 1 : n,
                               .partitions = 1,
                               .memory_bytes = 65536,
                               .granule = spread ? 64 : 0,
                               .frames_offset = 65536,
                               .store_buffer = way->store_buffer};
    tiny_machine_init(tiny, &shape);
    for (uint32_t i = 0; i < n; i++)
        tiny_machine_add(tiny, spread ? i : 0, spread ? 0 : i, CPU_SCRIPT)->script = litmus->programs[i];
    CU_ASSERT_PTR_NULL_FATAL(machine_invalid(&tiny->machine));
}

static void run_once(const struct tiny_machine *tiny, const struct litmus *litmus, struct tally *tally)
{
    struct mini_complex complex;
    struct err err;
    uint64_t outcome[LITMUS_OBSERVED] = {0};
    enum err_code code = mini_open(&complex, &tiny->machine, NULL, &err);
    if (code)
        printf("  %s\n", err.text);
    CU_ASSERT_EQUAL_FATAL(code, ERR_OK);
    CU_ASSERT_TRUE_FATAL(mini_run(&complex, SIM_NEVER));
    for (uint32_t i = 0; i < litmus->n_observed; i++) {
        const struct cpu_desc *cpu = &tiny->cpus[litmus->observed[i].program];
        const uint64_t *registers = script_registers(board_cpu(complex.boards[cpu->board], cpu->index));
        outcome[i] = registers[litmus->observed[i].number];
    }
    mini_close(&complex);
    count_outcome(tally, outcome);
}

// What may not occur this way.
static bool is_forbidden(const struct litmus *litmus, const uint64_t *outcome, const struct way *way)
{
    return litmus_meets(litmus, outcome, LITMUS_FORBIDDEN) ||
           (!way->store_buffer && litmus_meets(litmus, outcome, LITMUS_RELAXED));
}

static const char *comment(const struct litmus *litmus, const uint64_t *outcome, const struct way *way)
{
    if (is_forbidden(litmus, outcome, way))
        return "  FORBIDDEN";
    if (litmus_meets(litmus, outcome, LITMUS_RELAXED))
        return "  (relaxed)";
    return litmus_meets(litmus, outcome, LITMUS_EXISTS) ? "  (of interest)" : "";
}

static void print_outcome(const struct litmus *litmus, const struct tally *tally, uint32_t i,
                          const struct way *way)
{
    printf("      %8" PRIu64 " ", tally->count[i]);
    for (uint32_t o = 0; o < litmus->n_observed; o++)
        printf(" P%u:r%u=%" PRIu64, litmus->observed[o].program, litmus->observed[o].number,
               tally->outcome[i][o]);
    printf("%s\n", comment(litmus, tally->outcome[i], way));
}

static bool has_relaxed(const struct litmus *litmus)
{
    for (uint32_t c = 0; c < litmus->n_conditions; c++)
        if (litmus->conditions[c].kind == LITMUS_RELAXED)
            return true;
    return false;
}

static void judge(const struct litmus *litmus, const struct tally *tally, const struct way *way)
{
    uint32_t allowed = 0, relaxed = 0;
    for (uint32_t i = 0; i < tally->n; i++) {
        bool forbidden = is_forbidden(litmus, tally->outcome[i], way);
        print_outcome(litmus, tally, i, way);
        CU_ASSERT_FALSE(forbidden);
        allowed += !forbidden;
        relaxed += litmus_meets(litmus, tally->outcome[i], LITMUS_RELAXED);
    }
    CU_ASSERT(allowed >= 2);
    if (way->store_buffer && has_relaxed(litmus))
        CU_ASSERT(relaxed > 0);
}

static void run_timings(const char *name, const struct litmus *litmus, const struct way *way)
{
    static struct tiny_machine tiny;
    struct tally tally = {0};
    build(&tiny, litmus, way);
    for (uint64_t seed = 1; seed <= timings; seed++) {
        tiny.partitions[0].seed = seed;
        run_once(&tiny, litmus, &tally);
    }
    printf("    %s, %s, %s, CPUs on %s: %u timings\n", name, way->protocol,
           way->store_buffer ? "store buffers" : "no store buffers",
           way->spread ? "several boards" : "one board", timings);
    judge(litmus, &tally, way);
    fflush(stdout);
}

static void run_file(const char *name)
{
    const char *source = getenv("NUMAPLEX_SOURCE");
    char path[1024];
    struct litmus litmus;
    struct err err = {0};
    snprintf(path, sizeof path, "%s/tests/sim/litmus/%s.txt", source ? source : ".", name);
    enum err_code code = litmus_read(path, &litmus, &err);
    if (code)
        printf("  %s\n", err.text);
    CU_ASSERT_EQUAL_FATAL(code, ERR_OK);
    printf("\n");
    static const char *const protocols[] = {PROTOCOL_NAMES};
    for (unsigned i = 0; i < 2 * NP_ARRAY_LEN(protocols); i++) {
        struct way way = {.protocol = protocols[i / 2], .spread = i % 2};
        run_timings(name, &litmus, &way);
        way.store_buffer = STORE_BUFFER;
        run_timings(name, &litmus, &way);
    }
    litmus_free(&litmus);
}

static void test_sb(void)
{
    run_file("sb");
}

static void test_sb_fence(void)
{
    run_file("sb-fence");
}

static void test_sb_atomic(void)
{
    run_file("sb-atomic");
}

static void test_sb_own(void)
{
    run_file("sb-own");
}

static void test_mp(void)
{
    run_file("mp");
}

static void test_lb(void)
{
    run_file("lb");
}

static void test_iriw(void)
{
    run_file("iriw");
}

static void test_corr(void)
{
    run_file("corr");
}

static void test_2_2w(void)
{
    run_file("2+2w");
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "all") == 0)
        timings = 10000;
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("litmus", NULL, NULL);
    CU_add_test(suite, "SB", test_sb);
    CU_add_test(suite, "SB with fences", test_sb_fence);
    CU_add_test(suite, "SB with atomics", test_sb_atomic);
    CU_add_test(suite, "SB reading its own", test_sb_own);
    CU_add_test(suite, "MP", test_mp);
    CU_add_test(suite, "LB", test_lb);
    CU_add_test(suite, "IRIW", test_iriw);
    CU_add_test(suite, "CoRR", test_corr);
    CU_add_test(suite, "2+2W", test_2_2w);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failed ? 1 : 0;
}
