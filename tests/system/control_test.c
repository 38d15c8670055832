// SPDX-License-Identifier: Apache-2.0
// Consoles and a real run: boards move while programs run, commands are refused, watching changes no result,
// a killed console none either, and the run survives whatever is sent to its socket.
#include <CUnit/Basic.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

#include "hmc/client/client.h"
#include "proto/base/assert.h"
#include "tests/lib/process.h"

static char folder[PATH_MAX_BYTES], file[PATH_MAX_BYTES + 16];
static unsigned runs;

// Eight boards in three partitions, as the lecture has them; threads that can move.
static const char scenario[] = "scenario: live\n"
                               "until: 12ms\n"
                               "systems:\n"
                               "  - name: sun\n"
                               "    preset: sun-fire-15k\n"
                               "    board: {memory: 4MiB}\n"
                               "    boards: [SB0, SB1, SB2, SB3, SB4, SB5, SB6, SB7]\n"
                               "    partitions:\n"
                               "      - {name: SMP1, boards: [SB0, SB1, SB6], programs: [{threads: 12, "
                               "generator: random, region: {size: 1MiB}, "
                               "writes: 30%}]}\n"
                               "      - {name: SMP2, boards: [SB2, SB3], programs: [{threads: 12, generator: "
                               "random, region: {size: 1MiB}, "
                               "writes: 30%}]}\n"
                               "      - {name: SMP3, boards: [SB4, SB5, SB7], programs: [{threads: 12, "
                               "generator: random, region: {size: 1MiB}, "
                               "writes: 30%}]}\n";

static int set_up(void)
{
    test_folder_make(folder);
    snprintf(file, sizeof file, "%s/live.yaml", folder);
    FILE *out = fopen(file, "w");
    NP_ASSERT(out);
    fputs(scenario, out);
    fclose(out);
    return 0;
}

static int tear_down(void)
{
    test_folder_remove(folder);
    return 0;
}

struct live {
    char place[PATH_MAX_BYTES + 32];
    struct test_process process;
    struct client *client;
};

// A run that is paused at its begin and stays open at its end, and a console of it.
static struct live begin(const char *more)
{
    struct live live;
    struct err err;
    const char *program = test_program("numaplex");
    snprintf(live.place, sizeof live.place, "%s/run%u", folder, runs++);
    const char *const argv[] = {program,    "run",     file,       "--nodes", "1", "--out",
                                live.place, "--quiet", "--paused", more,      NULL};
    live.process = process_start_test(program, argv, NULL);
    for (int i = 0; i < 3000 && client_open(&live.client, live.place, &err); i++)
        test_sleep_ms(20);
    if (!live.client)
        np_panic("%s", err.text);
    return live;
}

static int end(struct live *live)
{
    client_close(live->client);
    process_wait(&live->process, HANG_S);
    int status = live->process.status;
    process_free(&live->process);
    return status;
}

static enum err_code ask(struct live *live, struct api_request *request, struct api_reply *reply)
{
    struct err err;
    client_ask(live->client, request, 60000, reply, &err);
    return err.code;
}

static enum err_code command(struct live *live, enum api_verb verb, const char *board, const char *partition)
{
    struct api_request request = {.kind = API_COMMAND};
    struct api_reply reply;
    api_command_init(&request.command, verb);
    strcpy(request.command.board, board);
    strcpy(request.command.partition, partition);
    enum err_code code = ask(live, &request, &reply);
    api_reply_free(&reply);
    return code;
}

static void pace(struct live *live, enum api_pace_kind kind)
{
    struct api_request request = {.kind = API_PACE, .pace = {.kind = kind}};
    struct api_reply reply;
    CU_ASSERT_EQUAL(ask(live, &request, &reply), ERR_OK);
    api_reply_free(&reply);
}

// Watches until `done` holds of what the run says, at most a while.
static bool watch_until(struct live *live, bool (*done)(const struct api_snapshot *snapshot))
{
    struct err err = {0};
    bool got;
    for (int i = 0; i < 3000; i++) {
        struct api_reply reply;
        const struct api_snapshot *now = client_snapshot(live->client);
        if (now && done(now))
            return true;
        if (client_receive(live->client, 20, &reply, &got, &err))
            break;
        if (got)
            api_reply_free(&reply);
    }
    printf("%s\n", err.text);
    return false;
}

static bool has_operation_ended(const struct api_snapshot *now)
{
    return now->n_operations > 0 && now->operations[now->n_operations - 1].ended_ps > 0;
}

static bool has_run_ended(const struct api_snapshot *now)
{
    return strcmp(now->state, "ended") == 0;
}

static uint32_t cpus_of(const struct api_snapshot *now, const char *partition)
{
    uint32_t cpus = 0;
    for (uint32_t i = 0; i < now->n_boards; i++)
        cpus += strcmp(now->boards[i].partition, partition) == 0 ? now->boards[i].cpus_online : 0;
    return cpus;
}

static void expect_cpus(struct live *live, uint32_t smp1, uint32_t smp2, uint32_t smp3)
{
    const struct api_snapshot *now = client_snapshot(live->client);
    CU_ASSERT_EQUAL(cpus_of(now, "SMP1"), smp1);
    CU_ASSERT_EQUAL(cpus_of(now, "SMP2"), smp2);
    CU_ASSERT_EQUAL(cpus_of(now, "SMP3"), smp3);
}

// What people did stands in the journal: done again, the run has the same digest.
static void expect_replayed(const char *place)
{
    char again[PATH_MAX_BYTES + 64], to[PATH_MAX_BYTES + 96];
    const char *program = test_program("numaplex");
    snprintf(again, sizeof again, "%s-again", place);
    snprintf(to, sizeof to, "--to=%s", again);
    const char *const argv[] = {program, "replay", place, to, "--nodes=1", "--quiet", NULL};
    struct test_process process = process_run_list(program, argv);
    CU_ASSERT_EQUAL(process.status, 0);
    if (process.status)
        printf("%s\n", process.err);
    process_free(&process);
    CU_ASSERT_FALSE(file_exists(again, "control.json"));
}

