// SPDX-License-Identifier: Apache-2.0
// What a good scenario means: presets and overrides, memory maps, members, recordings, scripts, warnings.
#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

#include "coordinator/machine/lookahead.h"
#include "coordinator/machine/scenario.h"
#include "proto/base/assert.h"

#define GIB (UINT64_C(1) << 30)
#define MIB (UINT64_C(1) << 20)

static struct scenario full;

static const char *source_path(const char *below)
{
    static char path[PATH_MAX_BYTES];
    const char *source = getenv("NUMAPLEX_SOURCE");
    snprintf(path, sizeof path, "%s/%s", source ? source : ".", below);
    return path;
}

static struct scenario read_good(const char *text)
{
    struct scenario scenario;
    struct err err = {0};
    if (scenario_read_text(text, strlen(text), "t.yaml", &scenario, &err))
        printf("\n  %s\n", err.text);
    CU_ASSERT_EQUAL_FATAL(err.code, ERR_OK);
    return scenario;
}

static int read_full(void)
{
    struct err err = {0};
    if (scenario_read(source_path("tests/unit/machine/data/full.yaml"), &full, &err))
        printf("\n  %s\n", err.text);
    return (int)err.code;
}

static int free_full(void)
{
    scenario_free(&full);
    return 0;
}

static void test_top(void)
{
    const struct machine *m = &full.machine;
    CU_ASSERT_STRING_EQUAL(m->name, "full");
    CU_ASSERT_EQUAL(m->seed, 0xfeed);
    CU_ASSERT_EQUAL(m->until, 12500000);
    CU_ASSERT_EQUAL(m->window, 1000000);
    CU_ASSERT_EQUAL(m->n_systems, 2);
    CU_ASSERT_EQUAL(m->n_boards, 7);
    CU_ASSERT_EQUAL(m->n_partitions, 3);
    CU_ASSERT_STRING_EQUAL(m->systems[0].protocol, "msi");
    CU_ASSERT_STRING_EQUAL(m->systems[1].protocol, "mesi");
    CU_ASSERT_EQUAL(m->systems[0].flight, 123000);
    CU_ASSERT_EQUAL(m->systems[0].far_flight, 200000);
    CU_ASSERT_EQUAL(m->systems[0].boards_per_crossbar, 2);
    CU_ASSERT_EQUAL(m->systems[1].boards_per_crossbar, 0);
    CU_ASSERT_EQUAL(system_flight(&m->systems[0], 0, 1), 123000);
    CU_ASSERT_EQUAL(system_flight(&m->systems[0], 1, 2), 200000);
    CU_ASSERT_EQUAL(full.system_figures[0].links, 2);
    CU_ASSERT_EQUAL(full.system_figures[0].smp_cpus, 99);
    CU_ASSERT_EQUAL(m->systems[1].first_board, 4);
    CU_ASSERT_STRING_EQUAL(m->boards[5].name, "B5");
    CU_ASSERT_EQUAL(m->boards[5].partition, NO_PARTITION);
    CU_ASSERT_PTR_NULL(machine_invalid(m));
}

static void test_levels_of_figures(void)
{
    const struct board_desc *b = full.machine.boards;
    CU_ASSERT_EQUAL(b[0].params.cpu_hz, 1000000000); // preset
    CU_ASSERT_EQUAL(b[0].params.memory_bytes, GIB);  // board:
    CU_ASSERT_EQUAL(b[1].params.cpu_hz, 1200000000); // board_overrides:
    CU_ASSERT_EQUAL(b[3].params.memory_bytes, 2 * GIB);
    CU_ASSERT_EQUAL(b[4].params.memory_bytes, 64 * MIB);
    CU_ASSERT_TRUE(b[0].params.l1_split);
    CU_ASSERT_EQUAL(b[0].params.l1i.bytes, 1024);
    CU_ASSERT_FALSE(b[1].params.l1_split);
    CU_ASSERT_EQUAL(b[1].params.l1i.ways, 0);
    CU_ASSERT_STRING_EQUAL(full.sources[0][FIG_CLOCK].text, "teaching-board: one cycle is one nanosecond");
    CU_ASSERT_STRING_EQUAL(full.sources[0][FIG_MSHRS].text, "a \"test\" \\ \xc3\xa4");
    CU_ASSERT_PTR_NOT_NULL(strstr(full.sources[1][FIG_CLOCK].text, "full.yaml:14"));
    CU_ASSERT_PTR_NOT_NULL(strstr(full.system_figures[0].sources[SYS_FLIGHT].text, "full.yaml:16"));
}

