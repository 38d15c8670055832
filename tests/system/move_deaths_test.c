// SPDX-License-Identifier: Apache-2.0
// Processes that die in the middle of an operation, at every step that operations have: a board's process,
// the fabric, the coordinator; and Ctrl-C there. The run says once what happened and at which step, leaves
// its folder in order, tells its consoles, and its journal can be done again to the same end.
#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <dirent.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "proto/base/assert.h"
#include "proto/base/rng.h"
#include "tests/lib/live_run.h"

#define STEPS_MAX 32u
#define US(n)     (UINT64_C(1000000) * (n))
#define BEGUN     US(5) // the operation of each course

// What ends a run in the middle.
enum fault { KILL_NODE, KILL_RUNNING_NODE, KILL_COORDINATOR, INTERRUPT, FAULT_COUNT };

struct course {
    const char *name, *commands; // commands: of the scenario, before the one that is given
    enum api_verb verb;
    const char *board, *partition;
    enum api_position position;
    bool on;
    uint64_t at;      // it is given at this time
    const char *text; // as messages name it
    bool guest;       // SMP1 runs one
};

// Together they take all steps that there are.
static const struct course courses[] = {
    {"move", "[]", API_MOVE, "SB0", "SMP2", 0, false, BEGUN, "move SB0 SMP2 configure", false},
    {"halt", "[]", API_KEYSWITCH, "", "SMP1", API_KEY_OFF, false, BEGUN, "keyswitch SMP1 off", false},
    {"boot", "[{at: 5us, keyswitch: SMP1, position: off}]", API_KEYSWITCH, "", "SMP1", API_KEY_ON, false,
     US(150), "keyswitch SMP1 on", false},
    {"power", "[{at: 5us, power: SB3, state: on}]", API_POWER, "SB3", "", 0, false, US(50), "power SB3 off",
     false},
    {"offer", "[]", API_ADD, "SB3", "SMP1", 0, false, BEGUN, "add SB3 SMP1 configure", true},
    {"withdraw", "[{at: 5us, add: SB3, to: SMP1}]", API_DELETE, "SB3", "", 0, false, US(300),
     "delete SB3 unassign", true},
};

static const char *const all_steps[] = {
#define STEP(step, word, failed)                 word,
#define STEP_OF_GUEST(step, word, failed, guest) word,
#include "coordinator/partition/steps.def"
};

struct step {
    char name[API_WORD_BYTES];
    uint64_t middle; // ps
};

static char root[PATH_MAX_BYTES], sockets[PATH_MAX_BYTES + 16];
static unsigned runs;
static bool reached[NP_ARRAY_LEN(all_steps)];

static const char machine[] = "scenario: deaths\nseed: 7\nuntil: 700us\nsystems:\n"
                              "  - name: sun\n    preset: sun-fire-15k\n    boards: [SB0, SB1, SB2, SB3]\n"
                              "    board: {cpus: 2, memory: 512KiB, l2: 64KiB, l1: 4KiB}\n"
                              "    partitions:\n";
static const char second[] =
    "      - {name: SMP2, boards: [SB2], memory: contiguous, programs: [{generator: random, threads: 2, "
    "region: {size: 64KiB}, writes: 30%}]}\n";
static const char with_threads[] =
    "      - {name: SMP1, boards: [SB0, SB1], memory: contiguous, permanent: 64KiB, programs: [{generator: "
    "random, threads: 4, region: {size: 128KiB}, writes: 40%}]}\n";
static const char with_guest[] =
    "      - {name: SMP1, boards: [SB0, SB1], memory: contiguous, programs: [{on: all, load: guest.img}]}\n";

// At 0x10000: j . (for ever).
static void write_guest(const char *path)
{
    static const uint8_t start[] = {0x00, 0x08, 0x00, 0x01, 0x80, 0x01, 0x00, 0x00};
    static const uint8_t program[] = {0xa7, 0xf4, 0x00, 0x00};
    FILE *image = fopen(path, "w");
    NP_ASSERT(image);
    fwrite(start, 1, sizeof start, image);
    fseek(image, 0x10000, SEEK_SET);
    fwrite(program, 1, sizeof program, image);
    bool closed = fclose(image) == 0;
    NP_ASSERT(closed);
}

