// SPDX-License-Identifier: Apache-2.0
// A node that simulates everything: it is the conductor too.
#include "fabric/host/serve.h"
#include "fabric/link/host_time.h"
#include "node/host/crew_report.h"
#include "node/host/packed.h"
#include "node/host/reporter.h"
#include "node/host/texts.h"
#include "node/host/worker.h"

struct packed_worker {
    struct session *session;
    struct packed packed;
    struct reporter reporter;
    struct texts texts;
};

static enum err_code send_texts(struct packed_worker *worker, bool all, struct err *err)
{
    return texts_send(&worker->texts, worker->session->client, host_now_ns(), all, err);
}

static enum err_code collect(void *self, struct err *err)
{
    struct packed_worker *worker = self;
    packed_count_time(&worker->packed);
    reporter_end(&worker->reporter, &worker->packed.crew);
    texts_end(&worker->texts);
    if (reporter_send(&worker->reporter, worker->session->client, err) || send_texts(worker, true, err))
        return err->code;
    return crew_send_results(worker->session, &worker->packed.crew, &worker->packed.stats, err);
}

static enum err_code save(void *self, const char *folder, struct control_saved *saved, struct err *err)
{
    struct packed_worker *worker = self;
    if (send_texts(worker, true, err))
        return err->code;
    return crew_save(&worker->packed.crew, folder, saved, err);
}

static enum err_code report(void *self, struct err *err)
{
    struct packed_worker *worker = self;
    if (reporter_send(&worker->reporter, worker->session->client, err))
        return err->code;
    return send_texts(worker, false, err);
}

static enum err_code regroup(void *self, const struct control_regroup *regroup, struct err *err)
{
    struct packed_worker *worker = self;
    return packed_regroup(&worker->packed, regroup->group_of_board, regroup->at, err);
}

static enum err_code obey_orders(void *self, const struct control_orders *orders, struct err *err)
{
    struct packed_worker *worker = self;
    return crew_answer(worker->session, &worker->packed.crew, orders, &worker->texts, err);
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
                          .save = save,
                          .report = report,
                          .regroup = regroup,
                          .orders = obey_orders};
    reporter_init(&worker->reporter, &config->options.timeline, packed->groups.n,
                  config->resume_folder[0] != 0);
    packed->reporter = config->options.timeline.interval ? &worker->reporter : NULL;
    texts_init(&worker->texts, &packed->crew);
    packed->texts = &worker->texts;
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
    struct packed_options options = {.threads = config->threads,
                                     .group_of_board = config->group_of_board,
                                     .board = {.reference = config->options.reference,
                                               .watch = config->options.watch,
                                               .timeline = config->options.timeline,
                                               .trace = config->options.trace,
                                               .text_limit = config->options.text_limit},
                                     .conductor = serve_conductor_options(config)};
    if (session_check_groups(session, config->group_of_board, config->machine.n_boards, err) ||
        packed_open(&worker.packed, &config->machine, &options, err))
        return err->code;
    enum err_code code = serve_packed(&worker, err);
    packed_close(&worker.packed);
    reporter_free(&worker.reporter);
    texts_free(&worker.texts);
    return code;
}