static void test_memory_map(void)
{
    const struct partition_desc *p = &full.machine.partitions[0];
    CU_ASSERT_EQUAL(p->n_boards, 2);
    CU_ASSERT_EQUAL(p->boards[0], 0);
    CU_ASSERT_EQUAL_FATAL(p->n_segments, 3);
    CU_ASSERT_EQUAL(p->segments[0].granule, 64);
    CU_ASSERT_EQUAL(p->segments[0].boards[0], 1); // as listed, not ascending
    CU_ASSERT_EQUAL(p->segments[1].base, GIB);
    CU_ASSERT_EQUAL(p->segments[1].offset, 512 * MIB);
    CU_ASSERT_EQUAL(p->segments[1].granule, 0);
    CU_ASSERT_EQUAL(p->segments[2].base, GIB + 256 * MIB);
    CU_ASSERT_EQUAL(p->segments[2].offset, 768 * MIB);
    CU_ASSERT_EQUAL(p->segments[2].granule, MIB);
    CU_ASSERT_EQUAL(p->frames_offset, GIB - 128 * MIB);
}

// Boards of 1 and 2 GiB: what both have is interleaved, the rest follows; frames are a quarter of the
// smaller.
static void test_default_map(void)
{
    const struct partition_desc *q = &full.machine.partitions[1];
    CU_ASSERT_EQUAL_FATAL(q->n_segments, 2);
    CU_ASSERT_EQUAL(q->segments[0].size, 2 * GIB);
    CU_ASSERT_EQUAL(q->segments[0].granule, PAGE_BYTES);
    CU_ASSERT_EQUAL(q->segments[1].size, GIB);
    CU_ASSERT_EQUAL(q->segments[1].offset, GIB);
    CU_ASSERT_EQUAL(q->segments[1].boards[0], 3);
    CU_ASSERT_EQUAL(q->frames_offset, 768 * MIB);
    CU_ASSERT_EQUAL(full.machine.partitions[2].frames_offset, 64 * MIB); // no traces: no frames
}

// Without traces no board has frames, however much more memory it has than the smallest: all may be used.
static void test_no_frames(void)
{
    struct scenario s =
        read_good("scenario: s\nuntil: 1us\nsystems:\n  - {name: m, preset: teaching-board, boards: 2, "
                  "board_overrides: {B1: {memory: 256MiB}}, partitions: [{name: P, boards: all, "
                  "programs: [{on: all, generator: random, region: {size: 320MiB}}]}]}\n");
    CU_ASSERT_EQUAL(s.machine.partitions[0].frames_offset, 256 * MIB);
    CU_ASSERT_EQUAL(s.machine.partitions[0].n_segments, 2);
    scenario_free(&s);
}

static const struct cpu_desc *cpu_at(unsigned board, unsigned index)
{
    for (uint32_t i = 0; i < full.machine.n_cpus; i++)
        if (full.machine.cpus[i].board == board && full.machine.cpus[i].index == index)
            return &full.machine.cpus[i];
    return NULL;
}