static const char *below(const char *name)
{
    static char paths[4][2 * PATH_MAX_BYTES];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", root, name);
    return path;
}

static const char *write_scenario(const char *name, const char *commands, bool guest)
{
    const char *path = below(name);
    FILE *out = fopen(path, "w");
    NP_ASSERT(out);
    fprintf(out, "%s%s%scommands: %s\n", machine, guest ? with_guest : with_threads, second, commands);
    fclose(out);
    return path;
}

static int set_up(void)
{
    test_folder_make(root);
    write_guest(below("guest.img"));
    snprintf(sockets, sizeof sockets, "%s/sockets", root);
    NP_ASSERT(mkdir(sockets, 0700) == 0 && setenv("XDG_RUNTIME_DIR", sockets, 1) == 0);
    return 0;
}

static int tear_down(void)
{
    test_folder_remove(root);
    return 0;
}

// ---- runs

// Led to where the operation has just begun; held there.
static struct live_run begin(const struct course *course, const char *more)
{
    struct live_run live;
    struct api_request request = {.kind = API_COMMAND};
    struct api_reply reply;
    struct err err;
    char place[PATH_MAX_BYTES + 32];
    snprintf(place, sizeof place, "%s/run%u", root, runs++);
    live_begin(&live, place,
               (const char *const[]){write_scenario(course->name, course->commands, course->guest),
                                     "--nodes=1", more, NULL});
    CU_ASSERT_EQUAL(client_watch(live.client, 1, 0, &err), ERR_OK);
    live_reach(&live, course->at);
    api_command_init(&request.command, course->verb);
    strcpy(request.command.board, course->board);
    strcpy(request.command.partition, course->partition);
    request.command.position = course->position;
    request.command.on = course->on;
    CU_ASSERT_EQUAL(live_ask(&live, &request, &reply, &err), ERR_OK);
    api_reply_free(&reply);
    return live;
}

static json_t *results_of(const struct live_run *live)
{
    char path[sizeof live->place + 16];
    snprintf(path, sizeof path, "%s/results.json", live->place);
    return json_load_file(path, 0, NULL);
}

static json_t *last_operation(json_t *results)
{
    json_t *operations = json_object_get(results, "operations");
    return json_array_get(operations, json_array_size(operations) - 1);
}

static void note_reached(const char *name)
{
    for (size_t i = 0; i < NP_ARRAY_LEN(all_steps); i++)
        reached[i] |= strcmp(all_steps[i], name) == 0;
}

// The course without a fault: when its steps are. Returns their number.
static unsigned learn(const struct course *course, struct step steps[STEPS_MAX],
                      char place[PATH_MAX_BYTES + 32])
{
    struct live_run live = begin(course, NULL);
    live_pace(&live, API_CONTINUE, 0);
    CU_ASSERT_EQUAL(live_end(&live), 0);
    process_free(&live.process);
    json_t *results = results_of(&live), *list = json_object_get(last_operation(results), "steps"), *step;
    size_t i;
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(last_operation(results), "outcome")), "done");
    json_array_foreach(list, i, step)
    {
        NP_ASSERT(i < STEPS_MAX);
        uint64_t began = (uint64_t)json_integer_value(json_object_get(step, "began_ps"));
        uint64_t ended = (uint64_t)json_integer_value(json_object_get(step, "ended_ps"));
        CU_ASSERT(ended - began > 2);
        snprintf(steps[i].name, sizeof steps[i].name, "%s", json_string_value(json_object_get(step, "name")));
        steps[i].middle = began + (ended - began) / 2;
        note_reached(steps[i].name);
    }
    json_decref(results);
    strcpy(place, live.place);
    return (unsigned)i;
}

// ---- what must hold afterwards

static unsigned count(const char *text, const char *what)
{
    unsigned n = 0;
    for (text = strstr(text, what); text; text = strstr(text + 1, what))
        n++;
    return n;
}

