// SPDX-License-Identifier: Apache-2.0
// machine_invalid: a good machine, broken one rule at a time, must be refused with the sentence of that rule.
#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

#include "coordinator/machine/scenario.h"
#include "proto/base/assert.h"

static struct scenario good(void)
{
    struct scenario scenario;
    struct err err = {0};
    char path[PATH_MAX_BYTES];
    const char *source = getenv("NUMAPLEX_SOURCE");
    snprintf(path, sizeof path, "%s/tests/unit/machine/data/full.yaml", source ? source : ".");
    if (scenario_read(path, &scenario, &err))
        printf("\n  %s\n", err.text);
    CU_ASSERT_EQUAL_FATAL(err.code, ERR_OK);
    return scenario;
}

static struct machine *m; // the machine that the next damage strikes

static struct cpu_desc *find(enum cpu_kind kind)
{
    for (uint32_t i = 0; i < m->n_cpus; i++)
        if (m->cpus[i].kind == kind)
            return &m->cpus[i];
    NP_ASSERT(false);
    return NULL;
}

static struct cpu_desc *find_frames(void)
{
    for (uint32_t i = 0; i < m->n_cpus; i++)
        if (m->cpus[i].kind == CPU_GENERATOR && m->cpus[i].pattern == PATTERN_FRAMES)
            return &m->cpus[i];
    NP_ASSERT(false);
    return NULL;
}

