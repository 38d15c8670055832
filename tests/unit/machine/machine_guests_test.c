// SPDX-License-Identifier: Apache-2.0
// Guests of scenarios: what is read, what is refused and with which words, and the rules of the description.
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "coordinator/machine/scenario.h"
#include "proto/base/assert.h"

static struct scenario scenario;
static struct err err;

static const char *data(const char *name)
{
    static char path[PATH_MAX_BYTES];
    const char *source = getenv("NUMAPLEX_SOURCE");
    snprintf(path, sizeof path, "%s/tests/unit/machine/data/%s", source ? source : ".", name);
    return path;
}

// Frees what came before.
static void read_good(void)
{
    scenario_free(&scenario);
    if (scenario_read(data("guests.yaml"), &scenario, &err))
        printf("\n  %s\n", err.text);
    CU_ASSERT_EQUAL_FATAL(scenario.machine.n_partitions, 2);
}

static void test_read(void)
{
    read_good();
    const struct machine *m = &scenario.machine;
    const struct guest_desc *p = &m->partitions[0].guest, *q = &m->partitions[1].guest;
    CU_ASSERT_PTR_NOT_NULL(strstr(p->image, "/tests/unit/machine/data/guest.elf"));
    CU_ASSERT_EQUAL(p->image[0], '/');
    CU_ASSERT_STRING_EQUAL(p->arguments, "-x a \"b\" 3 cpus");
    CU_ASSERT_TRUE(p->architecture == ARCH_ZEC12 && p->functional && p->n_cpus == 3 && p->n_inputs == 3);
    CU_ASSERT_EQUAL(p->inputs[0].at, 0);
    CU_ASSERT_STRING_EQUAL(p->inputs[0].text, "first: line # one\n");
    CU_ASSERT_STRING_EQUAL(p->inputs[1].text, "\n");
    CU_ASSERT_EQUAL(p->inputs[2].at, 1500 * SIM_PS_PER_US);
    CU_ASSERT_TRUE(q->architecture == ARCH_Z196 && !q->functional && q->n_cpus == 2 && q->n_inputs == 0);
    CU_ASSERT_STRING_EQUAL(q->arguments, "");
    CU_ASSERT_EQUAL_FATAL(m->n_cpus, 6);
    for (unsigned i = 0; i < 3; i++) { // one of each board: addresses go with the members
        CU_ASSERT_TRUE(m->cpus[i].kind == CPU_ZARCH && m->cpus[i].board == i && m->cpus[i].index == 0);
        CU_ASSERT_TRUE(m->cpus[i].member == i && m->cpus[i].members == 3 && m->cpus[i].outstanding == 1);
    }
}

static void test_settings(void)
{
    struct settings settings = {0};
    scenario_free(&scenario);
    settings_add(&settings, "systems.one.partitions.P.programs.0.architecture=z10", &err);
    settings_add(&settings, "systems.one.partitions.P.programs.0.arguments=hello", &err);
    settings_add(&settings, "n=2", &err);
    CU_ASSERT_EQUAL_FATAL(scenario_read_set(data("guests.yaml"), &settings, &scenario, &err), 0);
    CU_ASSERT_EQUAL(scenario.machine.partitions[0].guest.architecture, ARCH_Z10);
    CU_ASSERT_STRING_EQUAL(scenario.machine.partitions[0].guest.arguments, "hello");
    CU_ASSERT_EQUAL(scenario.machine.partitions[0].guest.n_cpus, 2);
}

static void test_summary(void)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    NP_ASSERT(out);
    read_good();
    scenario_print(&scenario, out);
    fclose(out);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "data/guest.elf, zec12, functional timing; entry 0x10000, memory up "
                                        "to 0x1003f\n  arguments    -x a \"b\" 3 cpus\n  input        3 "
                                        "lines\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "data/flat.img, z196, full timing; entry 0x10, memory up to 0x1f\n"));
    free(text);
}

// X(keys of the entry after `on: all`, code, part of the message; %s: the folder of the test's files)
#define REFUSALS(X)                                                                                          \
    X("load: missing.elf", ERR_FILE, "programs[0].load: there is no such program image")                     \
    X("load: guests/missing.elf", ERR_FILE, "there is no such program image")                                \
    X("load: %s", ERR_FILE, "is no file with a program")                                                     \
    X("load: %s/full.yaml", ERR_IMAGE, "t.yaml:10: systems[0].partitions[0].programs[0].load: ")             \
    X("load: %s/flat.img, arguments: x", ERR_IMPOSSIBLE_MACHINE, "cannot take arguments")                    \
    X("load: %s/guest.elf, arguments: \"t\\u00e4\"", ERR_BAD_VALUE, "arguments: must be at most 895")        \
    X("load: %s/guest.elf, arguments: {a: b}", ERR_BAD_VALUE, "printable ASCII")                             \
    X("load: %s/guest.elf, arguments: [a, [b]]", ERR_BAD_VALUE, "arguments[1]: must")                        \
    X("load: %s/guest.elf, architecture: z15", ERR_BAD_VALUE, "architecture 'z15' is not known")             \
    X("load: %s/guest.elf, timing: fast", ERR_BAD_VALUE, "timing 'fast' is not known")                       \
    X("load: %s/guest.elf, outstanding: 2", ERR_UNKNOWN_KEY, "outstanding")                                  \
    X("load: %s/guest.elf, input: hello", ERR_BAD_VALUE, "input: must be a list")                            \
    X("load: %s/guest.elf, input: [{text: a}]", ERR_MISSING_KEY, "key 'at'")                                 \
    X("load: %s/guest.elf, input: [{at: 1us, text: \"a\\nb\"}]", ERR_BAD_VALUE, "input[0].text: must be")    \
    X("load: %s/guest.elf, input: [{at: 2us, text: a}, {at: 1us, text: b}]", ERR_BAD_VALUE, "by time")

