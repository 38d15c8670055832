// SPDX-License-Identifier: Apache-2.0
// Text of guests in virtual time: the files are the same however the run is cut, placed, stepped, or saved
// and continued. Each access that misses "prints" a line here, some time after its result is there: so text
// often lies beyond the end of the grant.
#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

#include "coordinator/run/text_files.h"
#include "node/cpu/cpu.h"
#include "node/host/texts.h"
#include "tests/lib/process.h"
#include "tests/lib/whole_run.h"

static char root[PATH_MAX_BYTES];
static struct scenario scenario;
static uint64_t numbers[BOARDS_MAX][CPUS_PER_BOARD_MAX]; // of pieces; a board is one thread's at a time

// Of one CPU in order, of several not: a piece from before a cut may belong behind one from after it.
#define PRINTING(cpu) ((20 + 150 * (component_board((cpu)->id) + (cpu)->index)) * SIM_PS_PER_NS)

static void print_miss(struct cpu *cpu, const struct pending *pending, sim_time done_at, enum served served)
{
    char line[80];
    sim_time at = done_at + PRINTING(cpu);
    uint64_t *number = &numbers[component_board(cpu->id)][cpu->index];
    int n = snprintf(line, sizeof line, "%x %llu: %llx %u\n", cpu->id, (unsigned long long)at,
                     (unsigned long long)pending->access.address, (unsigned)served);
    cpu->port.text(cpu->port.board, cpu,
                   &(struct text_piece){.time = at,
                                        .seq = (*number)++,
                                        .stream = TEXT_CONSOLE,
                                        .size = (uint32_t)n,
                                        .bytes = (uint8_t *)line});
}

struct way {
    const char *name;
    struct whole_options how;
    sim_time save_at; // 0: not
    uint64_t limit;
};

static struct packed_options options_of(const struct way *s)
{
    return (struct packed_options){
        .threads = s->how.threads ? s->how.threads : 1,
        .board = {.reference = s->how.reference, .text_limit = s->limit},
        .conductor = {
            .horizon = {.no_bounds = s->how.no_bounds, .stride = 100 * SIM_PS_PER_US, .chop = s->how.chop},
            .epoch = 1}};
}

struct printing {
    struct packed packed;
    struct texts texts;
    struct run_folder folder;
    struct plan plan;
    struct text_files files;
    uint64_t chunks;
};

