// SPDX-License-Identifier: Apache-2.0
// Commands of the real consoles under their own names, for those who know them: Sun's System Management
// Services (SMS 1.x, Sun Fire 15K) and HP's nPartition commands (HP-UX 11i). Options are theirs; one that has
// no meaning here is refused by name. Sources: the SMS reference manual's pages addboard(1M), deleteboard(1M),
// moveboard(1M), showboards(1M), showdevices(1M), showplatform(1M), showkeyswitch(1M), setkeyswitch(1M),
// setupplatform(1M); HP-UX Reference parcreate(1M), parmodify(1M), parremove(1M), parstatus(1).
#ifndef NP_HMC_CLI_SMS_H
#define NP_HMC_CLI_SMS_H

#include "hmc/cli/cli.h"

// The words of one command line, read as getopt(3) reads them: that is what the real commands use. `-R
// RUN_DIR`, which none of them has, or $NUMAPLEX_RUN, names the run.
struct words {
    struct cli cli;
    const char *name; // of the command
    const char *domain;
    const char *function; // -c
    uint32_t retries;     // -r
    uint32_t timeout_s;   // -t: seconds between two of them
    bool quiet, force, yes, no, verbose;
    const char *report; // -p
    bool add, remove;   // -a, -r of setupplatform
    int n;
    char **rest; // what is no option
};

// Which of the letters "dcrtqfynvpa" a command takes; the others are refused by name, and its usage shown.
struct sms_command {
    const char *name, *usage;
    const char *letters;
    const char *absent; // letters that the real command has and this one has not
    bool needs_domain;
    enum err_code (*run)(struct words *words, struct err *err);
};

// Runs the command of that name. Returns its exit status.
int sms_main(const struct sms_command *command, int argc, char **argv);

extern const struct sms_command sms_commands[]; // ends with a row without a name

// The partition that a person calls so: A to R by its place, its tag, or its name. ERR_UNKNOWN_NAME.
enum err_code sms_domain(const struct api_snapshot *snapshot, const char *name,
                         const struct api_partition **partition, struct err *err);
const char *sms_letter(const struct api_snapshot *snapshot, const char *partition); // "A"; "-": in none

// Asks "...? [y|n]"; -y and -n answer for the person, as -q alone answers no. Returns whether to go on.
bool sms_confirm(const struct words *words, const char *question);

enum err_code sms_board_command(struct words *words, struct err *err); // addboard, deleteboard, moveboard
enum err_code sms_keyswitch(struct words *words, struct err *err);     // setkeyswitch, showkeyswitch
enum err_code sms_showboards(struct words *words, struct err *err);
enum err_code sms_showdevices(struct words *words, struct err *err);
enum err_code sms_platform(struct words *words, struct err *err); // showplatform, setupplatform

#endif
