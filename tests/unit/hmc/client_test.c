// SPDX-License-Identifier: Apache-2.0
// The consoles' client: finding runs, asking, watching through lost connections, ends of runs.
#include <CUnit/Basic.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hmc/client/client.h"
#include "proto/base/assert.h"
#include "tests/lib/fake_run.h"
#include "tests/lib/process.h"

static char folder[PATH_MAX_BYTES];

static int set_up(void)
{
    test_folder_make(folder);
    return setenv("XDG_RUNTIME_DIR", folder, 1);
}

static int tear_down(void)
{
    test_folder_remove(folder);
    return 0;
}

static void write_file(const char *name, const char *text)
{
    char path[PATH_MAX_BYTES + 64];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    NP_ASSERT(file);
    fputs(text, file);
    fclose(file);
}

static void remove_file(const char *name)
{
    char path[PATH_MAX_BYTES + 64];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    unlink(path);
}

static void expect_none(const char *where, const char *says)
{
    struct client *client = NULL;
    struct err err;
    CU_ASSERT_EQUAL(client_open(&client, where, &err), ERR_NO_RUN);
    CU_ASSERT_PTR_NULL(client);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, says));
    if (!strstr(err.text, says))
        printf("%s\n", err.text);
}

// Every way in which no run answers says what to do.
static void test_no_run(void)
{
    char text[512];
    pid_t gone = INT_MAX - 1; // beyond all numbers of processes that Linux gives
    expect_none("/nowhere", "there is no such run folder");
    expect_none(folder, "start it with 'numaplex run FILE --control'");
    write_file("results.json", "{}");
    expect_none(folder, "this run has ended");
    remove_file("results.json");
    write_file("failed.txt", "");
    expect_none(folder, "failed.txt there says why");
    remove_file("failed.txt");
    write_file("control.json", "{\"endpoint\": 7}");
    expect_none(folder, "no note of a run's control socket");
    write_file("control.json", "{");
    expect_none(folder, "cannot be read");
    snprintf(text, sizeof text,
             "{\"endpoint\": \"ipc://x\", \"folder\": \"x\", \"scenario\": \"s\", \"pid\": %d}", (int)gone);
    write_file("control.json", text);
    expect_none(folder, "is gone without an end");
    remove_file("control.json");
    expect_none(NULL, "no running run is noted");
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    expect_none(text, "there is no such run folder");
}

// The newest run, by the note that it leaves in $XDG_RUNTIME_DIR.
static void test_newest(void)
{
    struct client_place place;
    struct err err;
    char note[PATH_MAX_BYTES + 32];
    snprintf(note, sizeof note, "%s/numaplex-run", folder);
    struct fake_run *run = fake_run_open(&(struct fake_run_options){.folder = folder});
    CU_ASSERT_EQUAL(access(note, F_OK), 0);
    CU_ASSERT_EQUAL(client_find(NULL, &place, &err), ERR_OK);
    CU_ASSERT_STRING_EQUAL(place.folder, folder);
    CU_ASSERT_STRING_EQUAL(place.scenario, "fake");
    CU_ASSERT_EQUAL(place.pid, getpid());
    fake_run_close(run);
    CU_ASSERT_NOT_EQUAL(access(note, F_OK), 0);
    expect_none(NULL, "no running run is noted");
}

// A run folder in `runs`: the note beside it.
static void test_latest(void)
{
    char runs[PATH_MAX_BYTES + 8], one[PATH_MAX_BYTES + 16], here[PATH_MAX_BYTES];
    struct client_place place;
    struct err err;
    snprintf(runs, sizeof runs, "%s/runs", folder);
    snprintf(one, sizeof one, "%s/one", runs);
    CU_ASSERT_FATAL(mkdir(runs, 0755) == 0 && mkdir(one, 0755) == 0 && getcwd(here, sizeof here));
    unsetenv("XDG_RUNTIME_DIR");
    struct fake_run *run = fake_run_open(&(struct fake_run_options){.folder = one});
    CU_ASSERT_EQUAL_FATAL(chdir(folder), 0);
    CU_ASSERT_EQUAL(client_find(NULL, &place, &err), ERR_OK);
    CU_ASSERT_STRING_EQUAL(place.folder, one);
    fake_run_close(run);
    CU_ASSERT_NOT_EQUAL(access("runs/latest", F_OK), 0);
    CU_ASSERT_EQUAL(chdir(here), 0);
    setenv("XDG_RUNTIME_DIR", folder, 1);
}

