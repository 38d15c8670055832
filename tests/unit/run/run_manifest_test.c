// SPDX-License-Identifier: Apache-2.0
// Saved states: a manifest is believed only when it and every part are whole, and only by its own machine.
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "coordinator/run/course.h"
#include "coordinator/run/manifest.h"
#include "tests/lib/process.h"

static char folder[PATH_MAX_BYTES];
static struct scenario scenario;
static struct outcome outcome;

static const char scenario_text[] =
    "scenario: saved\nseed: 7\nuntil: 10us\nsystems:\n"
    "  - name: m\n    preset: teaching-board\n    boards: [A0, A1]\n"
    "    partitions:\n      - name: P\n        boards: all\n        programs:\n"
    "          - {on: all, generator: random, region: {base: 0, size: 4KiB}}\n";

static char *path_in(const char *name)
{
    static char path[2 * PATH_MAX_BYTES];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void write_file(const char *name, const char *text, size_t size)
{
    FILE *file = fopen(path_in(name), "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fwrite(text, 1, size, file);
    fclose(file);
}

static void add_part(enum saved_kind kind, uint32_t index, const char *name, const char *text)
{
    struct saved_part *part = &outcome.parts[outcome.n_parts++];
    *part = (struct saved_part){.kind = kind, .index = index, .bytes = strlen(text), .plain_bytes = 99};
    strcpy(part->name, name);
    write_file(name, text, strlen(text));
}

static void save(void)
{
    struct plan plan;
    struct err err;
    CU_ASSERT_EQUAL_FATAL(plan_make(&plan, &scenario.machine, 0, 0, &err), ERR_OK);
    outcome_init(&outcome, &scenario.machine, &plan);
    outcome.groups[0].time = 5000;
    add_part(SAVED_BOARD, 0, "board-0", "state of board 0");
    add_part(SAVED_BOARD, 1, "board-1", "state of board 1, longer");
    add_part(SAVED_GROUP, 0, "group-0", "state of the group");
    struct saved_text text = {
        .partition = "SMP1", .name = "console-SMP1.txt", .bytes = 11, .cut = true}; // of the note, no count
    write_file(text.name, "hello\nthere\n[cut]\n", 18);
    write_file(COURSE_NAME, "controller", 10);
    CU_ASSERT_EQUAL_FATAL(manifest_write(folder, &scenario, &outcome, &text, 1, 3, &err), ERR_OK);
}

static void expect_damaged(const char *in)
{
    struct manifest manifest;
    struct err err = {0};
    CU_ASSERT_EQUAL(manifest_read(&manifest, folder, &err), ERR_DAMAGED_STATE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, in));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "save again"));
}

static void test_read_back(void)
{
    struct manifest manifest;
    struct scenario again;
    struct err err;
    save();
    CU_ASSERT_EQUAL_FATAL(manifest_read(&manifest, folder, &err), ERR_OK);
    CU_ASSERT_EQUAL(manifest.n_parts, 3);
    CU_ASSERT_EQUAL(manifest.time, 5000);
    CU_ASSERT_EQUAL(manifest.parts[2].kind, SAVED_GROUP);
    CU_ASSERT_EQUAL(manifest.n_texts, 1);
    CU_ASSERT_STRING_EQUAL(manifest.texts[0].partition, "SMP1");
    CU_ASSERT_STRING_EQUAL(manifest.texts[0].name, "console-SMP1.txt");
    CU_ASSERT_TRUE(manifest.texts[0].bytes == 11 && manifest.texts[0].cut);
    CU_ASSERT_EQUAL(manifest_fits(&manifest, &scenario, &err), ERR_OK);
    // The resolved scenario in it describes the same machine, so FILE may be left out.
    CU_ASSERT_EQUAL_FATAL(scenario_read_text(manifest.resolved, strlen(manifest.resolved), "r", &again, &err),
                          0);
    CU_ASSERT_EQUAL(manifest_fits(&manifest, &again, &err), ERR_OK);
    again.machine.until = 20 * SIM_PS_PER_US; // may be another
    CU_ASSERT_EQUAL(manifest_fits(&manifest, &again, &err), ERR_OK);
    scenario_set_seed(&again, 8); // may not
    CU_ASSERT_EQUAL(manifest_fits(&manifest, &again, &err), ERR_DAMAGED_STATE);
    scenario_free(&again);
    manifest_free(&manifest);
    outcome_free(&outcome);
}

// A byte of the manifest that is changed is noticed wherever it stands, white space between tokens excepted.
static void test_changed_manifest(void)
{
    save();
    char *text = file_content(folder, MANIFEST_NAME);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    size_t size = strlen(text), believed = 0;
    CU_ASSERT_FATAL(size > 500);
    for (size_t i = 0; i < size; i += 7) {
        struct manifest manifest;
        struct err err;
        char was = text[i];
        if (was == ' ' || was == '\n')
            continue;
        text[i] = (char)(was ^ 1);
        write_file(MANIFEST_NAME, text, size);
        text[i] = was;
        if (manifest_read(&manifest, folder, &err) == ERR_OK) {
            believed++;
            manifest_free(&manifest);
        }
    }
    CU_ASSERT_EQUAL(believed, 0);
    for (size_t cut = 0; cut < size - 2; cut += 31) {
        write_file(MANIFEST_NAME, text, cut);
        expect_damaged(MANIFEST_NAME);
    }
    free(text);
    outcome_free(&outcome);
}