#define X(keys, code, says) refused(keys, "", code, says);

static void refused(const char *keys, const char *partition, enum err_code code, const char *says)
{
    char text[4096], entry[2048], folder[PATH_MAX_BYTES];
    snprintf(folder, sizeof folder, "%.*s", (int)strlen(data("")) - 1, data(""));
    const char *hole = strstr(keys, "%s");
    snprintf(entry, sizeof entry, "%.*s%s%s", hole ? (int)(hole - keys) : 0, keys, hole ? folder : "",
             hole ? hole + 2 : keys);
    int n =
        snprintf(text, sizeof text,
                 "scenario: guests\nsystems:\n  - name: s\n    preset: teaching-board\n    boards: [A, B]\n"
                 "    partitions:\n      - name: P\n        boards: all\n%s        programs:\n"
                 "          - {on: A, %s}\n",
                 partition, entry);
    scenario_free(&scenario);
    int found = scenario_read_text(text, (size_t)n, "t.yaml", &scenario, &err);
    if (found != (int)code || !strstr(err.text, says))
        printf("\n  %s: %s %s", keys, err_id((enum err_code)found), found ? err.text : "accepted");
    CU_ASSERT_TRUE(found == (int)code && strstr(err.text, says));
}

static void test_refusals(void)
{
    REFUSALS(X)
}

static void test_partition(void)
{
    refused("load: %s/guest.elf", "        frames: 1MiB\n", ERR_IMPOSSIBLE_MACHINE, "keeps frames");
    refused("load: %s/guest.elf", "        memory: [{size: 64KiB}]\n", ERR_IMPOSSIBLE_MACHINE,
            "needs real addresses up to 0x107ff, and its partition's memory ends at 0xffff");
    refused("load: %s/guest.elf}\n          - {on: B, load: other.elf", "", ERR_IMPOSSIBLE_MACHINE,
            "programs[1].load: partition P has a guest already");
}

#undef X
static struct machine *m; // the machine that the next damage strikes
#define GUEST (&m->partitions[0].guest)

// X(what is done to the machine, part of the sentence that must refuse it)
#define DAMAGES(X)                                                                                           \
    X(GUEST->image[0] = '\0', "no image or no CPUs")                                                         \
    X(memset(GUEST->image, 'a', sizeof GUEST->image), "too long")                                            \
    X(GUEST->n_cpus = 0, "no image or no CPUs")                                                              \
    X(GUEST->n_cpus = 2, "each once")                                                                        \
    X(GUEST->n_cpus = GUEST_CPUS_MAX + 1, "more than GUEST_CPUS_MAX")                                        \
    X(GUEST->architecture = ARCHITECTURE_COUNT, "architecture is unknown")                                   \
    X(GUEST->arguments[0] = '\t', "arguments")                                                               \
    X(memset(GUEST->arguments, 'a', sizeof GUEST->arguments), "arguments")                                   \
    X(GUEST->n_inputs = GUEST_INPUTS_MAX + 1, "too many inputs")                                             \
    X(memset(GUEST->inputs[1].text, '\n', GUEST_INPUT_BYTES_MAX), "too long or does not end")                \
    X(GUEST->inputs[1].text[0] = '\0', "too long or does not end")                                           \
    X(GUEST->inputs[0].text[1] = '\n', "not one line")                                                       \
    X(GUEST->inputs[2].at = UINT64_MAX, "beyond the end")                                                    \
    X(GUEST->inputs[0].at = GUEST->inputs[1].at + 1, "ascending order")                                      \
    X(m->cpus[1].member = 0, "each once")                                                                    \
    X(m->cpus[1].kind = CPU_IDLE, "each once")                                                               \
    X(m->cpus[1].outstanding = 2, "several accesses")                                                        \
    X(m->cpus[3].kind = CPU_ZARCH, "each once")

#define X(damage, says)                                                                                      \
    {                                                                                                        \
        read_good();                                                                                         \
        m = &scenario.machine;                                                                               \
        uint32_t inputs = GUEST->n_inputs;                                                                   \
        (void)(damage);                                                                                      \
        const char *rule = machine_invalid(m);                                                               \
        if (!rule || !strstr(rule, says))                                                                    \
            printf("\n  %s: %s", #damage, rule ? rule : "accepted");                                         \
        CU_ASSERT_TRUE(rule &&strstr(rule, says));                                                           \
        GUEST->n_inputs = inputs;                                                                            \
    }

static void test_rules(void)
{
    read_good();
    CU_ASSERT_PTR_NULL(machine_invalid(&scenario.machine));
    DAMAGES(X)
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("guests of scenarios", NULL, NULL);
    CU_add_test(suite, "read", test_read);
    CU_add_test(suite, "settings", test_settings);
    CU_add_test(suite, "summary", test_summary);
    CU_add_test(suite, "refusals", test_refusals);
    CU_add_test(suite, "the partition's part", test_partition);
    CU_add_test(suite, "rules", test_rules);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    scenario_free(&scenario);
    return failures != 0;
}
