// SPDX-License-Identifier: Apache-2.0
// What a scenario says of partitions that change: families, marks of boards, permanent memory, threads bound
// to no CPU, commands; and what is refused of it.
#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

#include "coordinator/machine/scenario.h"
#include "coordinator/partition/words.h"
#include "proto/base/assert.h"
#include "proto/base/pool.h"

static struct scenario s;

static const char *data_path(void)
{
    static char path[PATH_MAX_BYTES];
    const char *source = getenv("NUMAPLEX_SOURCE");
    snprintf(path, sizeof path, "%s/tests/unit/machine/data/moves.yaml", source ? source : ".");
    return path;
}

static int read_moves(void)
{
    struct err err = {0};
    if (scenario_read(data_path(), &s, &err))
        printf("\n  %s\n", err.text);
    return (int)err.code;
}

static int free_moves(void)
{
    scenario_free(&s);
    return 0;
}

static void test_systems(void)
{
    const struct machine *m = &s.machine;
    CU_ASSERT_EQUAL(m->systems[0].family, FAMILY_SUPERDOME);
    CU_ASSERT_EQUAL(m->systems[0].controller_latency, 3 * SIM_PS_PER_US);
    CU_ASSERT_STRING_EQUAL(s.system_figures[0].sources[SYS_CONTROLLER].text, "a test");
    CU_ASSERT_EQUAL(m->systems[1].family, FAMILY_SUN); // the preset's
    CU_ASSERT_EQUAL(m->systems[1].controller_latency, 10 * SIM_PS_PER_US);
    for (uint32_t b = 0; b < m->n_boards; b++) {
        CU_ASSERT_EQUAL(m->boards[b].floating, b == 2 || b == 3);
        CU_ASSERT_EQUAL(m->boards[b].blacklisted, b == 4);
    }
}

// With threads or permanent memory a board has a range of its own, and frames are all that is not permanent.
static void test_memory(void)
{
    const struct partition_desc *p = &s.machine.partitions[0];
    static const uint64_t sizes[] = {16 << 20, 32 << 20, 16 << 20};
    uint64_t base = 0;
    CU_ASSERT_EQUAL(p->permanent_bytes, 2 << 20);
    CU_ASSERT_EQUAL(p->frames_offset, 2 << 20);
    CU_ASSERT_EQUAL_FATAL(p->n_segments, 3);
    for (uint32_t i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(p->segments[i].base, base);
        CU_ASSERT_EQUAL(p->segments[i].size, sizes[i]);
        CU_ASSERT_EQUAL(p->segments[i].granule, 0);
        CU_ASSERT_EQUAL(p->segments[i].boards[0], i);
        base += sizes[i];
    }
    CU_ASSERT_EQUAL(partition_frames(&s.machine, 0), (14 + 30 + 14) * 256);
    CU_ASSERT_EQUAL(s.machine.partitions[1].frames_offset, 8 << 20);
    CU_ASSERT_EQUAL(s.machine.partitions[1].n_segments, 2);
}

static void test_threads(void)
{
    const struct machine *m = &s.machine;
    CU_ASSERT_EQUAL_FATAL(m->n_pools, 3);
    const struct pool_desc *a = &m->pools[0], *b = &m->pools[1];
    CU_ASSERT_TRUE(a->partition == 0 && a->n_threads == 12 && a->context_bytes == 512);
    CU_ASSERT_TRUE(a->quantum == 100 * SIM_PS_PER_US && a->switch_time == 2 * SIM_PS_PER_US);
    CU_ASSERT_TRUE(a->what.kind == CPU_GENERATOR && a->what.pattern == PATTERN_BURST);
    CU_ASSERT_TRUE(a->what.members == 12 && a->what.outstanding == 2 && a->what.size == 8 << 20);
    CU_ASSERT_EQUAL(a->what.compute, 2 * SIM_PS_PER_US);
    CU_ASSERT_TRUE(b->n_threads == 3 && b->quantum == 50 * SIM_PS_PER_US && b->switch_time == SIM_PS_PER_US);
    CU_ASSERT_TRUE(b->what.kind == CPU_TRACE && b->what.placement == PLACE_ROUND_ROBIN);
    CU_ASSERT_EQUAL(b->context_bytes, 2048);
    CU_ASSERT_EQUAL(m->pools[2].partition, 1);
    CU_ASSERT_EQUAL(m->n_cpus, 1); // CPUs that no entry names are the pools'
    CU_ASSERT_EQUAL(pool_pages(m, 0), 2048);
    CU_ASSERT_EQUAL_FATAL(s.n_recordings, 1);
    struct err err = {0};
    CU_ASSERT_EQUAL(scenario_set_trace(&s, 0, "/x/y.nptrace", &err), 0);
    CU_ASSERT_STRING_EQUAL(m->pools[1].what.trace, "/x/y.nptrace");
}