static bool has_partial(const char *folder)
{
    bool found = false;
    DIR *dir = opendir(folder);
    for (struct dirent *entry; dir && (entry = readdir(dir));)
        found = found || strstr(entry->d_name, ".partial");
    if (dir)
        closedir(dir);
    return found;
}

// Every line is whole. The last one is our command, or where the run was stopped.
static void expect_journal(const struct live_run *live, uint64_t time_ps)
{
    char *journal = file_content(live->place, "journal.jsonl");
    CU_ASSERT_PTR_NOT_NULL_FATAL(journal);
    char *line = journal, *end;
    json_t *command = NULL;
    for (; (end = strchr(line, '\n')); line = end + 1) {
        json_decref(command);
        command = json_loadb(line, (size_t)(end - line), 0, NULL);
        CU_ASSERT_PTR_NOT_NULL(command);
    }
    CU_ASSERT_EQUAL(*line, '\0');
    CU_ASSERT_EQUAL(json_integer_value(json_object_get(command, "time_ps")), (json_int_t)time_ps);
    json_decref(command);
    free(journal);
}

static void expect_gone(const pid_t *pids, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        for (unsigned ms = 0; ms < 20000 && process_alive(pids[i]); ms += 5)
            test_sleep_ms(5);
        CU_ASSERT_FALSE(process_alive(pids[i]));
    }
}

static unsigned entries(const char *folder)
{
    unsigned n = 0;
    DIR *dir = opendir(folder);
    for (struct dirent *entry; dir && (entry = readdir(dir));)
        n += entry->d_name[0] != '.';
    if (dir)
        closedir(dir);
    return n;
}

static void expect_text(const char *all, const char *text)
{
    bool there = all && strstr(all, text);
    CU_ASSERT_TRUE(there);
    if (!there)
        printf("\n  '%s' is not in '%s'\n", text, all ? all : "(nothing)");
}

// A run that failed because a process died: one message, a reason, consoles that know it.
static void expect_failed(struct live_run *live, const char *who, const char *operation)
{
    struct err err;
    CU_ASSERT_EQUAL(live_hear_end(live, &err), ERR_OVER);
    expect_text(err.text, "the run has ended with error NP0601");
    expect_text(err.text, operation);
    CU_ASSERT_STRING_EQUAL(client_snapshot(live->client)->state, "ended");
    CU_ASSERT_FALSE(client_missed(live->client));
    CU_ASSERT_EQUAL(client_last_seq(live->client), client_snapshot(live->client)->last_seq);
    CU_ASSERT_EQUAL(live_end(live), EXIT_CLASS_RUN);
    expect_text(live->process.err, "error NP0601: ");
    expect_text(live->process.err, who);
    expect_text(live->process.err, operation);
    CU_ASSERT_EQUAL(count(live->process.err, "error NP"), 1);
    char *failed = file_content(live->place, "failed.txt");
    expect_text(failed, "NP0601");
    expect_text(failed, operation);
    expect_text(failed, "under way since");
    expect_text(failed, "SMP2 at ");
    free(failed);
    CU_ASSERT_FALSE(file_exists(live->place, "results.json"));
    CU_ASSERT_FALSE(file_exists(live->place, "digest"));
    CU_ASSERT_FALSE(file_exists(live->place, "control.json"));
    CU_ASSERT_FALSE(file_exists(live->place, "control.sock"));
    CU_ASSERT_EQUAL(entries(sockets), 0);
}

static void expect_interrupted(struct live_run *live, const char *step)
{
    struct err err;
    CU_ASSERT_EQUAL(live_hear_end(live, &err), ERR_OVER);
    expect_text(err.text, "the run has ended with error NP0901: interrupted");
    CU_ASSERT_EQUAL(live_end(live), EXIT_CLASS_INTERRUPTED);
    CU_ASSERT_EQUAL(count(live->process.err, "error NP"), 1);
    json_t *results = results_of(live), *operation = last_operation(results);
    CU_ASSERT_TRUE(json_is_true(json_object_get(results, "interrupted")));
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(operation, "outcome")), "under way");
    CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(operation, "step")), step);
    json_decref(results);
    CU_ASSERT_TRUE(file_exists(live->place, "digest")); // all stood at one time
    CU_ASSERT_FALSE(file_exists(live->place, "failed.txt"));
    CU_ASSERT_FALSE(file_exists(live->place, "control.json"));
    CU_ASSERT_EQUAL(entries(sockets), 0);
}

