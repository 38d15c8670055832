// SPDX-License-Identifier: Apache-2.0
#include "fabric/host/session.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "fabric/time/groups.h"

enum { HELLO_WAIT_US = 30000000, ORPHAN_US = 20000000, CLOSE_WAIT_US = 2000000 };

static enum err_code read_number(const char *text, int base, uint64_t max, uint64_t *value,
                                 const char *option, struct err *err)
{
    char *end = NULL;
    errno = 0;
    unsigned long long number = text ? strtoull(text, &end, base) : 0;
    if (!text || errno || end == text || *end || number > max)
        return err_set(err, ERR_USAGE, "%s: '%s' is not a number that fits", option, text ? text : "");
    *value = number;
    return ERR_OK;
}

static enum err_code read_options(struct control_client_options *options, int argc, char **argv,
                                  struct err *err)
{
    uint64_t index = 0;
    for (int i = 1; i + 1 < argc; i += 2) {
        enum err_code code = ERR_OK;
        if (strcmp(argv[i], "--control") == 0)
            options->endpoint = argv[i + 1];
        else if (strcmp(argv[i], "--run-id") == 0)
            code = read_number(argv[i + 1], 16, UINT64_MAX, &options->run_id, argv[i], err);
        else if (strcmp(argv[i], "--index") == 0)
            code = read_number(argv[i + 1], 10, NODES_MAX - 1, &index, argv[i], err);
        else
            code = err_set(err, ERR_USAGE, "unknown option '%s'", argv[i]);
        if (code)
            return code;
    }
    options->index = (uint32_t)index;
    if (argc % 2 == 0 || !options->endpoint || !options->run_id)
        return err_set(
            err, ERR_USAGE,
            "worker needs --control ENDPOINT --run-id HEX [--index N]; `numaplex run` starts workers");
    return ERR_OK;
}

static enum err_code await_configure(struct session *session, struct err *err)
{
    struct control *configure = &session->configure;
    for (int waited = 0; waited < HELLO_WAIT_US; waited += 100000) {
        if (control_client_receive(session->client, 100000, configure, err))
            return err->code;
        if (configure->kind == CONTROL_CONFIGURE)
            return ERR_OK;
        bool leave = configure->kind == CONTROL_EXIT;
        control_free(configure);
        if (leave)
            return err_set(err, ERR_INTERRUPTED, "the coordinator ended the run before it began");
    }
    return err_set(err, ERR_TIMEOUT, "no coordinator speaks at this endpoint");
}

enum err_code session_open(struct session *session, enum control_role role, int argc, char **argv,
                           struct err *err)
{
    memset(session, 0, sizeof *session);
    struct control_client_options options = {.role = role};
    if (read_options(&options, argc, argv, err))
        return err->code;
    if (control_client_open(&session->client, &options, err))
        return err->code;
    if (await_configure(session, err) == ERR_OK)
        return ERR_OK;
    control_client_close(session->client, 0);
    session->client = NULL;
    return err->code;
}

enum err_code session_ready(struct session *session, struct err *err)
{
    struct control ready = {.kind = CONTROL_READY, .ready = {session_config(session)->index}};
    return control_client_send(session->client, &ready, err);
}

enum err_code session_receive(struct session *session, int64_t timeout_us, struct control *control,
                              struct err *err)
{
    if (control_client_receive(session->client, timeout_us, control, err))
        return err->code;
    if (control->kind == CONTROL_NONE && control_client_silence_us(session->client) > ORPHAN_US)
        return err_set(err, ERR_TIMEOUT, "the coordinator is silent");
    return ERR_OK;
}

int session_close(struct session *session, const struct err *err)
{
    if (!session->client)
        return err ? err_report(err) : 0;
    struct control last = {.kind = err ? CONTROL_FAILED : CONTROL_BYE};
    if (err) {
        last.failed.code = err->code;
        memcpy(last.failed.text, err->text, sizeof last.failed.text);
    }
    struct err ignored;
    control_client_send(session->client, &last, &ignored);
    control_client_close(session->client, CLOSE_WAIT_US);
    control_free(&session->configure);
    return err ? err_report(err) : 0;
}

enum err_code session_check_groups(const struct session *session, const uint32_t *group_of_board,
                                   uint32_t n_boards, struct err *err)
{
    const struct control_configure *config = session_config(session);
    if (n_boards != config->machine.n_boards)
        return err_set(err, ERR_DAMAGED_MESSAGE, "groups of %u boards, where the machine has %u", n_boards,
                       config->machine.n_boards);
    const char *reason = groups_invalid(&config->machine, group_of_board);
    for (uint32_t b = 0; b < n_boards && !reason; b++)
        if (group_of_board[b] != NO_GROUP && config->node_of_board[b] == NO_NODE)
            reason = "a board of a group is on no node";
    return reason ? err_set(err, ERR_DAMAGED_MESSAGE, "%s", reason) : ERR_OK;
}

void session_pin(const struct session *session)
{
    cpu_set_t allowed, one;
    if (!session_config(session)->options.pin_core || sched_getaffinity(0, sizeof allowed, &allowed))
        return;
    size_t core = 0;
    while (core + 1 < CPU_SETSIZE && !CPU_ISSET(core, &allowed))
        core++;
    CPU_ZERO(&one);
    CPU_SET(core, &one);
    sched_setaffinity(0, sizeof one, &one);
}