// Sorted by time, and of one time as they stand in the file.
static void test_commands(void)
{
    static const struct {
        unsigned us;
        const char *text;
    } expected[] = {
        {2, "add C3 S connect"},     {2, "keyswitch S standby"},
        {3, "delete C2 disconnect"}, {4, "move SB1 U configure"},
        {4, "power C4 off"},         {4, "test C3"},
        {4, "blacklist C4 off"},     {4, "available C4 S on"},
        {4, "cell C0 off"},          {4, "reboot S for reconfiguration"},
        {9, "tag S a \"tag\" \\"},   {20, "move SB1 T configure"},
    };
    CU_ASSERT_EQUAL_FATAL(s.n_commands, NP_ARRAY_LEN(expected));
    for (uint32_t i = 0; i < s.n_commands; i++) {
        char text[SC_COMMAND_TEXT_SIZE];
        CU_ASSERT_EQUAL(s.commands[i].at, expected[i].us * SIM_PS_PER_US);
        CU_ASSERT_STRING_EQUAL(sc_command_text(&s.machine, &s.commands[i].command, text), expected[i].text);
    }
    const struct sc_command *move = &s.commands[3].command, *key = &s.commands[1].command;
    CU_ASSERT_TRUE(move->verb == SC_MOVE && move->board == 6 && move->partition == 2);
    CU_ASSERT_TRUE(move->level == SC_CONFIGURE && !move->force);
    CU_ASSERT_TRUE(key->board == NO_BOARD && key->position == SC_KEY_STANDBY);
    CU_ASSERT_EQUAL_FATAL(s.n_warnings, 2);
    CU_ASSERT_PTR_NOT_NULL(strstr(s.warnings[0].text, "the run ends before"));
}

static void test_summary(void)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    NP_ASSERT(out);
    scenario_print(&s, out);
    fclose(out);
    static const char *const lines[] = {
        "controller   family superdome, 3000.0 ns from a board's report to its next order",
        "free boards  C3 C4 (blacklisted)",
        "boards       C0 C1 C2 (floating)",
        "permanent    2MiB from address 0",
        "threads      burst               12 on any CPU, virtual 8MiB, quantum 100.0 us",
        "threads      sort                 3 on any CPU",
        "for threads  11 CPUs",
        "Command at 3000.0 ns: delete C2 disconnect, forced",
        "Recording sort: up to 1000000 references of sort for 3 threads",
    };
    for (size_t i = 0; i < NP_ARRAY_LEN(lines); i++) {
        if (!strstr(text, lines[i]))
            printf("\n  missing: %s\n%s", lines[i], text);
        CU_ASSERT_PTR_NOT_NULL(strstr(text, lines[i]));
    }
    free(text);
}