static void test_members(void)
{
    const struct cpu_desc *lock0 = cpu_at(6, 1), *lock1 = cpu_at(4, 1), *rest = cpu_at(1, 0);
    CU_ASSERT_EQUAL(full.machine.n_cpus, 12);
    CU_ASSERT_PTR_NOT_NULL_FATAL(lock0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(lock1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(rest);
    CU_ASSERT_EQUAL(lock0->member, 0); // in the order of on:
    CU_ASSERT_EQUAL(lock1->member, 1);
    CU_ASSERT_EQUAL(lock0->members, 2);
    CU_ASSERT_EQUAL(lock0->critical, 3);
    CU_ASSERT_EQUAL(lock0->write_permille, 0); // not a key of lock
    CU_ASSERT_EQUAL(rest->pattern, PATTERN_PRIVATE);
    CU_ASSERT_EQUAL(rest->members, 1); // SB1/0 only: the others are named elsewhere
    CU_ASSERT_EQUAL(rest->write_permille, 300);
    CU_ASSERT_EQUAL(cpu_at(4, 0)->link, 0);
    CU_ASSERT_EQUAL(cpu_at(4, 0)->frame_bytes, 128);
    CU_ASSERT_EQUAL(cpu_at(6, 0)->stride, 128);
}

static void test_recordings(void)
{
    CU_ASSERT_EQUAL_FATAL(full.n_recordings, 3);
    const struct recording *r = full.recordings;
    CU_ASSERT_STRING_EQUAL(r[0].name, "sorted");
    CU_ASSERT_STRING_EQUAL(r[0].argv[2], "two words");
    CU_ASSERT_PTR_NULL(r[0].argv[3]);
    CU_ASSERT_EQUAL(r[0].max_refs, 5000);
    CU_ASSERT_EQUAL(r[0].skip, 7);
    CU_ASSERT_STRING_EQUAL(scenario_tools[r[0].tool], "lackey");
    CU_ASSERT_STRING_EQUAL(scenario_tools[r[1].tool], "auto");
    CU_ASSERT_EQUAL_FATAL(r[0].n_cpus, 2);
    CU_ASSERT_EQUAL(full.machine.cpus[r[0].cpus[0]].board, 1); // member 0 is SB1/1
    CU_ASSERT_EQUAL(full.machine.cpus[r[0].cpus[0]].index, 1);
    CU_ASSERT_EQUAL(cpu_at(0, 0)->placement, PLACE_FIXED);
    CU_ASSERT_EQUAL(cpu_at(0, 0)->fixed_board, 1);
    CU_ASSERT_STRING_EQUAL(cpu_at(0, 0)->trace, "recording:sorted");
    CU_ASSERT_STRING_EQUAL(r[1].name, "sort");
    CU_ASSERT_STRING_EQUAL(r[2].name, "sort-2");
    CU_ASSERT_EQUAL(r[2].max_refs, 1000000);
    CU_ASSERT_PTR_NOT_NULL(strstr(r[2].directory, "tests/unit/machine/data"));
}

static void test_scripts(void)
{
    CU_ASSERT_STRING_EQUAL(cpu_at(0, 1)->script, "store 0 1\n  load 0\n\n# end\n");
    CU_ASSERT_STRING_EQUAL(cpu_at(2, 1)->script, "store 64 1\nload 0\n"); // the last line gets its end
}

static void test_links_and_faults(void)
{
    const struct machine *m = &full.machine;
    CU_ASSERT_EQUAL_FATAL(m->n_links, 2);
    CU_ASSERT_EQUAL(m->links[0].board[1], 4);
    CU_ASSERT_EQUAL(m->links[0].bytes_per_s, 1500000000);
    CU_ASSERT_EQUAL(m->links[1].bytes_per_s, 0);
    CU_ASSERT_EQUAL(m->links[1].latency, 1500000);
    CU_ASSERT_EQUAL_FATAL(m->n_faults, 2);
    CU_ASSERT_EQUAL(m->faults[0].at, 5000000); // sorted
    CU_ASSERT_EQUAL(m->faults[1].board, 2);
}

static void test_seeds(void)
{
    struct scenario s =
        read_good("scenario: s\nsystems:\n  - {name: m, preset: teaching-board, boards: 3, partitions: "
                  "[{name: P, boards: [B0]}, {name: Q, boards: [B1], seed: 5}]}\n");
    struct scenario t =
        read_good("scenario: t\nsystems:\n  - {name: m, preset: teaching-board, boards: 3, partitions: "
                  "[{name: Z, boards: [B2]}, {name: P, boards: [B0]}]}\n");
    uint64_t before = s.machine.partitions[0].seed;
    CU_ASSERT_EQUAL(before, t.machine.partitions[1].seed); // its name and the seed, not its neighbours
    CU_ASSERT_NOT_EQUAL(before, t.machine.partitions[0].seed);
    scenario_set_seed(&s, 77);
    CU_ASSERT_NOT_EQUAL(before, s.machine.partitions[0].seed);
    CU_ASSERT_EQUAL(s.machine.partitions[1].seed, 5);
    CU_ASSERT_EQUAL(s.machine.seed, 77);
    scenario_free(&s);
    scenario_free(&t);
}

static bool warns(const struct scenario *s, const char *text)
{
    for (uint32_t i = 0; i < s->n_warnings; i++)
        if (strstr(s->warnings[i].text, text))
            return true;
    return false;
}

static void test_warnings(void)
{
    struct scenario s = read_good(
        "scenario: s\nwindow: 1us\nsystems:\n  - name: m\n    preset: teaching-board\n    boards: 16\n"
        "    board: {cpus: 4}\n    crossbar: {boards: 8, far_flight: 90ns}\n    partitions:\n"
        "      - name: P\n        boards: [B0, B1, B2, B3, B4]\n        programs:\n"
        "          - {on: B0, generator: random, region: {size: 4KiB}}\n"
        "          - {on: B1, generator: random, region: {base: 4088, size: 4KiB}}\n"
        "      - {name: Q, boards: [B7]}\n");
    CU_ASSERT_TRUE(warns(&s, "t.yaml:10: partition P has 5 boards with 20 CPUs"));
    CU_ASSERT_TRUE(warns(&s, "interleaves over 5 boards, not a power of two"));
    CU_ASSERT_TRUE(warns(&s, "the generators of lines 13 and 14 share a region"));
    CU_ASSERT_TRUE(warns(&s, "t.yaml:2: the window of 1000.0 ns is above the lookahead of 51.0 ns"));
    CU_ASSERT_TRUE(warns(&s, "partition Q runs nothing"));
    CU_ASSERT_TRUE(warns(&s, "the run ends only when interrupted"));
    scenario_free(&s);
    s = read_good(
        "scenario: s\nwindow: 1ns\nuntil: 1us\nsystems:\n  - {name: m, preset: teaching-board, boards: 2, "
        "partitions: [{name: P, boards: all, programs: [{on: all, generator: random, region: {size: "
        "64}}]}]}\n");
    CU_ASSERT_EQUAL(s.n_warnings, 1);
    CU_ASSERT_TRUE(warns(&s, "it changes nothing"));
    scenario_free(&s);
}

// Facts 1.3: own board 180-210 ns, another board 330-440 ns, ratio 1.8-2.2. The bench machine is what its
// definition says: 10 ns bus, 10 ns directory, 80 ns memory; 8 bytes at 20 GB/s are 400 ps, 72 bytes 3600 ps.
static void test_unloaded_latencies(void)
{
    static const char form[] =
        "scenario: s\nuntil: 1us\nsystems:\n  - {name: m, preset: %s, boards: 2, partitions: [{name: "
        "P, boards: all, programs: [{on: all, generator: random, region: {size: 64}}]}]}\n";
    char text[sizeof form + 32];
    snprintf(text, sizeof text, form, "sun-fire-15k");
    struct scenario s = read_good(text);
    struct unloaded u = unloaded_latencies(&s.machine.boards[0].params, s.machine.systems);
    CU_ASSERT_TRUE(u.local >= 180000 && u.local <= 210000);
    CU_ASSERT_TRUE(u.remote >= 330000 && u.remote <= 440000);
    CU_ASSERT_TRUE(u.remote * 10 >= u.local * 18 && u.remote * 10 <= u.local * 22);
    CU_ASSERT_EQUAL(lookahead_of_partition(&s.machine, 0), 80000 + 1667);
    scenario_free(&s);
    snprintf(text, sizeof text, form, "bench");
    s = read_good(text);
    u = unloaded_latencies(&s.machine.boards[0].params, s.machine.systems);
    CU_ASSERT_EQUAL(u.l1, 1000);
    CU_ASSERT_EQUAL(u.remote, 10000 + 1000 + 2 * 400 + 100000 + 10000 + 80000 + 2 * 3600 + 100000);
    CU_ASSERT_EQUAL(lookahead_of_partition(&s.machine, 0), 100400);
    scenario_free(&s);
}

// Abb. 12.1.5 and facts 11.2: 12, 8 and 12 CPUs.
static void test_main_job(void)
{
    static const uint16_t boards[3][3] = {{0, 1, 6}, {2, 4, 0}, {3, 5, 7}};
    static const uint32_t sizes[3] = {3, 2, 3};
    struct scenario s;
    struct err err = {0};
    CU_ASSERT_EQUAL_FATAL(scenario_read(source_path("deploy/scenarios/sun-three-domains.yaml"), &s, &err), 0);
    CU_ASSERT_EQUAL_FATAL(s.machine.n_partitions, 3);
    CU_ASSERT_EQUAL(s.machine.n_cpus, 32);
    CU_ASSERT_EQUAL(s.n_warnings, 0);
    for (uint32_t p = 0; p < 3; p++) {
        CU_ASSERT_EQUAL_FATAL(s.machine.partitions[p].n_boards, sizes[p]);
        for (uint32_t i = 0; i < sizes[p]; i++)
            CU_ASSERT_EQUAL(s.machine.partitions[p].boards[i], boards[p][i]);
    }
    CU_ASSERT_EQUAL(scenario_set_trace(&s, 0, "/x/y.trace", &err), 0);
    CU_ASSERT_STRING_EQUAL(s.machine.cpus[s.recordings[0].cpus[1]].trace, "/x/y.trace");
    scenario_free(&s);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("scenario", read_full, free_full);
    CU_add_test(suite, "top level", test_top);
    CU_add_test(suite, "preset, board, board_overrides", test_levels_of_figures);
    CU_add_test(suite, "memory ranges", test_memory_map);
    CU_add_test(suite, "memory when nothing is said", test_default_map);
    CU_add_test(suite, "no frames without traces", test_no_frames);
    CU_add_test(suite, "members", test_members);
    CU_add_test(suite, "recordings", test_recordings);
    CU_add_test(suite, "scripts", test_scripts);
    CU_add_test(suite, "links and faults", test_links_and_faults);
    CU_add_test(suite, "seeds", test_seeds);
    CU_add_test(suite, "warnings", test_warnings);
    CU_add_test(suite, "latencies of the presets", test_unloaded_latencies);
    CU_add_test(suite, "the main job", test_main_job);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures() + (CU_get_error() != CUE_SUCCESS);
    CU_cleanup_registry();
    return failures != 0;
}
