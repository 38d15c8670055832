// SPDX-License-Identifier: Apache-2.0
// Commands of the real consoles under their own names, for those who know them: Sun's System Management
// Services (SMS 1.x, Sun Fire 15K) and HP's nPartition commands (HP-UX 11i). Options are theirs; one that has
// no meaning here is refused by name. Sources: the SMS Reference Manual's pages addboard(1M),
// deleteboard(1M), moveboard(1M), showboards(1M), showdevices(1M), showplatform(1M), showkeyswitch(1M),
// setkeyswitch(1M), setupplatform(1M); the HP-UX Reference's parcreate(1M), parmodify(1M), parremove(1M),
// parstatus(1).
//
// Which run is meant, no real command says: $NUMAPLEX_RUN does, or it is the newest that is running.
#ifndef NP_HMC_CLI_SMS_H
#define NP_HMC_CLI_SMS_H

#include "hmc/cli/cli.h"

// A command line, read as getopt(3) reads it: that is what the real commands do.
struct words {
    struct cli cli;
    const struct sms_command *command;
    const char *domain;   // -d
    const char *function; // -c
    const char *report;   // -p
    uint32_t retries, timeout_s;
    bool quiet, force, yes, no, verbose, add, remove;
    char **rest; // what is no option; ends with NULL
};

struct sms_command {
    const char *name, *usage;
    const char *letters; // as getopt has them
    const char *absent;  // letters of the real command that mean nothing here
    bool domain;         // -d must be given
    int least, most;     // of what is no option; most -1: any number
    enum err_code (*run)(struct words *words, struct err *err);
};

// Runs a command of SMS. Returns its exit status.
int sms_main(const struct sms_command *command, int argc, char **argv);
const struct sms_command *sms_find(const char *name); // NULL: none of SMS

// Runs a command of HP's. -1: there is none of that name.
int par_main(const char *name, int argc, char **argv);

// The partition that a person calls so: A to R by its place, its tag, or its name. ERR_UNKNOWN_NAME.
enum err_code sms_domain(const struct api_snapshot *snapshot, const char *name,
                         const struct api_partition **partition, struct err *err);
// How showboards and others call it: its tag, else A to R, else its name; "-" where there is none.
const char *sms_domain_text(const struct api_snapshot *snapshot, const char *partition,
                            char text[NAME_MAX_BYTES]);

// Asks a question unless -y, -n or -q answers it. ERR_INTERRUPTED: the answer is no.
enum err_code sms_confirm(const struct words *words, const char *question, struct err *err);

enum err_code sms_addboard(struct words *words, struct err *err);
enum err_code sms_deleteboard(struct words *words, struct err *err);
enum err_code sms_moveboard(struct words *words, struct err *err);
enum err_code sms_setkeyswitch(struct words *words, struct err *err);
enum err_code sms_showkeyswitch(struct words *words, struct err *err);
enum err_code sms_showboards(struct words *words, struct err *err);
enum err_code sms_showdevices(struct words *words, struct err *err);
enum err_code sms_showplatform(struct words *words, struct err *err);
enum err_code sms_setupplatform(struct words *words, struct err *err);

#endif