static const char base[] =
    "scenario: base\n"                                                                            // 1
    "until: 9us\n"                                                                                // 2
    "systems:\n"                                                                                  // 3
    "  - name: m\n"                                                                               // 4
    "    preset: sun-fire-15k\n"                                                                  // 5
    "    boards: [A0, A1, A2, A3]\n"                                                              // 6
    "    board: {cpus: 4, memory: 16MiB}\n"                                                       // 7
    "    blacklist: [A3]\n"                                                                       // 8
    "    partitions:\n"                                                                           // 9
    "      - name: P\n"                                                                           // 10
    "        boards: [A0, A1]\n"                                                                  // 11
    "        permanent: 1MiB\n"                                                                   // 12
    "        programs:\n"                                                                         // 13
    "          - {threads: 8, generator: random, region: {size: 1MiB}}\n"                         // 14
    "          - {on: A0/0, generator: lock, region: {size: 4KiB}}\n"                             // 15
    "      - {name: Q, boards: [A2]}\n"                                                           // 16
    "  - {name: o, preset: teaching-board, boards: [O0], partitions: [{name: R, boards: all}]}\n" // 17
    "commands:\n"                                                                                 // 18
    "  - {at: 2us, move: A1, to: Q}\n"                                                            // 19
    "  - {at: 3us, keyswitch: Q, position: on}\n"                                                 // 20
    "  - {at: 4us, power: A3, state: off}\n"                                                      // 21
    "  - {at: 5us, tag: P, name: first}\n";                                                       // 22

struct row {
    const char *find, *put;
    enum err_code code;
    const char *says, *also; // must stand in the message
};

