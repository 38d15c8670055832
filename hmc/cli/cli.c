// SPDX-License-Identifier: Apache-2.0
#include "hmc/cli/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPTION_RUN = 'r', OPTION_JSON = 'j' + 256 };

static const struct argp_option options[] = {
    {"run", OPTION_RUN, "RUN_DIR", 0,
     "the run folder, or the endpoint that its control.json names; without it "
     "$NUMAPLEX_RUN, or the newest run that is running",
     100},
    {"json", OPTION_JSON, 0, 0, "print JSON, in the form that the web console has", 100},
    {0},
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct cli *cli = state->input;
    switch (key) {
    case OPTION_RUN:
        cli->run = arg;
        return 0;
    case OPTION_JSON:
        cli->json = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct argp cli_argp = {.options = options, .parser = parse_option};

void cli_parse(const struct argp *argp, int argc, char **argv, void *input)
{
    char name[64], *verb = argv[0];
    snprintf(name, sizeof name, "numaplex %s", verb);
    argv[0] = name;
    argp_parse(argp, argc, argv, 0, 0, input);
    argv[0] = verb;
}

enum err_code cli_open(struct cli *cli, struct err *err)
{
    if (!cli->run)
        cli->run = getenv("NUMAPLEX_RUN");
    if (client_open(&cli->client, cli->run, err))
        return err->code;
    const struct client_place *place = client_place(cli->client);
    if (!cli->run)
        fprintf(stderr, "run: %s in %s\n", place->scenario, place->folder);
    return ERR_OK;
}

enum err_code cli_show(struct cli *cli, const struct api_snapshot **snapshot, struct err *err)
{
    struct api_request request = {.kind = API_SHOW};
    struct api_reply reply;
    client_ask(cli->client, &request, 0, &reply, err);
    api_reply_free(&reply);
    *snapshot = client_snapshot(cli->client);
    if (!err->code && !*snapshot)
        err_set(err, ERR_DAMAGED_MESSAGE, "the run answered without a snapshot");
    return err->code;
}

#define LOOK_MS 1000

enum err_code cli_look(struct cli *cli, const struct api_snapshot **snapshot, struct err *err)
{
    struct api_reply reply;
    bool got = true, seen = false;
    if (client_watch(cli->client, 0, API_SAMPLE_MS_MIN, err))
        return err->code;
    while (!seen && got && !client_receive(cli->client, LOOK_MS, &reply, &got, err) && got) {
        seen = reply.has_sample || (reply.has_snapshot && strcmp(reply.snapshot.state, "ended") == 0);
        api_reply_free(&reply);
    }
    return err->code ? err->code : cli_show(cli, snapshot, err);
}

int cli_run(struct cli *cli, bool look,
            enum err_code (*show)(struct cli *cli, const struct api_snapshot *snapshot, void *context,
                                  struct err *err),
            void *context)
{
    const struct api_snapshot *snapshot = NULL;
    struct err err = {0};
    if (!cli_open(cli, &err) && !(look ? cli_look : cli_show)(cli, &snapshot, &err))
        show(cli, snapshot, context, &err);
    return cli_end(cli, &err);
}

void cli_print_json(json_t *json)
{
    json_dumpf(json, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(json);
}

int cli_end(struct cli *cli, const struct err *err)
{
    client_close(cli->client);
    cli->client = NULL;
    if (!err->code)
        return EXIT_CLASS_OK;
    if (cli->json)
        cli_print_json(api_error_json(err));
    fflush(stdout);
    return err_report(err);
}
