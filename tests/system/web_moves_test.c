// SPDX-License-Identifier: Apache-2.0
// A board that moves at the word of the web console, of a run of real processes: damaged requests by HTTP,
// and the console killed in the middle. The machine does not notice, the console's state survives, and the
// journal is done again to the same end.
#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "proto/base/assert.h"
#include "proto/base/rng.h"
#include "tests/lib/console_process.h"
#include "tests/lib/https_client.h"
#include "tests/lib/live_run.h"

#define REQUESTS 150u
#define US(n)    (UINT64_C(1000000) * (n))

static char root[PATH_MAX_BYTES], runs[PATH_MAX_BYTES + 16], state[PATH_MAX_BYTES + 16],
    said[PATH_MAX_BYTES + 16], file[PATH_MAX_BYTES + 16], place[PATH_MAX_BYTES + 32];
static struct console_process console;
static struct https_client ann;
static struct live_run live;

static const char scenario[] =
    "scenario: web\nseed: 7\nuntil: 900us\nsystems:\n"
    "  - name: sun\n    preset: sun-fire-15k\n    boards: [SB0, SB1, SB2]\n"
    "    board: {cpus: 2, memory: 512KiB, l2: 64KiB, l1: 4KiB}\n"
    "    partitions:\n"
    "      - {name: SMP1, boards: [SB0, SB1], memory: contiguous, programs: [{generator: random, threads: 4, "
    "region: {size: 128KiB}, writes: 40%}]}\n"
    "      - {name: SMP2, boards: [SB2], memory: contiguous, programs: [{generator: random, threads: 2, "
    "region: {size: 64KiB}}]}\n";

static const char move[] = "{\"verb\": \"move\", \"board\": \"SB1\", \"partition\": \"SMP2\"}";

static void start_console(unsigned port)
{
    console_start(&console, runs, state, said, port);
    ann.port = console.port;
    strcpy(ann.fingerprint, console.fingerprint);
}

static void stop_console(int number)
{
    kill(console.process.pid, number);
    process_wait(&console.process, HANG_S);
    process_free(&console.process);
}

static int set_up(void)
{
    test_folder_make(root);
    snprintf(runs, sizeof runs, "%s/runs", root);
    snprintf(state, sizeof state, "%s/state", root);
    snprintf(said, sizeof said, "%s/said", root);
    snprintf(file, sizeof file, "%s/web.yaml", root);
    snprintf(place, sizeof place, "%s/one", runs);
    FILE *out = fopen(file, "w");
    NP_ASSERT(out);
    fputs(scenario, out);
    bool written = fclose(out) == 0 && mkdir(runs, 0700) == 0;
    NP_ASSERT(written);
    live_begin(&live, place, (const char *const[]){file, "--nodes=1", NULL});
    live_reach(&live, US(10));
    start_console(0);
    return https_login(&ann, "admin", console.password) != 200;
}

static int tear_down(void)
{
    stop_console(SIGTERM);
    https_client_free(&ann);
    test_folder_remove(root);
    return 0;
}

static void show(struct api_reply *reply)
{
    struct api_request request = {.kind = API_SHOW};
    struct err err;
    if (live_ask(&live, &request, reply, &err))
        np_panic("%s", err.text);
}

// A command with bytes of the request turned into others, cut off, or doubled.
static size_t damaged(struct rng *rng, char *text, size_t size)
{
    size_t n = (size_t)snprintf(text, size,
                                "POST /api/command HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nCookie: %s\r\n"
                                "X-CSRF-Token: %s\r\nContent-Type: application/json\r\n"
                                "Content-Length: %zu\r\nConnection: close\r\n\r\n%s",
                                ann.port, ann.cookies, ann.csrf, strlen(move), move);
    NP_ASSERT(n < size);
    for (uint64_t turns = 1 + rng_below(rng, 12); turns > 0; turns--)
        text[rng_below(rng, n)] = (char)rng_below(rng, 256);
    return rng_below(rng, 3) ? n : rng_below(rng, n);
}

static void test_damaged_requests(void)
{
    struct rng rng = rng_for(17, 0);
    static char text[4096];
    CU_ASSERT_EQUAL(https_ask(&ann, "POST", "/api/command", move), 200);
    for (unsigned i = 0; i < REQUESTS; i++) {
        if (i % 15 == 0)
            live_reach(&live, US(20 + i));
        CU_ASSERT_TRUE(https_throw(&ann, text, damaged(&rng, text, sizeof text)));
    }
    CU_ASSERT_EQUAL(https_ask(&ann, "POST", "/api/command", "{\"verb\": \"move\", \"board\": \"SB1\""), 400);
    CU_ASSERT_EQUAL(https_ask(&ann, "POST", "/api/command", move), 409);
    CU_ASSERT_STRING_EQUAL(https_text(&ann, "code"), "NP0803");
    CU_ASSERT_EQUAL(https_ask(&ann, "GET", "/api/snapshot", NULL), 200);
}

// Killed in the middle of the move, and back.
static void test_killed(void)
{
    struct api_reply reply;
    stop_console(SIGKILL);
    CU_ASSERT_EQUAL(https_ask(&ann, "GET", "/api/snapshot", NULL), 0);
    live_reach(&live, US(200));
    start_console(ann.port);
    CU_ASSERT_STRING_EQUAL(console.password, ""); // users are as they were, and so are sessions
    CU_ASSERT_EQUAL(https_ask(&ann, "GET", "/api/snapshot", NULL), 200);
    live_reach(&live, US(800));
    show(&reply);
    CU_ASSERT(reply.snapshot.n_operations > 0);
    CU_ASSERT_STRING_EQUAL(client_board(&reply.snapshot, "SB1")->partition, "SMP2");
    CU_ASSERT_STRING_EQUAL(reply.snapshot.operations[0].user, "admin");
    CU_ASSERT_EQUAL(reply.snapshot.operations[0].outcome.code, ERR_OK);
    api_reply_free(&reply);
}

static void test_replay(void)
{
    char to[sizeof place + 16];
    live_pace(&live, API_CONTINUE, 0);
    CU_ASSERT_EQUAL(live_end(&live), 0);
    process_free(&live.process);
    snprintf(to, sizeof to, "%s/again", root);
    struct test_process p =
        process_run(test_program("numaplex"), "replay", live.place, "--to", to, "--nodes=1");
    CU_ASSERT_EQUAL(p.status, 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(p.out, "The same digest as"));
    process_free(&p);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("web_moves", set_up, tear_down);
    CU_add_test(suite, "damaged requests while a board moves", test_damaged_requests);
    CU_add_test(suite, "the console is killed", test_killed);
    CU_add_test(suite, "a replay", test_replay);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures() + (CU_get_number_of_asserts() == 0);
    CU_cleanup_registry();
    return failed != 0;
}