static const struct row rows[] = {
    // Systems.
    {"preset: sun-fire-15k", "preset: sun-fire-15k\n    family: sum", ERR_BAD_VALUE, "systems[0].family",
     "did you mean sun?"},
    {"preset: sun-fire-15k", "preset: sun-fire-15k\n    family: [sun]", ERR_BAD_VALUE, "systems[0].family",
     "must be a family"},
    {"preset: sun-fire-15k", "preset: sun-fire-15k\n    controller_latency: 0ps", ERR_BAD_VALUE,
     "systems[0].controller_latency", "out of range"},
    {"blacklist: [A3]", "blacklist: A3", ERR_BAD_VALUE, "t.yaml:8: systems[0].blacklist", "list of boards"},
    {"blacklist: [A3]", "blacklist: [A4]", ERR_BAD_VALUE, "systems[0].blacklist[0]", "A4"},
    {"blacklist: [A3]", "floating: [A9]", ERR_BAD_VALUE, "systems[0].floating[0]", "A9"},
    {"boards: [O0]", "boards: [O0], blacklist: [A3]", ERR_IMPOSSIBLE_MACHINE, "systems[1].blacklist[0]",
     "another system"},
    {"blacklist: [A3]", "blacklist: [A2]", ERR_IMPOSSIBLE_MACHINE, "partitions[1].boards[0]",
     "A2 is on the blacklist"},
    // Memory.
    {"permanent: 1MiB", "permanent: 1MiB\n        memory: mixed", ERR_BAD_VALUE, "partitions[0].memory",
     "must be contiguous, interleaved"},
    {"permanent: 1MiB", "permanent: 1MiB\n        memory: interleaved", ERR_IMPOSSIBLE_MACHINE,
     "partitions[0].memory", "write memory: contiguous"},
    {"permanent: 1MiB",
     "permanent: 1MiB\n        memory: [{size: 16MiB, boards: [A1]}, {size: 16MiB, boards: "
     "[A0]}]",
     ERR_IMPOSSIBLE_MACHINE, "partitions[0].memory", "beginning of the lowest board's"},
    {"permanent: 1MiB", "permanent: 1000", ERR_BAD_VALUE, "partitions[0].permanent", "multiple"},
    {"permanent: 1MiB", "permanent: 17MiB", ERR_BAD_VALUE, "partitions[0].permanent", "out of range"},
    {"permanent: 1MiB", "permanent: 16MiB", ERR_IMPOSSIBLE_MACHINE, "programs[0]", "smaller permanent:"},
    {"cpus: 4, memory: 16MiB}", "cpus: 4, memory: 16MiB}\n    board_overrides: {A1: {memory: 512KiB}}",
     ERR_IMPOSSIBLE_MACHINE, "partitions[0].permanent", "more than the smallest board's memory of 512KiB"},
    {"permanent: 1MiB", "permanent: 1MiB\n        frames: 16MiB", ERR_IMPOSSIBLE_MACHINE,
     "partitions[0].frames", "frames: 15MiB or less"},
    {"permanent: 1MiB", "frames: 0", ERR_IMPOSSIBLE_MACHINE, "programs[0]", "remove frames: 0"},
    {"blacklist: [A3]\n    partitions:\n      - name: P\n        boards: [A0, A1]\n        permanent: 1MiB",
     "floating: [A1]\n    partitions:\n      - name: P\n        boards: [A0, A1]\n        memory: [{size: "
     "32MiB, boards: [A0, A1]}]",
     ERR_IMPOSSIBLE_MACHINE, "memory[0].boards[1]", "a range of its own"},
    {"blacklist: [A3]\n    partitions:\n      - name: P\n        boards: [A0, A1]\n        permanent: 1MiB",
     "floating: [A0, A1]\n    partitions:\n      - name: P\n        boards: [A0, A1]\n        memory: "
     "[{size: "
     "32MiB}]",
     ERR_MISSING_KEY, "memory[0]", "all boards float"},
    // Threads.
    {"threads: 8", "threads: 0", ERR_BAD_VALUE, "programs[0].threads", "out of range"},
    {"threads: 8", "threads: 4097", ERR_BAD_VALUE, "programs[0].threads", "out of range"},
    {"threads: 8", "threads: 8, on: A0/1", ERR_IMPOSSIBLE_MACHINE, "programs[0].on", "leave one of them out"},
    {"threads: 8", "threads: 8, quantum: 0ps", ERR_BAD_VALUE, "programs[0].quantum", "out of range"},
    {"threads: 8", "threads: 8, switch: 2s", ERR_BAD_VALUE, "programs[0].switch", "out of range"},
    {"threads: 8", "threads: 8, context: 1MiB", ERR_BAD_VALUE, "programs[0].context", "out of range"},
    {"threads: 8", "threads: 8, qantum: 1us", ERR_UNKNOWN_KEY, "key 'qantum'", "did you mean quantum?"},
    {"on: A0/0,", "on: A0/0, quantum: 1us,", ERR_UNKNOWN_KEY, "programs[1]: key 'quantum'", ""},
    {"threads: 8, generator: random", "threads: 8, generator: lock", ERR_IMPOSSIBLE_MACHINE,
     "programs[0].generator", "would wait for one another"},
    {"threads: 8, generator: random", "threads: 8, generator: pointer-chase, outstanding: 2", ERR_BAD_VALUE,
     "programs[0].outstanding", "write outstanding: 1"},
    {"region: {size: 1MiB}", "region: {base: 8, size: 1MiB}", ERR_IMPOSSIBLE_MACHINE,
     "programs[0].region.base", "leave base: out"},
    {"generator: random, region: {size: 1MiB}", "generator: private, region: {size: 256}",
     ERR_IMPOSSIBLE_MACHINE, "programs[0].region", "with 8 threads; write size: 512"},
    {"region: {size: 1MiB}", "region: {size: 31MiB}", ERR_IMPOSSIBLE_MACHINE, "programs[0].region.size",
     "has frames for 30MiB"},
    {"generator: random, region: {size: 1MiB}", "script: x", ERR_IMPOSSIBLE_MACHINE, "programs[0].threads",
     "name them with on:"},
    {"generator: random, region: {size: 1MiB}", "load: x", ERR_IMPOSSIBLE_MACHINE, "programs[0].threads",
     "name them with on:"},
    {"generator: random, region: {size: 1MiB}", "record: [sort], placement: A0", ERR_IMPOSSIBLE_MACHINE,
     "programs[0].placement", "first-touch or round-robin"},
    {"{on: A0/0, generator: lock, region: {size: 4KiB}}", "{on: all, generator: lock, region: {size: 4KiB}}",
     ERR_IMPOSSIBLE_MACHINE, "partitions[0].programs", "none is left for threads"},
    {"generator: random, region: {size: 1MiB}", "outstanding: 2", ERR_MISSING_KEY, "programs[0]",
     "generator:, record:"},
    // Commands.
    {"commands:\n", "commands: now\nx:\n", ERR_UNKNOWN_KEY, "key 'x'", "commands"},
    {"{at: 2us, move: A1, to: Q}", "move", ERR_BAD_VALUE, "commands[0]", "must be a mapping"},
    {"move: A1, to: Q}", "mov: A1, to: Q}", ERR_MISSING_KEY, "t.yaml:19: commands[0]",
     "add:, delete:, move:, keyswitch:, power:, test:, blacklist:, available:, tag:, cell: or reboot:"},
    {"move: A1, to: Q}", "move: A1, add: A1, to: Q}", ERR_BAD_VALUE, "commands[0]", "two commands"},
    {"at: 2us, move", "move", ERR_MISSING_KEY, "commands[0]: key 'at'", ""},
    {"at: 2us, move", "at: 0ps, move", ERR_BAD_VALUE, "commands[0].at", "out of range"},
    {"move: A1, to: Q}", "move: A1}", ERR_MISSING_KEY, "commands[0]: key 'to'", ""},
    {"move: A1, to: Q}", "move: A1, to: Q, state: on}", ERR_UNKNOWN_KEY, "commands[0]: key 'state'", ""},
    {"move: A1, to: Q}", "move: A7, to: Q}", ERR_BAD_VALUE, "commands[0].move", "A7"},
    {"move: A1, to: Q}", "move: [A1], to: Q}", ERR_BAD_VALUE, "commands[0].move", "name of a board"},
    {"move: A1, to: Q}", "move: A1, to: S}", ERR_BAD_VALUE, "commands[0].to", "P, Q, R"},
    {"move: A1, to: Q}", "move: A1, to: [Q]}", ERR_BAD_VALUE, "commands[0].to", "name of a partition"},
    {"move: A1, to: Q}", "move: A1, to: P}", ERR_IMPOSSIBLE_MACHINE, "t.yaml:19: commands[0]",
     "cannot move onto itself"},
    {"move: A1, to: Q}", "move: A3, to: P}", ERR_IMPOSSIBLE_MACHINE, "commands[0]", "write add: A3"},
    {"move: A1, to: Q}", "move: A1, to: R}", ERR_IMPOSSIBLE_MACHINE, "commands[0]", "different systems"},
    {"move: A1, to: Q}", "move: A1, to: Q, level: unassign}", ERR_BAD_VALUE, "commands[0].level",
     "assign, connect, configure"},
    {"move: A1, to: Q}", "move: A1, to: Q, force: perhaps}", ERR_BAD_VALUE, "commands[0].force", "yes"},
    {"move: A1, to: Q}", "add: A1, to: Q}", ERR_IMPOSSIBLE_MACHINE, "commands[0]", "write move: A1, to: Q"},
    {"move: A1, to: Q}", "delete: A3}", ERR_IMPOSSIBLE_MACHINE, "commands[0]", "nothing to delete"},
    {"move: A1, to: Q}", "delete: A1, level: connect}", ERR_BAD_VALUE, "commands[0].level",
     "unconfigure, disconnect, unassign"},
    {"position: on", "position: onn", ERR_BAD_VALUE, "commands[1].position", "standby"},
    {", position: on", "", ERR_MISSING_KEY, "commands[1]: key 'position'", ""},
    {", state: off", "", ERR_MISSING_KEY, "commands[2]: key 'state'", ""},
    {"name: first", "name: \"\"", ERR_BAD_VALUE, "commands[3].name", "printable"},
    {"name: first", "name: \"\\u00e4\"", ERR_BAD_VALUE, "commands[3].name", "printable"},
    {"until: 9us", "until: 9us\nwindow: 1us", ERR_IMPOSSIBLE_MACHINE, "commands:", "remove window:"},
    {"preset: sun-fire-15k", "preset: kind.yaml", ERR_FILE, "systems[0].preset", ""},
};

