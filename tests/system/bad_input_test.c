// SPDX-License-Identifier: Apache-2.0
// Bad input of every kind, through the front door: one error with a stable code, an exit status of its class,
// no process left, nothing in the run folder that looks whole.
#include <CUnit/Basic.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/base/err.h"
#include "tests/lib/process.h"

static char root[PATH_MAX_BYTES];
static const char *numaplex;
static unsigned runs; // each has a folder of its own

static char *below(const char *name)
{
    static char paths[4][2 * PATH_MAX_BYTES];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", root, name);
    return path;
}

static void write_bytes(const char *name, const void *bytes, size_t size)
{
    FILE *file = fopen(below(name), "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT_EQUAL(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

static void write_text(const char *name, const char *text)
{
    write_bytes(name, text, strlen(text));
}

static size_t count(const char *text, const char *word)
{
    size_t n = 0;
    for (const char *at = text; (at = strstr(at, word)); at++)
        n++;
    return n;
}

// Runs `numaplex run ARGUMENTS --out FOLDER` and expects one error of this code, and no results.
static void expect_refused(const struct process_options *options, const char *folder, enum err_code code,
                           const char *said, const char *const *arguments)
{
    const char *argv[16] = {numaplex, "run", "--out", folder};
    for (unsigned i = 0; i < 11 && arguments[i]; i++)
        argv[4 + i] = arguments[i];
    struct test_process p = process_start_test(numaplex, argv, options);
    process_wait(&p, HANG_S);
    bool good = p.status == err_exit_status(code) && count(p.err, err_id(code)) == 1 &&
                count(p.err, "error NP") == 1 && strstr(p.err, said) && !p.timed_out;
    CU_ASSERT_TRUE(good);
    if (!good)
        printf("\n  %s %s: status %d, expected %s '%s'\n%s", argv[4], argv[5] ? argv[5] : "", p.status,
               err_id(code), said, p.err);
    CU_ASSERT_FALSE(file_exists(folder, "results.json"));
    CU_ASSERT_FALSE(file_exists(folder, "digest"));
    CU_ASSERT_FALSE(file_exists(folder, "counters.csv"));
    CU_ASSERT_FALSE(file_exists(folder, "saved"));
    CU_ASSERT_FALSE(file_exists(folder, "results.json.partial"));
    CU_ASSERT_FALSE(file_exists(folder, "saved.partial"));
    process_free(&p);
}

static void expect(enum err_code code, const char *said, const char *const *arguments)
{
    char name[16];
    snprintf(name, sizeof name, "out-%u", ++runs);
    expect_refused(NULL, below(name), code, said, arguments);
}

#define EXPECT(code, said, ...) expect(code, said, (const char *const[]){__VA_ARGS__, NULL})

#define HEAD                                                                                                 \
    "scenario: bad\nuntil: 10us\nsystems:\n  - name: m\n    preset: teaching-board\n    boards: [A0, A1]\n"

static void test_scenarios(void)
{
    static const struct {
        const char *name, *text;
        enum err_code code;
        const char *said;
    } rows[] = {
        {"syntax.yaml", "scenario: [", ERR_SYNTAX, "syntax.yaml:"},
        {"empty.yaml", "", ERR_SYNTAX, "empty.yaml"},
        {"key.yaml", "scenario: a\nsistems: []\n", ERR_UNKNOWN_KEY, "systems"},
        {"unit.yaml", "scenario: a\nuntil: 5\nsystems: []\n", ERR_BAD_VALUE, "unit.yaml:2"},
        {"twice.yaml",
         HEAD "    partitions:\n      - {name: P, boards: [A0]}\n      - {name: Q, boards: [A0]}\n",
         ERR_IMPOSSIBLE_MACHINE, "twice.yaml:9"},
        {"overlap.yaml",
         HEAD "    partitions:\n      - name: P\n        boards: all\n        memory:\n"
              "          - {base: 0, size: 8MiB, boards: [A0]}\n          - {base: 4MiB, size: 8MiB, boards: "
              "[A1]}\n",
         ERR_IMPOSSIBLE_MACHINE, "overlap.yaml:"},
        {"gap.yaml",
         HEAD "    partitions:\n      - name: P\n        boards: all\n        memory:\n"
              "          - {base: 0, size: 8MiB, boards: [A0]}\n          - {base: 16MiB, size: 8MiB, "
              "boards: [A1]}\n",
         ERR_IMPOSSIBLE_MACHINE, "gap.yaml:"},
    };
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        write_text(rows[i].name, rows[i].text);
        EXPECT(rows[i].code, rows[i].said, below(rows[i].name));
    }
    CU_ASSERT_FALSE(file_exists(root, "out-1")); // refused before anything is made
}

#define PROGRAM(text)                                                                                        \
    HEAD "    partitions:\n      - name: P\n        boards: all\n        frames: 1MiB\n        programs:\n"  \
         "          - {on: A0/0, " text "}\n"

static void test_damaged_traces(void)
{
    static const char noise[4096] = "this is no recording";
    write_text("trace.yaml", PROGRAM("trace: refs.nptrace"));
    write_bytes("refs.nptrace", noise, sizeof noise);
    EXPECT(ERR_DAMAGED_TRACE, "refs.nptrace", below("trace.yaml"));
    EXPECT(ERR_DAMAGED_TRACE, "refs.nptrace", below("trace.yaml"), "--nodes", "1");
    write_bytes("refs.nptrace", noise, 0);
    EXPECT(ERR_DAMAGED_TRACE, "refs.nptrace", below("trace.yaml"));
    unlink(below("refs.nptrace"));
    EXPECT(ERR_FILE, "trace.yaml:12", below("trace.yaml"));
}

static void test_program_that_cannot_be_recorded(void)
{
    write_text("record.yaml", PROGRAM("record: [no-such-program-anywhere], max_refs: 100"));
    EXPECT(ERR_PROCESS, "no-such-program-anywhere", below("record.yaml"));
}

// A simulated program that sees what it should not: a whole run, loudly marked.
static void test_failed_check(void)
{
    write_text("wrong.yaml", HEAD "    partitions:\n      - name: P\n        boards: all\n        programs:\n"
                                  "          - on: A0/0\n            script: |\n              store 0x40, 1\n"
                                  "              load r0, 0x40\n              check r0 == 2\n");
    struct test_process p = process_run(numaplex, "run", below("wrong.yaml"), "--out", below("wrong"));
    CU_ASSERT_EQUAL(p.status, EXIT_CLASS_CHECK);
    CU_ASSERT_PTR_NOT_NULL(strstr(p.err, "error NP0701: "));
    CU_ASSERT_PTR_NOT_NULL(strstr(p.err, "A0"));
    CU_ASSERT_PTR_NOT_NULL(strstr(p.out, "FAILED"));
    CU_ASSERT_TRUE(file_exists(below("wrong"), "results.json"));
    process_free(&p);
}

static void save_state(void)
{
    struct test_process p = process_run(numaplex, "run", "two-boards", "--save-at", "20us", "--quiet",
                                        "--force", "--out", below("state"));
    CU_ASSERT_EQUAL_FATAL(p.status, 0);
    process_free(&p);
}

// Changes one byte in the middle of a file, or cuts it there.
static void damage(const char *name, bool cut)
{
    FILE *file = fopen(below(name), "r+");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fseek(file, 0, SEEK_END);
    long middle = ftell(file) / 2;
    fseek(file, middle, SEEK_SET);
    int byte = fgetc(file);
    fseek(file, middle, SEEK_SET);
    fputc(byte ^ 0x10, file);
    fclose(file);
    if (cut)
        CU_ASSERT_EQUAL(truncate(below(name), middle), 0);
}

static void test_damaged_states(void)
{
    static const char *const files[] = {"manifest.json", "board-0.npstate", "board-1.npstate",
                                        "group-0.npstate"};
    EXPECT(ERR_FILE, "nowhere", "--continue", below("nowhere"));
    EXPECT(ERR_DAMAGED_STATE, "manifest.json", "--continue", root);
    for (unsigned i = 0; i < sizeof files / sizeof files[0]; i++)
        for (int how = 0; how < 3; how++) {
            char path[64];
            test_folder_remove(below("state"));
            save_state();
            snprintf(path, sizeof path, "state/saved/%s", files[i]);
            if (how == 2)
                unlink(below(path));
            else
                damage(path, how == 1);
            EXPECT(ERR_DAMAGED_STATE, files[i], "--continue", below("state/saved"));
        }
}

static void test_state_of_another_machine(void)
{
    test_folder_remove(below("state"));
    save_state();
    EXPECT(ERR_DAMAGED_STATE, "another machine", "three-partitions-small", "--continue",
           below("state/saved"));
    EXPECT(ERR_USAGE, "20.0 us already", "--continue", below("state/saved"), "--until", "10us");
}

static void test_folders(void)
{
    test_folder_remove(below("state"));
    save_state();
    struct test_process p = process_run(numaplex, "run", "two-boards", "--out", below("state"));
    CU_ASSERT_EQUAL(p.status, EXIT_CLASS_USAGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(p.err, "--force"));
    process_free(&p);
    write_text("file", "not a folder");
    EXPECT(ERR_USAGE, "does-not-matter", "--out", below("file/x"), "--nodes", "does-not-matter");
    p = process_run(numaplex, "run", "two-boards", "--out", below("file"));
    CU_ASSERT_EQUAL(p.status, EXIT_CLASS_HOST);
    process_free(&p);
}

// A limit on the size of files works without a file system of our own: one for results, one that a part of a
// state exceeds, and an early state of which only the manifest does (the scenario as resolved does not).
static void test_files_that_cannot_grow(void)
{
    const struct process_options options = {.file_bytes_max = 8000};
    expect_refused(&options, below("limited"), ERR_FILE, "cannot be written",
                   (const char *const[]){"two-boards", "--nodes", "1", "--quiet", NULL});
    CU_ASSERT_TRUE(file_exists(below("limited"), "failed.txt"));
    const struct process_options smaller = {.file_bytes_max = 3500};
    expect_refused(&smaller, below("limited-part"), ERR_FILE, "board-",
                   (const char *const[]){"two-boards", "--quiet", "--save-at", "100us", NULL});
    expect_refused(&smaller, below("limited-manifest"), ERR_FILE, "manifest.json",
                   (const char *const[]){"two-boards", "--quiet", "--save-at", "100ns", NULL});
}

static void test_output_that_is_full(void)
{
    const struct process_options options = {.out_path = "/dev/full"};
    const char *argv[] = {numaplex, "run",   "two-boards",    "--until", "10us",
                          "--json", "--out", below("stdout"), NULL};
    struct test_process p = process_start_test(numaplex, argv, &options);
    process_wait(&p, HANG_S);
    CU_ASSERT_EQUAL(p.status, EXIT_CLASS_HOST);
    CU_ASSERT_PTR_NOT_NULL(strstr(p.err, "NP0502"));
    CU_ASSERT_TRUE(file_exists(below("stdout"), "results.json")); // the run itself is whole
    CU_ASSERT_FALSE(file_exists(below("stdout"), "failed.txt"));
    process_free(&p);
}

static bool own_disk; // a mount of our own could be made below "disk"

// A disk with room for what a run leaves at its beginning, and no more.
static void test_full_disk(void)
{
    if (!own_disk) {
        printf("(skipped: this host lets us mount nothing) ");
        return;
    }
    expect_refused(NULL, below("disk/state"), ERR_DISK_FULL, "board-",
                   (const char *const[]){"two-boards", "--quiet", "--save-at", "100us", NULL});
    CU_ASSERT_TRUE(file_exists(below("disk/state"), "failed.txt"));
    test_folder_remove(below("disk/state"));
    expect_refused(NULL, below("disk/results"), ERR_DISK_FULL, "cannot be written",
                   (const char *const[]){"two-boards", "--quiet", "--nodes", "1", NULL});
}

// In a name space of our own the mount ends with this process, whatever happens.
static bool mount_disk(void)
{
    uid_t user = getuid();
    if (unshare(CLONE_NEWNS | (user ? CLONE_NEWUSER : 0)) != 0)
        return false;
    if (user) {
        char map[32];
        int n = snprintf(map, sizeof map, "0 %u 1", (unsigned)user);
        FILE *file = fopen("/proc/self/uid_map", "w");
        if (!file)
            return false;
        fwrite(map, 1, (size_t)n, file);
        if (fclose(file) != 0)
            return false;
    }
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 || mkdir(below("disk"), 0777) != 0)
        return false;
    return mount("tmpfs", below("disk"), "tmpfs", 0, "size=24k,mode=777") == 0;
}

int main(void)
{
    test_folder_make(root);
    own_disk = mount_disk();
    numaplex = test_program("numaplex");
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("bad input", NULL, NULL);
    CU_ADD_TEST(suite, test_scenarios);
    CU_ADD_TEST(suite, test_damaged_traces);
    CU_ADD_TEST(suite, test_program_that_cannot_be_recorded);
    CU_ADD_TEST(suite, test_failed_check);
    CU_ADD_TEST(suite, test_damaged_states);
    CU_ADD_TEST(suite, test_state_of_another_machine);
    CU_ADD_TEST(suite, test_folders);
    CU_ADD_TEST(suite, test_files_that_cannot_grow);
    CU_ADD_TEST(suite, test_output_that_is_full);
    CU_ADD_TEST(suite, test_full_disk);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    if (own_disk)
        umount(below("disk"));
    test_folder_remove(root);
    return failures ? 1 : 0;
}
