// SPDX-License-Identifier: Apache-2.0
// numaplex protocol [NAME] [--onboard] [--murphi [--boards N]]
#include "node/coherence/protocol_main.h"

#include <argp.h>
#include <stdlib.h>

#include "node/coherence/murphi.h"
#include "node/coherence/print.h"

enum { OPTION_MURPHI = 1, OPTION_BOARDS, OPTION_ONBOARD };

static const struct argp_option options[] = {
    {"onboard", OPTION_ONBOARD, NULL, 0, "Print the table inside a board instead", 0},
    {"murphi", OPTION_MURPHI, NULL, 0, "Export the protocol as a Murphi model (for rumur)", 0},
    {"boards", OPTION_BOARDS, "N", 0, "Boards of the Murphi model, 2 (default) to 4", 0},
    {0}};

struct wish {
    const struct protocol *protocol; // NULL: the first that ships
    unsigned boards;
    bool murphi, onboard;
};

static void set_name(struct wish *wish, const char *name, struct argp_state *state)
{
    if (wish->protocol)
        argp_error(state, "more than one protocol is named");
    wish->protocol = protocol_by_name(name);
    if (wish->protocol)
        return;
    fprintf(state->err_stream, "numaplex protocol: no protocol is called '%s'; there are:", name);
    for (unsigned i = 0; protocol_at(i); i++)
        fprintf(state->err_stream, " %s", protocol_at(i)->name);
    fputc('\n', state->err_stream);
    exit(argp_err_exit_status);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
    struct wish *wish = state->input;
    switch (key) {
    case OPTION_MURPHI:
        wish->murphi = true;
        return 0;
    case OPTION_ONBOARD:
        wish->onboard = true;
        return 0;
    case OPTION_BOARDS:
        if (arg[0] < '2' || arg[0] > '0' + MURPHI_BOARDS_MAX || arg[1])
            argp_error(state, "--boards takes 2 to %d, not '%s'", MURPHI_BOARDS_MAX, arg);
        wish->boards = (unsigned)(arg[0] - '0');
        return 0;
    case ARGP_KEY_ARG:
        set_name(wish, arg, state);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

int protocol_main(int argc, char **argv)
{
    const struct argp argp = {.options = options,
                              .parser = parse,
                              .args_doc = "[NAME]",
                              .doc = "Prints a coherence protocol from the tables that run."};
    struct wish wish = {.boards = 2};
    if (argp_parse(&argp, argc, argv, 0, NULL, &wish))
        return 1;
    const struct protocol *protocol = wish.protocol ? wish.protocol : protocol_at(0);
    if (wish.murphi && protocol->four_hop) {
        fprintf(stderr,
                "numaplex protocol: no Murphi model of %s: the export has no busy home that waits for its "
                "requestor; tests/model explores it\n",
                protocol->name);
        return 1;
    }
    if (wish.murphi)
        murphi_print(protocol, wish.boards, stdout);
    else if (wish.onboard)
        onboard_print(&onboard_table, stdout);
    else
        protocol_print(protocol, stdout);
    return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
