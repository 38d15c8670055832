// SPDX-License-Identifier: Apache-2.0
// A node that simulates everything: it is the conductor too.
#include "fabric/host/serve.h"
#include "node/host/crew_report.h"
#include "node/host/packed.h"
#include "node/host/worker.h"

struct packed_worker {
    struct session *session;
    struct packed packed;
};

static enum err_code collect(void *self, struct err *err)
{
    struct packed_worker *worker = self;
    packed_count_time(&worker->packed);
    return crew_send_results(worker->session, &worker->packed.crew, &worker->packed.stats, err);
}

static enum err_code save(void *self, const char *folder, struct control_saved *saved, struct err *err)
{
    return crew_save(&((struct packed_worker *)self)->packed.crew, folder, saved, err);
}

static enum err_code serve_packed(struct packed_worker *worker, struct err *err)
{
    const struct control_configure *config = session_config(worker->session);
    struct packed *packed = &worker->packed;
    struct serve serve = {.session = worker->session,
                          .conductor = packed->conductor,
                          .groups = &packed->groups,
                          .self = worker,
                          .collect = collect,
                          .save = save};
    if (crew_resume(&packed->crew, config->resume_folder, err) ||
        serve_resume(packed->conductor, config, &packed->groups, err) || session_ready(worker->session, err))
        return err->code;
    return serve_run(&serve, err);
}

enum err_code worker_packed(struct session *session, struct err *err)
{
    const struct control_configure *config = session_config(session);
    static struct packed_worker worker;
    worker.session = session;
    struct packed_options options = {
        .threads = config->threads,
        .board = {.reference = config->options.reference, .watch = config->options.watch},
        .conductor = serve_conductor_options(config)};
    if (packed_open(&worker.packed, &config->machine, &options, err))
        return err->code;
    enum err_code code = serve_packed(&worker, err);
    packed_close(&worker.packed);
    return code;
}