static void test_ask(void)
{
    struct fake_run *run = fake_run_open(&(struct fake_run_options){.folder = folder});
    struct client *client;
    struct api_reply reply;
    struct err err;
    CU_ASSERT_EQUAL_FATAL(client_open(&client, folder, &err), ERR_OK);
    CU_ASSERT_PTR_NULL(client_snapshot(client));
    struct api_request request = {.kind = API_SHOW};
    CU_ASSERT_EQUAL(client_ask(client, &request, 0, &reply, &err), ERR_OK);
    CU_ASSERT_EQUAL(client_state(client), CLIENT_UP);
    CU_ASSERT_EQUAL(client_snapshot(client)->n_boards, 8);
    CU_ASSERT_PTR_NULL(client_board(client_snapshot(client), "SB8"));
    CU_ASSERT_PTR_NOT_NULL(client_partition(client_snapshot(client), "SMP3"));
    CU_ASSERT_PTR_NULL(client_operation(client_snapshot(client), 1));
    api_reply_free(&reply);
    request = (struct api_request){.kind = API_TYPE, .type = {.partition = "SMP1", .text = "x"}};
    CU_ASSERT_EQUAL(client_ask(client, &request, 0, &reply, &err), ERR_STATE); // the run's error is ours
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "no guest runs there"));
    api_reply_free(&reply);
    strcpy(request.type.text, "\xc3\xa4"); // refused here: the run is not bothered
    CU_ASSERT_EQUAL(client_ask(client, &request, 0, &reply, &err), ERR_REQUEST);
    api_reply_free(&reply);
    client_close(client);
    fake_run_close(run);
}

// Replies to several requests at once, and what watchers are sent, find their places.
static void test_many_at_once(void)
{
    struct fake_run *run = fake_run_open(&(struct fake_run_options){.folder = folder});
    struct client *client;
    struct api_reply reply;
    struct err err;
    uint64_t ids[20], seen = 0;
    bool got, watched = false;
    CU_ASSERT_EQUAL_FATAL(client_open(&client, folder, &err), ERR_OK);
    client_watch(client, 0, API_SAMPLE_MS_MIN, &err);
    for (int i = 0; i < 20; i++) {
        struct api_request request = {.kind = API_SHOW};
        CU_ASSERT_EQUAL(client_send(client, &request, &err), ERR_OK);
        ids[i] = request.id;
    }
    struct api_request last = {.kind = API_SHOW};
    CU_ASSERT_EQUAL(client_ask(client, &last, 0, &reply, &err), ERR_OK);
    CU_ASSERT_EQUAL(reply.id, last.id);
    api_reply_free(&reply);
    while (client_receive(client, 300, &reply, &got, &err) == ERR_OK && got && !(watched && seen == 20)) {
        watched = watched || (reply.id == 0 && reply.has_sample);
        seen += seen < 20 && reply.id == ids[seen];
        api_reply_free(&reply);
    }
    if (got)
        api_reply_free(&reply);
    CU_ASSERT_EQUAL(seen, 20);
    CU_ASSERT_TRUE(watched);
    CU_ASSERT_PTR_NOT_NULL(client_sample(client));
    client_close(client);
    fake_run_close(run);
}

// The run ends while it is watched: who watches hears of it, and keeps how the machine stood.
static void test_end_of_run(void)
{
    struct fake_run_options options = {.folder = folder, .pages = 4096};
    struct fake_run *run = fake_run_open(&options);
    struct client *client;
    struct api_reply reply;
    struct err err;
    bool got;
    CU_ASSERT_EQUAL_FATAL(client_open(&client, folder, &err), ERR_OK);
    struct api_request move = {.kind = API_COMMAND};
    api_command_init(&move.command, API_MOVE);
    strcpy(move.command.board, "SB6");
    strcpy(move.command.partition, "SMP2");
    client_watch(client, 0, 0, &err);
    CU_ASSERT_EQUAL(client_ask(client, &move, 0, &reply, &err), ERR_OK);
    api_reply_free(&reply);
    while (client_last_seq(client) < 5 && client_receive(client, 2000, &reply, &got, &err) == ERR_OK && got)
        api_reply_free(&reply);
    CU_ASSERT_TRUE(client_last_seq(client) >= 5);
    fake_run_close(run); // it says goodbye: that is an end, not a loss
    enum err_code code = ERR_OK;
    for (int i = 0; i < 50 && !code; i++) {
        code = client_receive(client, 100, &reply, &got, &err);
        if (!code && got)
            api_reply_free(&reply);
    }
    CU_ASSERT_EQUAL(code, ERR_OVER);
    CU_ASSERT_EQUAL(client_state(client), CLIENT_ENDED);
    CU_ASSERT_STRING_EQUAL(client_snapshot(client)->state, "ended");
    CU_ASSERT_EQUAL(client_receive(client, 0, &reply, &got, &err), ERR_OVER); // and stays so
    client_close(client);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("client", set_up, tear_down);
    CU_add_test(suite, "no run", test_no_run);
    CU_add_test(suite, "the newest run", test_newest);
    CU_add_test(suite, "the latest of a folder of runs", test_latest);
    CU_add_test(suite, "ask", test_ask);
    CU_add_test(suite, "many at once", test_many_at_once);
    CU_add_test(suite, "the end of a run", test_end_of_run);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
