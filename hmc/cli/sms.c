// SPDX-License-Identifier: Apache-2.0
#include "hmc/cli/sms.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RETRIES_MAX 1000u
#define TIMEOUT_MAX 3600u // seconds

static const struct sms_command commands[] = {
    {"addboard",
     "addboard -d domain_indicator [-c assign|connect|configure] [-r retry_count [-t timeout]] [-q] [-f] "
     "[-y|-n] "
     "location...",
     "d:c:r:t:qfynh", "", true, 1, -1, sms_addboard},
    {"deleteboard",
     "deleteboard [-c unconfigure|disconnect|unassign] [-r retry_count [-t timeout]] [-q] [-f] [-y|-n] "
     "location...",
     "c:r:t:qfynh", "", false, 1, -1, sms_deleteboard},
    {"moveboard",
     "moveboard -d domain_indicator [-c assign|connect|configure] [-r retry_count [-t timeout]] [-q] [-f] "
     "[-y|-n] "
     "location",
     "d:c:r:t:qfynh", "", true, 1, 1, sms_moveboard},
    {"setkeyswitch", "setkeyswitch -d domain_indicator [-q] [-y|-n] on|standby|off|diag|secure", "d:qynh", "",
     true, 1, 1, sms_setkeyswitch},
    {"showkeyswitch", "showkeyswitch -d domain_indicator [-v]", "d:vh", "", true, 0, 0, sms_showkeyswitch},
    {"showboards", "showboards [-d domain_indicator] [-v]", "d:vhc", "c", false, 0, 0, sms_showboards},
    {"showdevices", "showdevices [-v] [-p bydevice|byboard|query|force] location... | -d domain_indicator",
     "d:p:vh", "", false, 0, -1, sms_showdevices},
    {"showplatform", "showplatform [-d domain_indicator] [-p domains|available] [-v]", "d:p:vh", "", false, 0,
     0, sms_showplatform},
    {"setupplatform", "setupplatform -d domain_indicator [-a|-r] location...", "d:p:arh", "p", true, 1, -1,
     sms_setupplatform},
};

const struct sms_command *sms_find(const char *name)
{
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

static enum err_code take_number(const char *text, uint32_t most, uint32_t *to, struct err *err)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || value > most)
        return err_set(err, ERR_USAGE, "'%.30s' is no number up to %u", text, most);
    *to = (uint32_t)value;
    return ERR_OK;
}

static enum err_code take_option(struct words *words, int letter, struct err *err)
{
    switch (letter) {
    case 'd':
        words->domain = optarg;
        return ERR_OK;
    case 'c':
        words->function = optarg;
        return ERR_OK;
    case 'p':
        words->report = optarg;
        return ERR_OK;
    case 'r':
        words->remove = true; // setupplatform's, which has no argument
        return optarg ? take_number(optarg, RETRIES_MAX, &words->retries, err) : ERR_OK;
    case 't':
        return take_number(optarg, TIMEOUT_MAX, &words->timeout_s, err);
    case 'q':
        words->quiet = true;
        return ERR_OK;
    case 'f':
        words->force = true;
        return ERR_OK;
    case 'y':
        words->yes = true;
        return ERR_OK;
    case 'n':
        words->no = true;
        return ERR_OK;
    case 'v':
        words->verbose = true;
        return ERR_OK;
    case 'a':
        words->add = true;
        return ERR_OK;
    default:
        return err_set(err, ERR_USAGE, "usage: %s", words->command->usage);
    }
}

static enum err_code check(const struct words *words, int n, struct err *err)
{
    const struct sms_command *command = words->command;
    if (words->yes && words->no)
        return err_set(err, ERR_USAGE, "-y and -n exclude each other; usage: %s", command->usage);
    if (words->timeout_s && !words->retries)
        return err_set(err, ERR_USAGE, "-t is the pause between the retries of -r; usage: %s",
                       command->usage);
    if (command->domain && !words->domain)
        return err_set(err, ERR_USAGE, "-d is missing; usage: %s", command->usage);
    if (n < command->least || (command->most >= 0 && n > command->most))
        return err_set(err, ERR_USAGE, "too %s operands; usage: %s", n < command->least ? "few" : "many",
                       command->usage);
    return ERR_OK;
}