static char *damage(const struct row *row)
{
    const char *at = strstr(base, row->find);
    NP_ASSERT(at);
    size_t size = sizeof base + strlen(row->put) + 1;
    char *text = malloc(size);
    NP_ASSERT(text);
    snprintf(text, size, "%.*s%s%s", (int)(at - base), base, row->put, at + strlen(row->find));
    return text;
}

static void test_refusals(void)
{
    for (size_t i = 0; i < NP_ARRAY_LEN(rows); i++) {
        struct scenario wrong;
        struct err err = {0};
        char *text = damage(&rows[i]);
        int code = scenario_read_text(text, strlen(text), "t.yaml", &wrong, &err);
        bool good =
            code == (int)rows[i].code && strstr(err.text, rows[i].says) && strstr(err.text, rows[i].also);
        if (!good)
            printf("\n  '%s' -> '%s': %d %s\n", rows[i].find, rows[i].put, code, code ? err.text : "read");
        CU_ASSERT_TRUE(good);
        if (!code)
            scenario_free(&wrong);
        free(text);
    }
}

// Nothing else is wrong with what the rows damage.
static void test_base(void)
{
    struct scenario good;
    struct err err = {0};
    if (scenario_read_text(base, sizeof base - 1, "t.yaml", &good, &err))
        printf("\n  %s\n", err.text);
    CU_ASSERT_EQUAL_FATAL(err.code, ERR_OK);
    CU_ASSERT_EQUAL(good.n_commands, 4);
    scenario_free(&good);
}