// Nobody is left who could tidy up: consoles find out, and so does who comes later.
static void expect_killed(struct live_run *live)
{
    struct err err;
    struct client *late;
    process_wait(&live->process, HANG_S); // it is there until its parent has asked
    CU_ASSERT_EQUAL(live->process.status, 128 + SIGKILL);
    CU_ASSERT_EQUAL(live_hear_end(live, &err), ERR_OVER);
    CU_ASSERT_STRING_EQUAL(err.text, "the run's process is gone");
    client_close(live->client);
    CU_ASSERT_EQUAL(client_open(&late, live->place, &err), ERR_NO_RUN);
    expect_text(err.text, "is gone without an end");
    CU_ASSERT_FALSE(file_exists(live->place, "results.json"));
    CU_ASSERT_FALSE(file_exists(live->place, "digest"));
}

// To the end of its scenario, as if nothing had happened; one that was interrupted, to where that was.
static void replay(const struct live_run *live, bool interrupted, const char *reference)
{
    char to[sizeof live->place + 16];
    snprintf(to, sizeof to, "%s-again", live->place);
    struct test_process p =
        process_run(test_program("numaplex"), "replay", live->place, "--to", to, "--nodes=1");
    CU_ASSERT_EQUAL(p.status, 0);
    if (interrupted)
        expect_text(p.out, "The same digest as");
    else
        expect_text(p.err, "has no digest, since its run did not end in order");
    process_free(&p);
    if (!interrupted) {
        p = process_run(test_program("numaplex"), "digest", "--diff", reference, to);
        CU_ASSERT_EQUAL(p.status, 0);
        process_free(&p);
    }
    test_folder_remove(to);
}

// The state of a run that is saved there, in the middle of a step.
static const char *save_at(const char *file, uint64_t time_ps)
{
    char at[48];
    const char *place = below("saving");
    test_folder_remove(place);
    snprintf(at, sizeof at, "--save-at=%.6fus", (double)time_ps / 1e6);
    struct test_process p = process_run(test_program("numaplex"), "run", file, "--nodes=1", at,
                                        "--no-control", "--quiet", "--out", place);
    CU_ASSERT_EQUAL(p.status, 0);
    process_free(&p);
    return below("saving/saved");
}

// ---- tests

static void injure(struct live_run *live, enum fault fault, pid_t node)
{
    switch (fault) {
    case KILL_NODE:
        kill(node, SIGKILL);
        break;
    case KILL_RUNNING_NODE: // it is told to go on, and never does
        kill(node, SIGSTOP);
        while (!process_stopped(node))
            test_sleep_ms(1);
        live_pace(live, API_CONTINUE, 0);
        kill(node, SIGKILL);
        break;
    case KILL_COORDINATOR:
        kill(live->process.pid, SIGKILL);
        break;
    default:
        kill(live->process.pid, SIGINT);
        break;
    }
}

static void die_at(const struct course *course, const struct step *step, enum fault fault,
                   const char *reference)
{
    char operation[2048];
    pid_t pids[4];
    struct live_run live = begin(course, NULL);
    live_reach(&live, step->middle);
    size_t n = process_children(live.process.pid, pids, 4);
    CU_ASSERT_EQUAL_FATAL(n, 1);
    unsigned number = strcmp(course->commands, "[]") == 0 ? 1 : 2;
    snprintf(operation, sizeof operation, "operation %u (%s) was at step %s;", number, course->text,
             step->name);
    injure(&live, fault, pids[0]);
    if (fault == KILL_COORDINATOR)
        expect_killed(&live);
    else if (fault == INTERRUPT)
        expect_interrupted(&live, step->name);
    else
        expect_failed(&live, "node 0 (SB0 SB1 SB2 SB3) was killed by signal 9", operation);
    process_free(&live.process);
    expect_gone(pids, n);
    expect_journal(&live, fault == INTERRUPT ? step->middle : course->at);
    CU_ASSERT_FALSE(has_partial(live.place));
    if (reference)
        replay(&live, fault == INTERRUPT, reference);
    test_folder_remove(live.place);
}