// X(what is done to the machine, part of the sentence that must refuse it)
#define DAMAGES(X)                                                                                           \
    X(m->name[0] = '\0', "scenario's name")                                                                  \
    X(memset(m->name, 'a', sizeof m->name), "scenario's name")                                               \
    X(m->until = 0, "end of the run")                                                                        \
    X(m->until = UINT64_MAX - 1, "end of the run")                                                           \
    X(m->window = SIM_PS_PER_S + 1, "window")                                                                \
    X(m->n_systems = 0, "no system")                                                                         \
    X(m->n_boards = BOARDS_MAX + 1, "no board or too many")                                                  \
    X(m->n_partitions = 0, "no partition")                                                                   \
    X(m->systems[1].first_board++, "divide the boards")                                                      \
    X(m->systems[1].boards--, "divide the boards")                                                           \
    X(m->systems[1].boards = 200, "divide the boards")                                                       \
    X(m->systems[0].flight = 0, "flight is 0")                                                               \
    X(strcpy(m->systems[1].name, "one"), "same name")                                                        \
    X(m->systems[0].protocol[0] = '/', "protocol")                                                           \
    X(strcpy(m->boards[1].name, "SB0"), "two boards have the same name")                                     \
    X(strcpy(m->boards[1].name, "a/b"), "board's name")                                                      \
    X(m->boards[1].system = 1, "system that does not hold it")                                               \
    X(m->boards[5].partition = 7, "partition that does not exist")                                           \
    X(m->boards[5].partition = 2, "do not agree")                                                            \
    X(m->boards[0].partition = 1, "do not agree")                                                            \
    X(m->boards[0].params.cpus = 0, "no CPUs")                                                               \
    X(m->boards[0].params.cpus = 33, "no CPUs or more")                                                      \
    X(m->boards[0].params.cpu_hz = 0, "clock")                                                               \
    X(m->boards[0].params.line_bytes = 48, "line size")                                                      \
    X(m->boards[1].params.line_bytes = 128, "differ in line size")                                           \
    X(m->boards[0].params.l1.ways = 0, "no ways")                                                            \
    X(m->boards[0].params.l1.bytes += 64, "sets")                                                            \
    X(m->boards[0].params.l1.bytes *= 3, "power of two")                                                     \
    X(m->boards[0].params.l1i.bytes = 0, "no bytes")                                                         \
    X(m->boards[0].params.l2.bytes = 512, "smaller than an L1")                                              \
    X(m->boards[0].params.l2.latency = UINT64_MAX, "above one second")                                       \
    X(m->boards[0].params.mshrs = 0, "MSHRs")                                                                \
    X(m->boards[0].params.bus_order = 0, "bus_order is 0")                                                   \
    X(m->boards[0].params.memory_latency = UINT64_MAX, "above one second")                                   \
    X(m->boards[0].params.memory_bytes += 1, "whole number of pages")                                        \
    X(m->boards[0].params.port_bytes_per_s = 1, "bandwidth")                                                 \
    X(m->boards[0].params.header_bytes = 0, "header")                                                        \
    X(strcpy(m->partitions[1].name, "P"), "two partitions")                                                  \
    X(m->partitions[0].system = 2, "system that does not exist")                                             \
    X(m->partitions[0].n_boards = 65, "too many")                                                            \
    X(m->partitions[0].boards[1] = 300, "board that does not exist")                                         \
    X(m->partitions[0].boards[1] = 0, "ascending")                                                           \
    X(m->partitions[0].boards[1] = 4, "another system")                                                      \
    X(m->partitions[0].frames_offset += 8, "begin at a page")                                                \
    X(m->partitions[0].frames_offset = m->boards[0].params.memory_bytes, "no frames")                        \
    X(m->partitions[0].n_segments = 0, "no segments")                                                        \
    X(m->partitions[0].n_segments = 65, "too many")                                                          \
    X(m->partitions[0].n_segments = 2, "frames in no segment")                                               \
    X(m->partitions[0].segments[1].base += PAGE_BYTES, "leave a gap")                                        \
    X(m->partitions[0].segments[1].base -= PAGE_BYTES, "overlap")                                            \
    X(m->partitions[0].segments[0].base = PAGE_BYTES, "gap")                                                 \
    X(m->partitions[0].segments[1].size += 8, "multiple of a page")                                          \
    X(m->partitions[0].segments[1].offset = 0, "same memory")                                                \
    X(m->partitions[0].segments[1].offset = UINT64_MAX - 4095, "beyond the memory")                          \
    X(m->partitions[0].segments[1].size = UINT64_C(1) << 60, "beyond the memory")                            \
    X(m->partitions[0].segments[0].granule = 0, "contiguous segment")                                        \
    X(m->partitions[0].segments[0].granule = 96, "whole number of granules")                                 \
    X(m->partitions[0].segments[0].granule = 32, "whole number of granules")                                 \
    X(m->partitions[0].segments[0].n_boards = 0, "no boards")                                                \
    X(m->partitions[0].segments[0].boards[1] = 2, "outside its partition")                                   \
    X(m->partitions[0].segments[0].boards[1] = 1, "twice")                                                   \
    X(m->cpus[1].index = m->cpus[0].index, "ascending order")                                                \
    X(m->cpus[0].board = 500, "board that does not exist")                                                   \
    X(m->cpus[m->n_cpus - 1].index = 2, "beyond its board's CPUs")                                           \
    X((find(CPU_GENERATOR)->pattern = PATTERN_KERNEL, find(CPU_GENERATOR)->locks = 0), "no lock")            \
    X((find(CPU_GENERATOR)->pattern = PATTERN_KERNEL, find(CPU_GENERATOR)->locks = 1), "do nothing between") \
    X(m->cpus[0].outstanding = 0, "under way")                                                               \
    X(m->cpus[0].outstanding = 17, "under way")                                                              \
    X(m->cpus[0].member = m->cpus[0].members, "members")                                                     \
    X(m->cpus[0].kind = (enum cpu_kind)9, "unknown kind")                                                    \
    X(find(CPU_GENERATOR)->pattern = PATTERN_COUNT, "pattern is unknown")                                    \
    X(find(CPU_GENERATOR)->base += 4, "aligned to 8")                                                        \
    X(find(CPU_GENERATOR)->base = UINT64_MAX - 7, "leaves its partition")                                    \
    X(find(CPU_GENERATOR)->size = UINT64_MAX - 7, "leaves its partition")                                    \
    X(find(CPU_GENERATOR)->size = 0, "no region")                                                            \
    X(find(CPU_GENERATOR)->write_permille = 1001, "more than always")                                        \
    X(find_frames()->link = 2, "link that does not exist")                                                   \
    X(find_frames()->link = 1, "not on a board of its link")                                                 \
    X(find_frames()->frame_bytes = 0, "frame is empty")                                                      \
    X(find(CPU_TRACE)->trace[0] = '\0', "no file name")                                                      \
    X(memset(find(CPU_TRACE)->trace, 'a', PATH_MAX_BYTES), "too long")                                       \
    X(find(CPU_TRACE)->placement = (enum placement)3, "placement is unknown")                                \
    X(find(CPU_TRACE)->fixed_board = 2, "outside its partition")                                             \
    X((free(find(CPU_SCRIPT)->script), find(CPU_SCRIPT)->script = NULL), "script is missing")                \
    X(m->links[0].board[1] = 1, "both ends in one partition")                                                \
    X(m->links[0].board[1] = 5, "in no partition")                                                           \
    X(m->links[0].board[1] = 500, "does not exist")                                                          \
    X(m->links[0].latency = 0, "latency is 0")                                                               \
    X(m->links[0].bytes_per_s = 5, "bandwidth")                                                              \
    X(strcpy(m->links[0].name, "other"), "two links")                                                        \
    X(m->faults[1].at = 0, "ascending order of time")                                                        \
    X(m->faults[0].kind = (enum fault_kind)1, "unknown kind")                                                \
    X(m->faults[0].board = 5000, "board that does not exist")                                                \
    X(m->faults[0].segment = 3, "segment that does not exist")                                               \
    X(m->faults[0].home = 4, "no crossbar")

#define X(damage, says)                                                                                      \
    {                                                                                                        \
        struct scenario scenario = good();                                                                   \
        m = &scenario.machine;                                                                               \
        uint32_t boards = m->n_boards, partitions = m->n_partitions;                                         \
        (void)(damage);                                                                                      \
        const char *rule = machine_invalid(m);                                                               \
        if (!rule || !strstr(rule, says))                                                                    \
            printf("\n  %s: %s", #damage, rule ? rule : "accepted");                                         \
        CU_ASSERT_TRUE(rule &&strstr(rule, says));                                                           \
        m->n_boards = boards;                                                                                \
        m->n_partitions = partitions;                                                                        \
        scenario_free(&scenario);                                                                            \
    }

static void test_damages(void)
{
    DAMAGES(X)
}

static void test_good(void)
{
    struct scenario scenario = good();
    CU_ASSERT_PTR_NULL(machine_invalid(&scenario.machine));
    scenario_free(&scenario);
    CU_ASSERT_PTR_NULL(scenario.machine.boards);
    CU_ASSERT_PTR_NOT_NULL(machine_invalid(&scenario.machine)); // nothing is no machine
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("rules of a machine", NULL, NULL);
    CU_add_test(suite, "a good machine", test_good);
    CU_add_test(suite, "each rule refuses its damage", test_damages);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures != 0;
}