// Memory that is dealt out with others' cannot go alone: seen before the run.
static void test_interleaved(void)
{
    static const char text[] =
        "scenario: s\nuntil: 9us\nsystems:\n"
        "  - {name: m, preset: sun-fire-15k, boards: [A0, A1, A2], partitions: [{name: P, "
        "memory: interleaved, boards: [A0, A1]}, {name: Q, boards: [A2]}]}\n"
        "commands: [{at: 2us, move: A1, to: Q}]\n";
    struct scenario warned;
    struct err err = {0};
    bool found = false;
    CU_ASSERT_EQUAL_FATAL(scenario_read_text(text, sizeof text - 1, "t.yaml", &warned, &err), ERR_OK);
    for (uint32_t i = 0; i < warned.n_warnings; i++)
        found |= strstr(warned.warnings[i].text, "t.yaml:5: memory of board A1 is interleaved") != NULL;
    CU_ASSERT_TRUE(found);
    scenario_free(&warned);
}

// Commands may be changed from the command line; and a system without the figure cannot be commanded.
static void test_settings(void)
{
    struct settings settings = {.n = 0};
    struct scenario changed;
    struct err err = {0};
    CU_ASSERT_EQUAL(settings_add(&settings, "commands.4.at=7us", &err), ERR_OK);
    CU_ASSERT_EQUAL(settings_add(&settings, "commands.4.to=T", &err), ERR_OK);
    CU_ASSERT_EQUAL(scenario_read_set(data_path(), &settings, &changed, &err), ERR_IMPOSSIBLE_MACHINE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "cannot move onto itself"));
    settings.n = 1;
    CU_ASSERT_EQUAL_FATAL(scenario_read_set(data_path(), &settings, &changed, &err), ERR_OK);
    CU_ASSERT_EQUAL(changed.commands[9].at, 7 * SIM_PS_PER_US);
    CU_ASSERT_EQUAL(changed.commands[9].command.verb, SC_MOVE);
    scenario_free(&changed);
    settings.n = 0;
    CU_ASSERT_EQUAL(settings_add(&settings, "systems.boards.preset=kind", &err), ERR_OK);
    CU_ASSERT_EQUAL(scenario_read_set(data_path(), &settings, &changed, &err), ERR_MISSING_KEY);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "controller_latency: 10us"));
}

// What a description may not say of it, whoever made it.
static struct machine *m;

