// SPDX-License-Identifier: Apache-2.0
// A console and a run whose process is stopped, goes on, and is killed.
#include <CUnit/Basic.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "hmc/client/client.h"
#include "tests/lib/fake_run.h"
#include "tests/lib/process.h"

static char folder[PATH_MAX_BYTES];

// A run whose process is stopped, and killed: the client waits, says that it is lost, then that it is over.
static void test_stopped_and_killed(void)
{
    struct api_reply reply;
    struct client *client;
    struct err err;
    bool got;
    int ready[2];
    CU_ASSERT_EQUAL_FATAL(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        struct fake_run *run = fake_run_open(&(struct fake_run_options){.folder = folder});
        (void)!write(ready[1], "x", 1);
        pause();
        fake_run_close(run);
        _exit(0);
    }
    char x;
    CU_ASSERT_EQUAL_FATAL(read(ready[0], &x, 1), 1);
    CU_ASSERT_EQUAL_FATAL(client_open(&client, folder, &err), ERR_OK);
    client_watch(client, 0, 0, &err);
    CU_ASSERT_EQUAL(client_receive(client, 60000, &reply, &got, &err), ERR_OK);
    CU_ASSERT_TRUE_FATAL(got);
    api_reply_free(&reply);
    kill(child, SIGSTOP);
    while (!process_stopped(child))
        test_sleep_ms(1);
    struct api_request request = {.kind = API_SHOW};
    CU_ASSERT_EQUAL(client_ask(client, &request, 1000, &reply, &err), ERR_NO_RUN);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "is there and has not answered for 1 s"));
    api_reply_free(&reply);
    for (int i = 0; i < 600 && client_state(client) != CLIENT_LOST; i++) {
        CU_ASSERT_EQUAL(client_receive(client, 100, &reply, &got, &err), ERR_OK);
        if (got)
            api_reply_free(&reply);
    }
    CU_ASSERT_EQUAL(client_state(client), CLIENT_LOST);
    kill(child, SIGCONT);
    for (int i = 0; i < 600 && client_state(client) != CLIENT_UP; i++) {
        CU_ASSERT_EQUAL(client_receive(client, 100, &reply, &got, &err), ERR_OK);
        if (got)
            api_reply_free(&reply);
    }
    CU_ASSERT_EQUAL(client_state(client), CLIENT_UP);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    enum err_code code = ERR_OK;
    for (int i = 0; i < 600 && !code; i++) {
        code = client_receive(client, 100, &reply, &got, &err);
        if (!code && got)
            api_reply_free(&reply);
    }
    CU_ASSERT_EQUAL(code, ERR_OVER);
    CU_ASSERT_STRING_EQUAL(err.text, "the run's process is gone");
    client_close(client);
    CU_ASSERT_EQUAL(client_open(&client, folder, &err), ERR_NO_RUN);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "is gone without an end"));
    close(ready[0]);
    close(ready[1]);
}

int main(void)
{
    test_folder_make(folder);
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("client_lost", NULL, NULL);
    CU_add_test(suite, "stopped and killed", test_stopped_and_killed);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    test_folder_remove(folder);
    return failures ? EXIT_FAILURE : EXIT_SUCCESS;
}
