// SPDX-License-Identifier: Apache-2.0
// What verbs that concern a running machine share: the options --run and --json, the connection, errors.
#ifndef NP_HMC_CLI_CLI_H
#define NP_HMC_CLI_CLI_H

#include <argp.h>
#include <jansson.h>

#include "hmc/client/client.h"
#include "hmc/client/json.h"

struct cli {
    const char *run; // folder or endpoint as given; NULL: the newest that is running
    bool json;
    struct client *client; // NULL until cli_open()
};

// Options of every such verb, as the child of its own; the input is a struct cli.
extern const struct argp cli_argp;

// argp_parse() for own verbs: help calls them "numaplex VERB".
void cli_parse(const struct argp *argp, int argc, char **argv, void *input);

// Connects, and says on standard error which run it is where none was named. Errors as client_open().
enum err_code cli_open(struct cli *cli, struct err *err);

// Asks for the state of the machine; it stays valid until the next request.
enum err_code cli_show(struct cli *cli, const struct api_snapshot **snapshot, struct err *err);

// The same after the run has looked at its boards: threads, pages in use. Waits for that a moment at most;
// a run that is busy or over shows what was last seen.
enum err_code cli_look(struct cli *cli, const struct api_snapshot **snapshot, struct err *err);

// The whole of a verb that only shows: connects, asks, hands the snapshot to `show`, closes. `look`: as
// cli_look().
int cli_run(struct cli *cli, bool look,
            enum err_code (*show)(struct cli *cli, const struct api_snapshot *snapshot, void *context,
                                  struct err *err),
            void *context);

// Closes; prints an error, on standard output too where --json is given. Returns the exit status.
int cli_end(struct cli *cli, const struct err *err);

void cli_print_json(json_t *json); // and gives it back

#endif