static void test_move(void)
{
    struct live live = begin("--hold");
    struct err err;
    CU_ASSERT_EQUAL(client_watch(live.client, 1, API_SAMPLE_MS_MIN, &err), ERR_OK);
    CU_ASSERT_EQUAL(command(&live, API_MOVE, "SB6", "SMP1"), ERR_STATE);
    CU_ASSERT_EQUAL(command(&live, API_MOVE, "SB9", "SMP2"), ERR_UNKNOWN_NAME);
    CU_ASSERT_EQUAL(command(&live, API_MOVE, "SB6", "SMP9"), ERR_UNKNOWN_NAME);
    CU_ASSERT_EQUAL(command(&live, API_MOVE, "SB6", "SMP2"), ERR_OK);
    CU_ASSERT_EQUAL(command(&live, API_DELETE, "SB6", ""), ERR_BUSY); // two on one board: the other is told
    pace(&live, API_CONTINUE);
    CU_ASSERT_TRUE(watch_until(&live, has_run_ended));
    const struct api_snapshot *now = client_snapshot(live.client);
    CU_ASSERT_STRING_EQUAL(client_board(now, "SB6")->partition, "SMP2");
    CU_ASSERT_TRUE(has_operation_ended(now));
    expect_cpus(&live, 8, 12, 12);
    CU_ASSERT_PTR_NOT_NULL(client_sample(live.client));
    CU_ASSERT_EQUAL(client_last_seq(live.client), now->last_seq);
    CU_ASSERT_FALSE(client_missed(live.client));
    CU_ASSERT_EQUAL(command(&live, API_MOVE, "SB6", "SMP1"), ERR_OVER);
    pace(&live, API_STOP);
    CU_ASSERT_EQUAL(end(&live), 0);
    expect_replayed(live.place);
}

// Who watches, steps and slows changes nothing; nor does a console that is killed.
static void test_watching_changes_nothing(void)
{
    struct live alone = begin("--until=2ms");
    pace(&alone, API_CONTINUE);
    CU_ASSERT_EQUAL(end(&alone), 0);
    struct live watched = begin("--until=2ms");
    const char *program = test_program("numaplex");
    const char *const top[] = {program, "top", "--run", watched.place, NULL};
    struct test_process console = process_start_test(program, top, NULL);
    struct api_request step = {.kind = API_PACE, .pace = {.kind = API_STEP, .step_ps = 123456789}};
    struct api_reply reply;
    struct err err;
    client_watch(watched.client, 0, API_SAMPLE_MS_MIN, &err);
    for (int i = 0; i < 5; i++) {
        CU_ASSERT_EQUAL(ask(&watched, &step, &reply), ERR_OK);
        api_reply_free(&reply);
        test_sleep_ms(100);
    }
    kill(console.pid, SIGKILL);
    process_wait(&console, HANG_S);
    process_free(&console);
    pace(&watched, API_CONTINUE);
    CU_ASSERT_EQUAL(end(&watched), 0);
    char *a = file_content(alone.place, "digest"), *b = file_content(watched.place, "digest");
    CU_ASSERT_FATAL(a && b);
    CU_ASSERT_STRING_EQUAL(a, b);
    free(a);
    free(b);
}

// What is sent to the socket by something that is no console.
static void test_nonsense(void)
{
    struct live live = begin("--until=1ms");
    void *context = zmq_ctx_new(), *socket = zmq_socket(context, ZMQ_DEALER);
    static const char junk[70000];
    int linger = 0;
    zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof linger);
    zmq_connect(socket, client_place(live.client)->endpoint);
    for (int i = 0; i < 200; i++) {
        zmq_send(socket, junk, 10 * (size_t)i, ZMQ_SNDMORE);
        zmq_send(socket, "x", 1, 0);
    }
    zmq_send(socket, junk, sizeof junk, 0); // more than a request may be: the connection goes
    pace(&live, API_CONTINUE);
    zmq_close(socket);
    zmq_ctx_term(context);
    CU_ASSERT_EQUAL(end(&live), 0);
}

// A viewer's command gets no further than the door.
static void test_viewer(void)
{
    struct live live = begin("--until=1ms");
    struct api_request request = {.kind = API_COMMAND, .user = "vera", .role = API_VIEWER};
    struct api_reply reply;
    api_command_init(&request.command, API_MOVE);
    strcpy(request.command.board, "SB6");
    strcpy(request.command.partition, "SMP2");
    CU_ASSERT_EQUAL(ask(&live, &request, &reply), ERR_FORBIDDEN);
    api_reply_free(&reply);
    request.kind = API_PLAN;
    CU_ASSERT_EQUAL(ask(&live, &request, &reply), ERR_FORBIDDEN); // what the command would be told
    CU_ASSERT_EQUAL(reply.plan.cpus_to_after, 12);
    api_reply_free(&reply);
    pace(&live, API_CONTINUE);
    CU_ASSERT_EQUAL(end(&live), 0);
    CU_ASSERT_FALSE(file_exists(live.place, "control.json"));
    CU_ASSERT_FALSE(file_exists(live.place, "control.sock"));
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("control", set_up, tear_down);
    CU_add_test(suite, "a board moves", test_move);
    CU_add_test(suite, "watching changes nothing", test_watching_changes_nothing);
    CU_add_test(suite, "nonsense", test_nonsense);
    CU_add_test(suite, "a viewer", test_viewer);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
