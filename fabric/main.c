// SPDX-License-Identifier: Apache-2.0
// numaplex-fabric: the crossbar and the clock as a process of their own, for runs of several nodes.
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "fabric/host/serve.h"
#include "fabric/link/exchange_wire.h"
#include "fabric/link/link_lossy.h"
#include "fabric/link/link_open.h"

enum { AWAIT_US = 30000000 };

struct fabric {
    struct session session;
    uint32_t worker_of_board[BOARDS_MAX];
    struct groups groups;
    struct exchange *exchange;
    struct conductor *conductor;
    struct host_stats stats;
};

static enum err_code open_link(struct fabric *fabric, struct link **link, struct err *err)
{
    const struct control_configure *config = session_config(&fabric->session);
    struct link_config open = {.endpoint = config->data_endpoint,
                               .run = config->run_id,
                               .epoch = config->epoch,
                               .insecure = config->options.insecure};
    if (link_open_bind(link, &open, config->nodes, err))
        return err->code;
    if (config->options.host_fault_rate > 0)
        *link = link_lossy_open(*link, config->options.host_fault_seed, config->options.host_fault_rate);
    return ERR_OK;
}

static enum err_code open_exchange(struct fabric *fabric, struct err *err)
{
    const struct control_configure *config = session_config(&fabric->session);
    struct link *link;
    if (open_link(fabric, &link, err))
        return err->code;
    struct exchange_wire_config wire = {.run = config->run_id,
                                        .epoch = config->epoch,
                                        .groups = &fabric->groups,
                                        .nodes = config->nodes,
                                        .silence_us = config->options.silence_ms * UINT64_C(1000),
                                        .stats = &fabric->stats};
    return exchange_wire_open(&fabric->exchange, link, &wire, err);
}

static enum err_code await_nodes(void *self, struct err *err)
{
    return exchange_wire_await(((struct fabric *)self)->exchange, AWAIT_US, err);
}

static enum err_code send_results(void *self, struct err *err)
{
    struct fabric *fabric = self;
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    fabric->stats.max_rss_bytes = (uint64_t)usage.ru_maxrss * 1024;
    struct control results = {.kind = CONTROL_RESULTS, .results = {.host = fabric->stats}};
    return control_client_send(fabric->session.client, &results, err);
}

static enum err_code regroup(void *self, const struct control_regroup *regroup, struct err *err)
{
    struct fabric *fabric = self;
    groups_change(&fabric->groups, &session_config(&fabric->session)->machine, regroup->group_of_board,
                  fabric->worker_of_board);
    return conductor_regroup(fabric->conductor, regroup->at, err);
}

static enum err_code run(struct fabric *fabric, struct err *err)
{
    const struct control_configure *config = session_config(&fabric->session);
    struct conductor_options options = serve_conductor_options(config);
    for (uint32_t b = 0; b < config->machine.n_boards; b++)
        fabric->worker_of_board[b] = config->node_of_board[b];
    session_pin(&fabric->session);
    if (session_check_groups(&fabric->session, config->group_of_board, config->machine.n_boards, err))
        return err->code;
    groups_init(&fabric->groups, &config->machine, config->group_of_board, fabric->worker_of_board);
    if (open_exchange(fabric, err))
        return err->code;
    fabric->conductor = conductor_new(&config->machine, &fabric->groups, fabric->exchange, &options);
    struct serve serve = {.session = &fabric->session,
                          .conductor = fabric->conductor,
                          .groups = &fabric->groups,
                          .self = fabric,
                          .begin = await_nodes,
                          .collect = send_results,
                          .regroup = regroup};
    if (serve_resume(fabric->conductor, config, &fabric->groups, err) || session_ready(&fabric->session, err))
        return err->code;
    return serve_run(&serve, err);
}

static void close_fabric(struct fabric *fabric)
{
    conductor_free(fabric->conductor);
    if (fabric->exchange)
        fabric->exchange->ops->close(fabric->exchange);
    groups_free(&fabric->groups);
}

int main(int argc, char **argv)
{
    static struct fabric fabric;
    struct err err;
    err_clear(&err);
    if (argc < 2 || strcmp(argv[1], "worker") != 0) {
        fprintf(
            stderr,
            "numaplex-fabric: started by `numaplex run`; usage: numaplex-fabric worker --control ENDPOINT "
            "--run-id HEX\n");
        return EXIT_CLASS_USAGE;
    }
    if (session_open(&fabric.session, ROLE_FABRIC, argc - 1, argv + 1, &err))
        return err_report(&err);
    enum err_code code = run(&fabric, &err);
    close_fabric(&fabric);
    return session_close(&fabric.session, code ? &err : NULL);
}