#define DAMAGES(X)                                                                                           \
    X(m->systems[0].family = FAMILY_COUNT, "unknown family")                                                 \
    X(m->systems[0].controller_latency = SIM_PS_PER_S + 1, "controller's latency")                           \
    X(m->boards[0].blacklisted = true, "on the blacklist")                                                   \
    X(m->partitions[0].permanent_bytes += 8, "whole number of pages")                                        \
    X(m->partitions[0].permanent_bytes += PAGE_BYTES, "frames for virtual pages lie in")                     \
    X((m->partitions[2].permanent_bytes = PAGE_BYTES, m->partitions[2].segments[0].offset = PAGE_BYTES,      \
       m->partitions[2].segments[0].size -= PAGE_BYTES),                                                     \
      "not the beginning of the lowest")                                                                     \
    X((m->partitions[1].segments[0].granule = PAGE_BYTES, m->partitions[1].segments[0].n_boards = 2,         \
       m->partitions[1].segments[0].boards[1] = 6, m->partitions[1].segments[0].size *= 2,                   \
       m->partitions[1].n_segments = 1, m->boards[6].floating = true),                                       \
      "interleaved with others'")                                                                            \
    X(m->n_pools = POOLS_MAX + 1, "too many pools")                                                          \
    X(m->pools[0].partition = 7, "partition that does not exist")                                            \
    X(m->pools[0].partition = 1, "ascending order of their partitions")                                      \
    X(m->pools[0].n_threads = 0, "no threads")                                                               \
    X(m->pools[0].n_threads = POOL_THREADS_MAX + 1, "no threads or too many")                                \
    X(m->pools[0].what.members = 3, "not its members")                                                       \
    X(m->pools[0].what.member = 1, "not its members")                                                        \
    X(m->pools[0].what.outstanding = 0, "under way")                                                         \
    X(m->pools[0].quantum = 0, "quantum is 0")                                                               \
    X(m->pools[0].switch_time = SIM_PS_PER_S + 1, "switch of threads")                                       \
    X(m->pools[0].context_bytes = POOL_CONTEXT_MAX + 1, "context")                                           \
    X(strcpy(m->partitions[0].guest.image, "x"), "no image or no CPUs")                                      \
    X(m->partitions[1].frames_offset = 16 << 20, "has no frames")                                            \
    X(m->pools[0].what.kind = CPU_SCRIPT, "neither a generator nor a trace")                                 \
    X(m->pools[0].what.pattern = PATTERN_LOCK, "wait for one another")                                       \
    X(m->pools[0].what.base = 8, "begin at 0")                                                               \
    X(m->pools[0].what.size = 4, "begin at 0")                                                               \
    X(m->pools[0].what.size = UINT64_C(1) << 50, "begin at 0")                                               \
    X(m->pools[0].what.size = 59 << 20, "more pages than")                                                   \
    X(m->pools[0].what.write_permille = 1001, "more than always")                                            \
    X(m->pools[0].what.compute = SIM_PS_PER_S + 1, "computes for more")                                      \
    X(m->pools[1].what.trace[0] = '\0', "no file name")                                                      \
    X(m->pools[1].what.placement = PLACE_FIXED, "board that may go")                                         \
    X(m->pools[1].what.give_up = 0, "waiting is 0")

#define X(damage, says)                                                                                      \
    {                                                                                                        \
        struct scenario scenario;                                                                            \
        struct err err;                                                                                      \
        CU_ASSERT_EQUAL_FATAL(scenario_read(data_path(), &scenario, &err), ERR_OK);                          \
        m = &scenario.machine;                                                                               \
        uint32_t pools = m->n_pools;                                                                         \
        (void)(damage);                                                                                      \
        const char *rule = machine_invalid(m);                                                               \
        if (!rule || !strstr(rule, says))                                                                    \
            printf("\n  %s: %s", #damage, rule ? rule : "accepted");                                         \
        CU_ASSERT_TRUE(rule &&strstr(rule, says));                                                           \
        m->n_pools = pools;                                                                                  \
        scenario_free(&scenario);                                                                            \
    }

static void test_rules(void)
{
    DAMAGES(X)
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("partitions that change", read_moves, free_moves);
    CU_add_test(suite, "family, controller, marks", test_systems);
    CU_add_test(suite, "memory of one board each", test_memory);
    CU_add_test(suite, "threads", test_threads);
    CU_add_test(suite, "commands", test_commands);
    CU_add_test(suite, "summary", test_summary);
    CU_add_test(suite, "the undamaged scenario is read", test_base);
    CU_add_test(suite, "interleaved memory", test_interleaved);
    CU_add_test(suite, "settings", test_settings);
    CU_add_test(suite, "each rule refuses its damage", test_rules);
    CU_add_test(suite, "each damage is named with file, line, field and remedy", test_refusals);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures() + (CU_get_error() != CUE_SUCCESS);
    CU_cleanup_registry();
    return failures != 0;
}