// Each step with a board's process that dies, and with one of the other faults; some of them done again.
static void test_every_step(void)
{
    struct rng rng = rng_for(5, 0);
    for (size_t c = 0; c < NP_ARRAY_LEN(courses); c++) {
        struct step steps[STEPS_MAX];
        char reference[PATH_MAX_BYTES + 32];
        unsigned n = learn(&courses[c], steps, reference), again = (unsigned)rng_below(&rng, n);
        for (unsigned i = 0; i < n; i++) {
            enum fault other = KILL_RUNNING_NODE + (i + c) % (FAULT_COUNT - 1);
            die_at(&courses[c], &steps[i], KILL_NODE, i == again ? reference : NULL);
            die_at(&courses[c], &steps[i], other, i == again ? reference : NULL);
        }
    }
    for (size_t i = 0; i < NP_ARRAY_LEN(all_steps); i++) {
        CU_ASSERT_TRUE(reached[i]);
        if (!reached[i])
            printf("\n  no course takes step %s\n", all_steps[i]);
    }
}

// The processes of a run in the order in which its log names them.
static unsigned processes_of(const struct live_run *live, pid_t pids[4])
{
    static const char words[] = " is process ";
    unsigned n = 0;
    char *log = file_content(live->place, "log");
    CU_ASSERT_PTR_NOT_NULL_FATAL(log);
    for (const char *at = strstr(log, words); at && n < 4; at = strstr(at + 1, words))
        pids[n++] = (pid_t)atoi(at + strlen(words));
    free(log);
    return n;
}

// One of three processes: the fabric, or a node with or without the board that is moved. The others are
// ended, also one that is stopped.
static void die_of_three(const struct step *step, unsigned i, const char *file)
{
    static const char *const who[] = {"node 0 (SB0 SB1) was killed by signal 9",
                                      "node 1 (SB2 SB3) was killed by signal 9",
                                      "fabric was killed by signal 9"};
    static const char *const links[] = {"--link=ipc", "--link=tcp", "--link=unix"};
    struct live_run live;
    char operation[2048];
    pid_t pids[4];
    const char *saved = save_at(file, step->middle);
    live_begin(&live, below("three"),
               (const char *const[]){"--continue", saved, "--nodes=2", links[i / 3 % 3], NULL});
    struct err err;
    client_watch(live.client, 1, 0, &err);
    live_reach(&live, step->middle);
    unsigned n = processes_of(&live, pids);
    CU_ASSERT_EQUAL_FATAL(n, 3);
    if (i % 4 == 1)
        kill(pids[(i + 1) % 3], SIGSTOP);
    kill(pids[i % 3], SIGKILL);
    snprintf(operation, sizeof operation, "operation 1 (%s) was at step %s;", courses[0].text, step->name);
    expect_failed(&live, who[i % 3], operation);
    process_free(&live.process);
    expect_gone(pids, n);
    CU_ASSERT_FALSE(has_partial(live.place));
    test_folder_remove(live.place);
}

static void test_one_of_three(void)
{
    struct step steps[STEPS_MAX];
    char reference[PATH_MAX_BYTES + 32];
    unsigned n = learn(&courses[0], steps, reference);
    char file[2 * PATH_MAX_BYTES];
    strcpy(file, write_scenario("scripted", "[{at: 5us, move: SB0, to: SMP2}]", false));
    for (unsigned i = 0; i < n; i++)
        die_of_three(&steps[i], i, file);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("move_deaths", set_up, tear_down);
    CU_add_test(suite, "at every step", test_every_step);
    CU_add_test(suite, "one of three", test_one_of_three);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures() + (CU_get_number_of_asserts() == 0);
    CU_cleanup_registry();
    return failed != 0;
}