static void test_damaged_parts(void)
{
    save();
    write_file("board-1", "state of board 1, lonGer", 24);
    expect_damaged("board-1: is damaged");
    write_file("board-1", "state of board 1", 16);
    expect_damaged("board-1: does not have the size");
    unlink(path_in("board-1"));
    expect_damaged("board-1: is missing");
    outcome_free(&outcome);
    save();
    write_file(COURSE_NAME, "controlleR", 10);
    expect_damaged(COURSE_NAME);
    write_file(COURSE_NAME, "controller", 10);
    write_file("console-SMP1.txt", "hello\nThere\n[cut]\n", 18);
    expect_damaged("console-SMP1.txt: is damaged");
    unlink(path_in("console-SMP1.txt"));
    expect_damaged("console-SMP1.txt: is missing");
    outcome_free(&outcome);
}

static void test_no_manifest(void)
{
    save();
    unlink(path_in(MANIFEST_NAME));
    expect_damaged("not completed");
    outcome_free(&outcome);
}

// What the processes report must be complete and true before a manifest is written.
static void test_incomplete_states_are_not_saved(void)
{
    struct err err;
    save();
    unlink(path_in(MANIFEST_NAME));
    outcome.n_parts = 2;
    CU_ASSERT_EQUAL(manifest_write(folder, &scenario, &outcome, NULL, 0, 1, &err), ERR_DAMAGED_STATE);
    outcome.n_parts = 3;
    outcome.parts[0].bytes++;
    CU_ASSERT_EQUAL(manifest_write(folder, &scenario, &outcome, NULL, 0, 1, &err), ERR_DAMAGED_STATE);
    outcome.parts[0].bytes--;
    outcome.parts[1].index = 0;
    CU_ASSERT_EQUAL(manifest_write(folder, &scenario, &outcome, NULL, 0, 1, &err), ERR_DAMAGED_STATE);
    CU_ASSERT_FALSE(file_exists(folder, MANIFEST_NAME));
    outcome_free(&outcome);
}

// Of a guest's image the bytes count, not the path.
static void test_images(void)
{
    static const char image[] = "\x00\x08\x00\x01\x80\x00\x00\x08\xb2\xb2\x00\x00\x07\x07\x07";
    struct scenario plain = scenario, moved;
    struct manifest manifest;
    struct err err;
    char text[2 * PATH_MAX_BYTES];
    snprintf(text, sizeof text, "%.*s          - {on: A0/0, load: %s/guest.img}\n",
             (int)(strstr(scenario_text, "          - {on") - scenario_text), scenario_text, folder);
    write_file("guest.img", image, sizeof image);
    CU_ASSERT_EQUAL_FATAL(scenario_read_text(text, strlen(text), "text", &scenario, &err), ERR_OK);
    save();
    CU_ASSERT_EQUAL_FATAL(manifest_read(&manifest, folder, &err), ERR_OK);
    CU_ASSERT_EQUAL(manifest.n_inputs, 1);
    CU_ASSERT_EQUAL(manifest_fits(&manifest, &scenario, &err), ERR_OK);
    write_file("moved.img", image, sizeof image);
    static const char moved_name[] = "moved.img";
    memcpy(strstr(text, "guest.img"), moved_name, sizeof moved_name - 1);
    CU_ASSERT_EQUAL_FATAL(scenario_read_text(text, strlen(text), "text", &moved, &err), ERR_OK);
    CU_ASSERT_EQUAL(manifest_fits(&manifest, &moved, &err), ERR_OK);
    write_file("moved.img", image, sizeof image - 1);
    CU_ASSERT_EQUAL(manifest_fits(&manifest, &moved, &err), ERR_DAMAGED_STATE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "recordings and images"));
    moved.machine.partitions[0].guest.functional = true;
    CU_ASSERT_EQUAL(manifest_fits(&manifest, &moved, &err), ERR_DAMAGED_STATE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "another machine"));
    manifest_free(&manifest);
    outcome_free(&outcome);
    scenario_free(&moved);
    scenario_free(&scenario);
    scenario = plain;
}

int main(void)
{
    struct err err;
    test_folder_make(folder);
    if (scenario_read_text(scenario_text, strlen(scenario_text), "text", &scenario, &err))
        return err_report(&err);
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("manifest", NULL, NULL);
    CU_ADD_TEST(suite, test_read_back);
    CU_ADD_TEST(suite, test_changed_manifest);
    CU_ADD_TEST(suite, test_damaged_parts);
    CU_ADD_TEST(suite, test_no_manifest);
    CU_ADD_TEST(suite, test_incomplete_states_are_not_saved);
    CU_ADD_TEST(suite, test_images);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    scenario_free(&scenario);
    test_folder_remove(folder);
    return failures ? 1 : 0;
}