static enum err_code read_words(struct words *words, int argc, char **argv, struct err *err)
{
    int letter;
    optind = 0; // glibc: from the beginning, whatever was read before
    opterr = 0;
    while ((letter = getopt(argc, argv, words->command->letters)) != -1) {
        if (strchr(words->command->absent, letter))
            return err_set(err, ERR_USAGE,
                           "-%c of the real %s has no meaning on a simulated machine; usage: %s", letter,
                           words->command->name, words->command->usage);
        if (take_option(words, letter, err))
            return err->code;
    }
    words->rest = argv + optind;
    return check(words, argc - optind, err);
}

int sms_main(const struct sms_command *command, int argc, char **argv)
{
    struct words words = {.command = command};
    struct err err = {0};
    if (argc == 2 && strcmp(argv[1], "-h") == 0) {
        printf("usage: %s\n", command->usage);
        return EXIT_CLASS_OK;
    }
    if (!read_words(&words, argc, argv, &err) && !cli_open(&words.cli, &err))
        command->run(&words, &err);
    if (words.quiet && err.code == ERR_INTERRUPTED) { // nobody was asked
        client_close(words.cli.client);
        return err_exit_status(err.code);
    }
    return cli_end(&words.cli, &err);
}

static bool same_letter(char typed, uint32_t place)
{
    return place < 18 && (typed == (char)('A' + place) || typed == (char)('a' + place));
}

enum err_code sms_domain(const struct api_snapshot *snapshot, const char *name,
                         const struct api_partition **partition, struct err *err)
{
    for (uint32_t i = 0; i < snapshot->n_partitions; i++) {
        *partition = &snapshot->partitions[i];
        if (strcmp((*partition)->name, name) == 0 ||
            ((*partition)->tag[0] && strcmp((*partition)->tag, name) == 0))
            return ERR_OK;
    }
    for (uint32_t i = 0; i < snapshot->n_partitions; i++) {
        *partition = &snapshot->partitions[i];
        if (name[0] && !name[1] && same_letter(name[0], i))
            return ERR_OK;
    }
    return err_set(err, ERR_UNKNOWN_NAME,
                   "there is no domain '%.60s'; domains are A to %c, and go by tag or name as well", name,
                   snapshot->n_partitions ? 'A' + (int)snapshot->n_partitions - 1 : 'A');
}

const char *sms_domain_text(const struct api_snapshot *snapshot, const char *partition,
                            char text[NAME_MAX_BYTES])
{
    snprintf(text, NAME_MAX_BYTES, "%s", partition[0] ? partition : "-");
    for (uint32_t i = 0; i < snapshot->n_partitions && partition[0]; i++) {
        const struct api_partition *p = &snapshot->partitions[i];
        if (strcmp(p->name, partition) == 0 && p->tag[0])
            snprintf(text, NAME_MAX_BYTES, "%s", p->tag);
        else if (strcmp(p->name, partition) == 0 && i < 18)
            snprintf(text, NAME_MAX_BYTES, "%c", 'A' + (int)i);
    }
    return text;
}

// -q alone answers no; with -y or -n the question is not shown.
enum err_code sms_confirm(const struct words *words, const char *question, struct err *err)
{
    char answer[16] = "n";
    if (!words->quiet)
        printf("%s [y|n]: ", question);
    if (words->yes || words->no || words->quiet)
        answer[0] = words->yes ? 'y' : 'n';
    else if (fflush(stdout) == 0 && !fgets(answer, sizeof answer, stdin))
        answer[0] = 'n';
    if (!words->quiet && (words->yes || words->no))
        printf("%c\n", answer[0]);
    return answer[0] == 'y' || answer[0] == 'Y'
               ? ERR_OK
               : err_set(err, ERR_INTERRUPTED, "the answer was no: nothing was changed");
}