static void open_printing(struct printing *run, const struct way *s, const char *name)
{
    struct err err;
    const struct machine *machine = &scenario.machine;
    struct packed_options options = options_of(s);
    struct instruction_trace none = {0};
    CU_ASSERT_EQUAL_FATAL(packed_open(&run->packed, machine, &options, &err), ERR_OK);
    for (uint32_t b = 0; b < machine->n_boards; b++)
        for (unsigned c = 0; c < CPUS_PER_BOARD_MAX; c++) {
            struct cpu *cpu = (struct cpu *)(uintptr_t)board_cpu(run->packed.crew.boards[b], c);
            if (cpu)
                cpu->missed = print_miss;
        }
    for (uint32_t p = 0; p < machine->n_partitions; p++) // from here on they have a console
        strcpy(scenario.machine.partitions[p].guest.image, "guest");
    texts_init(&run->texts, &run->packed.crew);
    run->packed.texts = &run->texts;
    char path[PATH_MAX_BYTES];
    snprintf(path, sizeof path, "%.900s/%s", root, name);
    CU_ASSERT_EQUAL_FATAL(folder_open(&run->folder, path, "x", true, &err), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(plan_make(&run->plan, machine, 1, 1, &err), ERR_OK);
    CU_ASSERT_EQUAL_FATAL(
        text_files_open(&run->files, &run->folder, machine, &run->plan, &none, s->limit, &err), ERR_OK);
}

static void close_printing(struct printing *run)
{
    struct err err;
    CU_ASSERT_EQUAL(text_files_finish(&run->files, &err), ERR_OK);
    text_files_close(&run->files);
    folder_close(&run->folder);
    texts_free(&run->texts);
    packed_close(&run->packed);
    for (uint32_t p = 0; p < scenario.machine.n_partitions; p++)
        scenario.machine.partitions[p].guest.image[0] = '\0';
}

static void pass_on(struct printing *run)
{
    struct control_text chunk;
    struct err err;
    while (texts_next(&run->texts, &chunk)) {
        CU_ASSERT_EQUAL(text_files_add(&run->files, 0, &chunk, &err), ERR_OK);
        text_list_free(&chunk.pieces);
        run->chunks++;
    }
}

static bool pass_between_grants(void *self)
{
    pass_on(self);
    return false;
}

static void run_until(struct printing *run, sim_time stop)
{
    enum pause_reason reason;
    struct err err;
    struct conductor_stop how = {.time = stop, .poll = pass_between_grants, .self = run};
    CU_ASSERT_EQUAL_FATAL(packed_run(&run->packed, &how, &reason, &err), ERR_OK);
    pass_on(run);
}

// Saves the complex and its consoles, and goes on with both in another folder.
static void save_and_continue(struct printing *run, const struct way *s)
{
    struct archive saved, loaded;
    struct manifest manifest = {0};
    struct err err;
    ar_init_save(&saved);
    packed_state(&run->packed, &saved);
    CU_ASSERT_EQUAL(text_files_finish(&run->files, &err), ERR_OK);
    snprintf(manifest.folder, sizeof manifest.folder, "%.900s/state", root);
    struct run_folder state;
    CU_ASSERT_EQUAL_FATAL(folder_open(&state, manifest.folder, "x", true, &err), ERR_OK);
    folder_close(&state);
    CU_ASSERT_EQUAL(text_files_save(&run->files, manifest.folder, &manifest.texts, &manifest.n_texts, &err),
                    ERR_OK);
    close_printing(run);
    open_printing(run, s, "continued");
    CU_ASSERT_EQUAL(text_files_continue(&run->files, &manifest, &err), ERR_OK);
    ar_init_load(&loaded, saved.bytes, saved.at);
    packed_state(&run->packed, &loaded);
    CU_ASSERT_FALSE(ar_failed(&loaded));
    ar_free(&saved);
    manifest_free(&manifest);
}

static void print_all(const struct way *s, struct digest *digest)
{
    static struct printing run;
    memset(&run, 0, sizeof run);
    memset(numbers, 0, sizeof numbers);
    open_printing(&run, s, s->name);
    if (s->save_at) {
        run_until(&run, s->save_at);
        save_and_continue(&run, s);
    }
    run_until(&run, SIM_NEVER);
    texts_end(&run.texts);
    pass_on(&run);
    if (digest)
        *digest = packed_digest(&run.packed, NULL);
    CU_ASSERT(run.chunks > 10);
    close_printing(&run);
}

static char *console_of(const char *folder, const char *partition)
{
    char path[2 * PATH_MAX_BYTES], name[TEXT_NAME_SIZE];
    snprintf(path, sizeof path, "%s/%s", root, folder);
    text_file_name(partition, TEXT_CONSOLE, name);
    return file_content(path, name);
}

static void expect_same(const char *one, const char *other)
{
    for (uint32_t p = 0; p < scenario.machine.n_partitions; p++) {
        const char *partition = scenario.machine.partitions[p].name;
        char *a = console_of(one, partition), *b = console_of(other, partition);
        CU_ASSERT_PTR_NOT_NULL_FATAL(a);
        CU_ASSERT_PTR_NOT_NULL_FATAL(b);
        CU_ASSERT(strlen(a) > 2000);
        CU_ASSERT_STRING_EQUAL(a, b);
        free(a);
        free(b);
    }
}

static void test_the_same_in_every_way(void)
{
    static const struct way ways[] = {
        {.name = "threads", .how = {.threads = 3}},
        {.name = "chop", .how = {.threads = 2, .chop = 5}},
        {.name = "no-bounds", .how = {.no_bounds = true}},
        {.name = "reference", .how = {.reference = true, .chop = 11}},
    };
    struct digest plain, with_text;
    print_all(&(struct way){.name = "plain", .limit = TEXT_LIMIT_DEFAULT}, &plain);
    for (size_t i = 0; i < NP_ARRAY_LEN(ways); i++) {
        struct way s = ways[i];
        s.limit = TEXT_LIMIT_DEFAULT;
        print_all(&s, &with_text);
        expect_same("plain", s.name);
        CU_ASSERT(with_text.low == plain.low && with_text.high == plain.high);
    }
}

// Wherever it is cut, and whatever lies beyond the cut at that moment.
static void test_saved_and_continued(void)
{
    for (sim_time at = 9100000; at < 9250000; at += 7501) {
        struct way s = {.name = "first", .how = {.chop = at}, .save_at = at, .limit = TEXT_LIMIT_DEFAULT};
        print_all(&s, NULL);
        expect_same("plain", "continued");
    }
}

// The first bytes of the whole text, then a note: in every way, before or after the cut of a saved state.
static void test_limit(void)
{
    static const struct way ways[] = {
        {.name = "limit-1", .how = {.threads = 1}},
        {.name = "limit-2", .how = {.threads = 3, .chop = 3}},
        {.name = "limit-3", .how = {.reference = true}},
        {.name = "early", .save_at = 2000000},
        {.name = "late", .save_at = 20000000},
    };
    for (size_t i = 0; i < NP_ARRAY_LEN(ways); i++) {
        struct way s = ways[i];
        s.limit = 1999;
        print_all(&s, NULL);
        for (uint32_t p = 0; p < scenario.machine.n_partitions; p++) {
            const char *partition = scenario.machine.partitions[p].name;
            char *whole = console_of("plain", partition);
            char *cut = console_of(s.save_at ? "continued" : s.name, partition);
            CU_ASSERT_FATAL(whole && cut && strlen(cut) > 1999);
            CU_ASSERT_EQUAL(strncmp(whole, cut, 1999), 0);
            const char *note = cut + 1999 + (cut[1998] != '\n');
            CU_ASSERT_STRING_EQUAL(
                note, "[numaplex: the text is cut here, after 1999 bytes; --text-limit keeps more]\n");
            free(whole);
            free(cut);
        }
    }
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("text", NULL, NULL);
    CU_add_test(suite, "the same in every way", test_the_same_in_every_way);
    CU_add_test(suite, "saved and continued", test_saved_and_continued);
    CU_add_test(suite, "limit", test_limit);
    test_folder_make(root);
    whole_read("tests/sim/scenarios/three-partitions-mesi.yaml", &scenario);
    CU_basic_set_mode(CU_BRM_NORMAL);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    scenario_free(&scenario);
    test_folder_remove(root);
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
