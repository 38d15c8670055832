// SPDX-License-Identifier: Apache-2.0
#include "tests/lib/control_worker.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/base/assert.h"
#include "tests/lib/random_control.h"

#define LIMIT_US INT64_C(20000000) // a wait that lasts longer has failed
#define MARK     "control-worker"

void control_worker_message(enum control_kind kind, uint32_t index, struct control *control)
{
    struct rng rng = rng_for(kind, index);
    if (kind != CONTROL_RESULTS) {
        random_control(&rng, kind, control);
        return;
    }
    memset(control, 0, sizeof *control);
    control->kind = kind;
    random_results(&rng, 64, true, &control->results);
}

struct control_client *control_worker_open(struct worker_id me, const char *endpoint)
{
    struct control_client *client = NULL;
    struct err err;
    const struct control_client_options options = {endpoint, CONTROL_WORKER_RUN, 0, me.role, me.index};
    if (control_client_open(&client, &options, &err))
        _exit(err_report(&err));
    return client;
}

// The next message must be what the coordinator says with this kind, else the process fails.
static void hear(struct control_client *client, struct worker_id me, enum control_kind kind)
{
    struct control expected, control;
    struct err err;
    control_worker_message(kind, me.index, &expected);
    if (control_client_receive(client, LIMIT_US, &control, &err) || !control_equal(&control, &expected))
        _exit(10 + (int)kind);
    control_free(&control);
    control_free(&expected);
}

static void say(struct control_client *client, struct worker_id me, enum control_kind kind)
{
    struct control control;
    struct err err;
    control_worker_message(kind, me.index, &control);
    if (control_client_send(client, &control, &err))
        _exit(err_report(&err));
    control_free(&control);
}

static void obey(struct control_client *client, struct worker_id me)
{
    hear(client, me, CONTROL_CONFIGURE);
    say(client, me, CONTROL_READY);
    hear(client, me, CONTROL_START);
    say(client, me, CONTROL_PAUSED);
    hear(client, me, CONTROL_SAVE);
    say(client, me, CONTROL_SAVED);
    hear(client, me, CONTROL_COLLECT);
    say(client, me, CONTROL_RESULTS);
    hear(client, me, CONTROL_EXIT);
    say(client, me, CONTROL_BYE);
}

static void chat(struct control_client *client, struct worker_id me)
{
    say(client, me, CONTROL_READY);
    say(client, me, CONTROL_PAUSED);
    say(client, me, CONTROL_SAVED);
    say(client, me, CONTROL_BYE);
}

// Leaves with an unheard BYE, and must not be kept by it.
static void lose_coordinator(struct control_client *client, struct worker_id me)
{
    hear(client, me, CONTROL_CONFIGURE);
    say(client, me, CONTROL_READY);
    while (control_client_silence_us(client) < 4 * CONTROL_BEAT_US)
        control_client_pending(client);
    say(client, me, CONTROL_BYE);
    _exit(control_client_close(client, 100000) ? 1 : 0);
}

static void play(enum control_part part, struct worker_id me, const char *endpoint)
{
    struct control_client *client = control_worker_open(me, endpoint);
    switch (part) {
    case PART_OBEDIENT:
        obey(client, me);
        break;
    case PART_CHATTY:
        chat(client, me);
        break;
    case PART_DYING:
        hear(client, me, CONTROL_CONFIGURE);
        raise(SIGKILL);
        break;
    case PART_ORPHAN:
        lose_coordinator(client, me);
        break;
    case PART_COUNT:
        break;
    }
    exit(control_client_close(client, LIMIT_US) ? 0 : 1);
}

void control_worker_main(int argc, char **argv)
{
    if (argc == 5 && strcmp(argv[0], MARK) == 0)
        play((enum control_part)strtoul(argv[1], NULL, 10),
             (struct worker_id){(enum control_role)strtoul(argv[2], NULL, 10),
                                (uint32_t)strtoul(argv[3], NULL, 10)},
             argv[4]);
}

// A mere fork would inherit locks that ZeroMQ's threads hold at that moment: hence a program of its own.
pid_t control_worker_start(enum control_part part, struct worker_id me, const char *endpoint)
{
    char mark[] = MARK, number[16], role[16], index[16], at[PATH_MAX_BYTES];
    snprintf(number, sizeof number, "%u", (unsigned)part);
    snprintf(role, sizeof role, "%u", (unsigned)me.role);
    snprintf(index, sizeof index, "%u", me.index);
    snprintf(at, sizeof at, "%s", endpoint);
    char *const arguments[] = {mark, number, role, index, at, NULL};
    pid_t pid = fork();
    NP_ASSERT(pid >= 0);
    if (pid == 0) {
        execv("/proc/self/exe", arguments);
        _exit(127);
    }
    return pid;
}
