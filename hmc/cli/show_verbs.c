// SPDX-License-Identifier: Apache-2.0
// The verbs that show the machine: platform, boards, domains, status.
#include <string.h>

#include "hmc/cli/cli.h"
#include "hmc/cli/show.h"
#include "hmc/cli/show_verbs.h"
#include "hmc/cli/table.h"

struct show_line {
    struct cli cli;
    char **names; // what is not an option; ends with NULL
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct show_line *line = state->input;
    (void)arg;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &line->cli;
        return 0;
    case ARGP_KEY_ARGS:
        line->names = state->argv + state->next;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void parse(struct show_line *line, const char *arguments, const char *text, int argc, char **argv)
{
    const struct argp_child children[] = {{&cli_argp, 0, 0, 0}, {0}};
    const struct argp argp = {NULL, parse_option, arguments, text, children, 0, 0};
    cli_parse(&argp, argc, argv, line);
}

static enum err_code platform(struct cli *cli, const struct api_snapshot *s, void *context, struct err *err)
{
    (void)context;
    if (cli->json) {
        cli_print_json(api_snapshot_json(s));
        return ERR_OK;
    }
    show_head(s, stdout);
    for (uint32_t i = 0; i < s->n_systems; i++) {
        const struct api_system *system = &s->systems[i];
        uint32_t boards = 0, cpus = 0;
        uint64_t bytes = 0;
        char memory[UNIT_TEXT];
        for (uint32_t b = 0; b < s->n_boards; b++) {
            if (strcmp(s->boards[b].system, system->name) != 0)
                continue;
            boards++;
            cpus += s->boards[b].cpus;
            bytes += s->boards[b].memory_bytes;
        }
        printf("system %s: family %s, protocol %s, %u boards, %u CPUs, %s\n", system->name, system->family,
               system->protocol, boards, cpus, bytes_text(bytes, memory));
    }
    putchar('\n');
    return show_partitions(s, NULL, stdout, err);
}

int verb_platform(int argc, char **argv)
{
    struct show_line line = {0};
    parse(&line, "", "Shows the systems and domains of a running machine.", argc, argv);
    return cli_run(&line.cli, false, platform, NULL);
}

static enum err_code boards(struct cli *cli, const struct api_snapshot *s, void *context, struct err *err)
{
    char *const *names = context;
    if (!cli->json)
        return show_boards(s, names, stdout, err);
    if (check_boards(s, names, err))
        return err->code;
    json_t *all = json_array();
    for (uint32_t i = 0; i < s->n_boards; i++)
        if (is_among(names, s->boards[i].name))
            json_array_append_new(all, api_board_json(s, i));
    cli_print_json(all);
    return ERR_OK;
}

int verb_boards(int argc, char **argv)
{
    struct show_line line = {0};
    parse(&line, "[BOARD...]", "Shows the boards of a running machine: whose they are, and how they are.",
          argc, argv);
    return cli_run(&line.cli, true, boards, line.names);
}

static enum err_code domains(struct cli *cli, const struct api_snapshot *s, void *context, struct err *err)
{
    char *const *names = context;
    if (!cli->json)
        return show_partitions(s, names, stdout, err);
    if (check_partitions(s, names, err))
        return err->code;
    json_t *all = json_array();
    for (uint32_t i = 0; i < s->n_partitions; i++)
        if (is_among(names, s->partitions[i].name))
            json_array_append_new(all, api_partition_json(s, i));
    cli_print_json(all);
    return ERR_OK;
}

int verb_domains(int argc, char **argv)
{
    struct show_line line = {0};
    parse(&line, "[DOMAIN...]", "Shows the domains (hard partitions) of a running machine.", argc, argv);
    return cli_run(&line.cli, true, domains, line.names);
}

static enum err_code status(struct cli *cli, const struct api_snapshot *s, void *context, struct err *err)
{
    (void)context;
    (void)err;
    if (cli->json) {
        json_t *all = json_array();
        for (uint32_t i = 0; i < s->n_operations; i++)
            json_array_append_new(all, api_operation_json(&s->operations[i]));
        cli_print_json(json_pack("{s:s, s:s, s:I, s:o}", "scenario", s->scenario, "state", s->state,
                                 "time_ps", (json_int_t)s->time_ps, "operations", all));
        return ERR_OK;
    }
    show_head(s, stdout);
    if (s->n_operations == 0)
        puts("No command has changed the machine yet.");
    else
        show_operations(s, stdout);
    return ERR_OK;
}

int verb_status(int argc, char **argv)
{
    struct show_line line = {0};
    parse(&line, "", "Shows whether a machine runs, and the commands under way and ended.", argc, argv);
    return cli_run(&line.cli, false, status, NULL);
}
