// SPDX-License-Identifier: Apache-2.0
// The verb events.
#include "hmc/cli/events.h"

#include <stdio.h>
#include <stdlib.h>

#include "hmc/cli/cli.h"
#include "hmc/cli/show.h"

#define LOOK_MS 500

struct events_line {
    struct cli cli;
    uint64_t from;
    bool follow;
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct events_line *line = state->input;
    char *end;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &line->cli;
        return 0;
    case 'f':
        line->follow = true;
        return 0;
    case 's':
        line->from = strtoull(arg, &end, 10);
        if (*arg < '0' || *arg > '9' || *end || line->from == 0)
            argp_error(state, "--since: '%s' is no number of an event, which are 1, 2, 3 ...", arg);
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "'%s' is too much", arg);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void print(const struct events_line *line, const struct api_reply *reply)
{
    if (reply->oldest_seq > line->from)
        fprintf(stderr, "events before %llu are not kept any more\n", (unsigned long long)reply->oldest_seq);
    for (uint32_t i = 0; i < reply->n_events; i++) {
        if (line->cli.json) { // a line each: for programs that read while it goes on
            json_t *json = api_event_json(&reply->events[i]);
            json_dumpf(json, stdout, JSON_COMPACT);
            putchar('\n');
            json_decref(json);
        } else {
            show_event(&reply->events[i], stdout);
        }
    }
    fflush(stdout);
}

// Until the state that a reply holds has no later event; for ever with --follow.
static enum err_code show_all(struct events_line *line, struct err *err)
{
    bool all = false;
    if (cli_open(&line->cli, err) || client_watch(line->cli.client, line->from, 0, err))
        return err->code;
    while (!all || line->follow) {
        struct api_reply reply;
        bool got;
        if (client_receive(line->cli.client, LOOK_MS, &reply, &got, err))
            return err->code;
        if (!got)
            continue;
        print(line, &reply);
        if (reply.outcome.code)
            *err = reply.outcome;
        all = reply.has_snapshot && client_last_seq(line->cli.client) >= reply.snapshot.last_seq;
        api_reply_free(&reply);
        if (err->code)
            return err->code;
    }
    return ERR_OK;
}

int verb_events(int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"since", 's', "NUMBER", 0,
         "from this event on; the first is 1, which is also where it begins without", 0},
        {"follow", 'f', 0, 0, "go on until the run has ended", 0},
        {0}};
    const struct argp_child children[] = {{&cli_argp, 0, 0, 0}, {0}};
    const struct argp argp = {options,  parse_option,
                              "",       "Shows what has happened to boards and domains, in simulated order.",
                              children, 0,
                              0};
    struct events_line line = {.from = 1};
    struct err err = {0};
    cli_parse(&argp, argc, argv, &line);
    show_all(&line, &err);
    if (err.code == ERR_OVER && line.follow)
        err_clear(&err); // the end that one waits for
    return cli_end(&line.cli, &err);
}
