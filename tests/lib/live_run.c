// SPDX-License-Identifier: Apache-2.0
#include "tests/lib/live_run.h"

#include <stdio.h>
#include <string.h>

#include "proto/base/assert.h"

#define ARGUMENTS_MAX 16u
#define ANSWER_MS     30000 // far more than a loaded host needs
#define LOOKS         12000 // of 5 ms each

static void connect_console(struct live_run *live)
{
    struct err err;
    live->client = NULL;
    for (unsigned i = 0; i < LOOKS && process_alive(live->process.pid); i++) {
        if (client_open(&live->client, live->place, &err) == ERR_OK)
            return;
        test_sleep_ms(5);
    }
    process_wait(&live->process, 0);
    np_panic("no console of %s: %s\n%s", live->place, err.text, live->process.err);
}

void live_begin(struct live_run *live, const char *place, const char *const *arguments)
{
    const char *program = test_program("numaplex");
    const char *argv[ARGUMENTS_MAX + 8] = {program, "run"};
    unsigned n = 2;
    for (; *arguments; arguments++) {
        NP_ASSERT(n < ARGUMENTS_MAX + 2);
        argv[n++] = *arguments;
    }
    snprintf(live->place, sizeof live->place, "%s", place);
    argv[n++] = "--out";
    argv[n++] = live->place;
    argv[n++] = "--quiet";
    argv[n++] = "--paused";
    live->process = process_start_test(program, argv, NULL);
    connect_console(live);
}

enum err_code live_ask(struct live_run *live, struct api_request *request, struct api_reply *reply,
                       struct err *err)
{
    return client_ask(live->client, request, ANSWER_MS, reply, err);
}

enum err_code live_command(struct live_run *live, enum api_verb verb, const char *board,
                           const char *partition, struct err *err)
{
    struct api_request request = {.kind = API_COMMAND};
    struct api_reply reply;
    api_command_init(&request.command, verb);
    snprintf(request.command.board, sizeof request.command.board, "%s", board);
    snprintf(request.command.partition, sizeof request.command.partition, "%s", partition);
    live_ask(live, &request, &reply, err);
    api_reply_free(&reply);
    return err->code;
}

void live_pace(struct live_run *live, enum api_pace_kind kind, uint64_t step_ps)
{
    struct api_request request = {.kind = API_PACE, .pace = {.kind = kind, .step_ps = step_ps}};
    struct api_reply reply;
    struct err err;
    if (live_ask(live, &request, &reply, &err))
        np_panic("%s: pace: %s", live->place, err.text);
    api_reply_free(&reply);
}

// Simulated time at which the run is held; false: it is not held.
static bool is_held(struct live_run *live, uint64_t *time_ps)
{
    struct api_request request = {.kind = API_SHOW};
    struct api_reply reply;
    struct err err;
    if (live_ask(live, &request, &reply, &err))
        np_panic("%s: %s", live->place, err.text);
    bool held = strcmp(reply.snapshot.state, "paused") == 0;
    *time_ps = reply.snapshot.time_ps;
    api_reply_free(&reply);
    return held;
}

static uint64_t await_held(struct live_run *live)
{
    uint64_t at;
    for (unsigned i = 0; i < LOOKS; i++) {
        if (is_held(live, &at))
            return at;
        test_sleep_ms(1);
    }
    np_panic("%s: is not held", live->place);
}

void live_reach(struct live_run *live, uint64_t time_ps)
{
    uint64_t at = await_held(live);
    NP_ASSERT(at <= time_ps);
    if (at < time_ps) {
        live_pace(live, API_STEP, time_ps - at);
        at = await_held(live);
    }
    if (at != time_ps)
        np_panic("%s: is held at %llu ps, not %llu", live->place, (unsigned long long)at,
                 (unsigned long long)time_ps);
}

enum err_code live_hear_end(struct live_run *live, struct err *err)
{
    err_set(err, ERR_TIMEOUT, "nothing was heard");
    for (unsigned i = 0; i < ANSWER_MS / 20; i++) {
        struct api_reply reply;
        bool got;
        if (client_receive(live->client, 20, &reply, &got, err))
            return err->code;
        if (got)
            api_reply_free(&reply);
    }
    return err_set(err, ERR_TIMEOUT, "the end was not heard");
}

int live_end(struct live_run *live)
{
    client_close(live->client);
    live->client = NULL;
    process_wait(&live->process, 60);
    return live->process.status;
}
