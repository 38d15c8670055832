// SPDX-License-Identifier: Apache-2.0
// Command lines of HP's nPartition commands.
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hmc/cli/par.h"
#include "hmc/cli/sms.h"

static const struct par_command {
    const char *name, *usage;
    const char *letters; // as getopt has them
    const char *absent;  // of these, letters of the real command that mean nothing here
    enum err_code (*run)(struct par_words *words, struct err *err);
} commands[] = {
    {"parcreate", "parcreate -c cell:[type]:[use_on_next_boot]:[failure_usage][:clm] [-c ...] [-B] [-P name]",
     "c:b:t:s:r:BI:L:P:u:g:h:", "btsrILugh", par_create},
    {"parmodify",
     "parmodify -p number {-a cell:[type]:[use_on_next_boot]:[failure_usage][:clm] | -m cell:... | -d cell | "
     "-B | -P "
     "name} ...",
     "p:a:m:d:b:t:s:r:BI:P:u:g:h:T:", "btsrIughT", par_modify},
    {"parremove", "parremove -p number [-F]", "p:Fu:g:h:", "ugh", par_remove},
    {"parstatus", "parstatus [-C] [-P] | -w | -V -c cell | -V -p number | -c cell | -p number",
     "CPwVc:p:XABIMSsi:b:u:g:h:", "XABIMSsibugh", par_status},
};

static enum err_code add_change(struct par_words *words, int how, const char *text, struct err *err)
{
    if (words->n_changes == CHANGES_MAX)
        return err_set(err, ERR_USAGE, "more than %u cells", CHANGES_MAX);
    words->changes[words->n_changes].how = (char)how;
    words->changes[words->n_changes++].text = text;
    return ERR_OK;
}

static enum err_code take_number(struct par_words *words, const char *text, struct err *err)
{
    char *end;
    unsigned long number = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || number >= PARTITIONS_MAX)
        return err_set(err, ERR_USAGE, "-p: '%.20s' is no partition's number; usage: %s", text, words->usage);
    words->number = (uint32_t)number;
    return ERR_OK;
}

static enum err_code take_option(struct par_words *words, const struct par_command *command, int letter,
                                 struct err *err)
{
    switch (letter) {
    case 'c':
        words->cell = optarg;
        return command->run == par_status ? ERR_OK : add_change(words, letter, optarg, err);
    case 'a':
    case 'm':
    case 'd':
        return add_change(words, letter, optarg, err);
    case 'p':
        return take_number(words, optarg, err);
    case 'P':
        words->partition_name = optarg;
        words->partitions = true;
        return ERR_OK;
    case 'B':
        words->boot = true;
        return ERR_OK;
    case 'F':
        words->force = true;
        return ERR_OK;
    case 'C':
        words->cells = true;
        return ERR_OK;
    case 'V':
        words->verbose = true;
        return ERR_OK;
    case 'w':
        words->local = true;
        return ERR_OK;
    default:
        return err_set(err, ERR_USAGE, "usage: %s", command->usage);
    }
}

static enum err_code read_words(struct par_words *words, const struct par_command *command, int argc,
                                char **argv, struct err *err)
{
    int letter;
    optind = 0; // as in sms.c
    opterr = 0;
    while ((letter = getopt(argc, argv, command->letters)) != -1) {
        if (strchr(command->absent, letter))
            return err_set(err, ERR_USAGE,
                           "-%c of the real %s has no meaning on a simulated machine; usage: %s", letter,
                           command->name, command->usage);
        if (take_option(words, command, letter, err))
            return err->code;
    }
    return optind == argc
               ? ERR_OK
               : err_set(err, ERR_USAGE, "'%.30s' is too much; usage: %s", argv[optind], command->usage);
}

int par_main(const char *name, int argc, char **argv)
{
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        struct par_words words = {.usage = commands[i].usage, .number = UINT32_MAX};
        struct err err = {0};
        if (strcmp(commands[i].name, name) != 0)
            continue;
        if (!read_words(&words, &commands[i], argc, argv, &err) && !cli_open(&words.cli, &err))
            commands[i].run(&words, &err);
        return cli_end(&words.cli, &err);
    }
    return -1;
}
