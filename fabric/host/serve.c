// SPDX-License-Identifier: Apache-2.0
#include "fabric/host/serve.h"
#include "fabric/link/host_time.h"

#include <stdlib.h>

#include "fabric/host/part.h"
#include "proto/base/assert.h"

#define PROGRESS_NS UINT64_C(100000000)

struct conductor_options serve_conductor_options(const struct control_configure *config)
{
    const struct run_options *o = &config->options;
    return (struct conductor_options){
        .horizon = {.no_bounds = !o->use_bounds, .stride = 100 * SIM_PS_PER_US, .chop = o->chop_seed},
        .epoch = config->epoch,
        // Far above what any access needs (some dozen events), far below what a person would wait for.
        .events_without_progress = 50000000,
    };
}

static void fill_progress(struct serve *serve)
{
    for (uint32_t g = 0; g < serve->groups->n; g++)
        conductor_progress(serve->conductor, g, &serve->progress[g]);
}

static void report_progress(struct serve *serve)
{
    uint64_t now = host_now_ns();
    if (now - serve->last_progress_ns < PROGRESS_NS)
        return;
    serve->last_progress_ns = now;
    fill_progress(serve);
    struct control progress = {.kind = CONTROL_PROGRESS, .progress = {serve->groups->n, serve->progress}};
    control_client_send(serve->session->client, &progress, &serve->poll_error);
}

// Between grants. True when the run should pause: asked to, told to leave, or the coordinator is gone.
static bool poll_control(void *self)
{
    struct serve *serve = self;
    report_progress(serve);
    if (serve->report && serve->report(serve->self, &serve->poll_error))
        return true;
    if (!control_client_pending(serve->session->client) &&
        control_client_silence_us(serve->session->client) < 20000000)
        return false;
    struct control control = {0};
    if (session_receive(serve->session, 0, &control, &serve->poll_error))
        return true;
    bool pause = control.kind == CONTROL_STOP || control.kind == CONTROL_EXIT;
    serve->exit |= control.kind == CONTROL_EXIT;
    control_free(&control);
    return pause;
}

static enum err_code start(struct serve *serve, const struct control_start *how, struct err *err)
{
    struct conductor_stop stop = {.time = how->stop_at_time,
                                  .grants = how->stop_at_grant,
                                  .poll = poll_control,
                                  .self = serve,
                                  .n_wanted = how->n_wanted,
                                  .wanted = how->wanted,
                                  .pace = how->pace,
                                  .skew = how->skew};
    enum pause_reason reason;
    if (serve->begin && serve->begin(serve->self, err))
        return err->code;
    serve->begin = NULL;
    if (conductor_run(serve->conductor, &stop, &reason, err))
        return err->code;
    if (serve->poll_error.code) {
        *err = serve->poll_error;
        return err->code;
    }
    fill_progress(serve);
    struct control paused = {.kind = CONTROL_PAUSED, .paused = {reason, serve->groups->n, serve->progress}};
    return control_client_send(serve->session->client, &paused, err);
}

static enum err_code save_groups(struct serve *serve, const char *folder, struct control_saved *saved,
                                 struct err *err)
{
    for (uint32_t g = 0; g < serve->groups->n; g++) {
        struct archive ar;
        ar_init_save(&ar);
        conductor_state(serve->conductor, g, &ar);
        enum err_code code = part_write(folder, SAVED_GROUP, g, &ar, &saved->parts[saved->n_parts++], err);
        ar_free(&ar);
        if (code)
            return code;
    }
    return ERR_OK;
}

static enum err_code save(struct serve *serve, const char *folder, struct err *err)
{
    struct control saved = {.kind = CONTROL_SAVED};
    saved.saved.parts = calloc(SAVED_PARTS_MAX, sizeof *saved.saved.parts);
    NP_ASSERT(saved.saved.parts);
    enum err_code code = save_groups(serve, folder, &saved.saved, err);
    if (code == ERR_OK && serve->save)
        code = serve->save(serve->self, folder, &saved.saved, err);
    if (code == ERR_OK)
        code = control_client_send(serve->session->client, &saved, err);
    control_free(&saved);
    return code;
}

enum err_code serve_resume(struct conductor *conductor, const struct control_configure *config,
                           const struct groups *groups, struct err *err)
{
    for (uint32_t g = 0; config->resume_folder[0] && g < groups->n; g++) {
        uint8_t *bytes;
        size_t size;
        if (part_read(config->resume_folder, SAVED_GROUP, g, &bytes, &size, err))
            return err->code;
        struct archive ar;
        ar_init_load(&ar, bytes, size);
        conductor_state(conductor, g, &ar);
        free(bytes);
        if (ar_failed(&ar)) {
            *err = ar.err;
            return err_wrap(err, "%s: group %u", config->resume_folder, g);
        }
    }
    return ERR_OK;
}

static enum err_code regroup(struct serve *serve, const struct control_regroup *regroup, struct err *err)
{
    if (session_check_groups(serve->session, regroup->group_of_board, regroup->n_boards, err) ||
        serve->regroup(serve->self, regroup, err))
        return err->code;
    return control_client_send(serve->session->client, &(struct control){.kind = CONTROL_REGROUPED}, err);
}

static enum err_code obey(struct serve *serve, const struct control *control, struct err *err)
{
    switch (control->kind) {
    case CONTROL_START:
        return start(serve, &control->start, err);
    case CONTROL_SAVE:
        return save(serve, control->save.folder, err);
    case CONTROL_COLLECT:
        return serve->collect(serve->self, err);
    case CONTROL_REGROUP:
        return regroup(serve, &control->regroup, err);
    case CONTROL_ORDERS:
        return serve->orders ? serve->orders(serve->self, &control->orders, err) : ERR_OK;
    case CONTROL_EXIT:
        serve->exit = true;
        return ERR_OK;
    default:
        return ERR_OK; // STOP at a pause: there already
    }
}

enum err_code serve_run(struct serve *serve, struct err *err)
{
    serve->progress = calloc(GROUPS_MAX, sizeof *serve->progress);
    NP_ASSERT(serve->progress);
    err_clear(&serve->poll_error);
    enum err_code code = ERR_OK;
    while (code == ERR_OK && !serve->exit) {
        struct control control = {0};
        code = session_receive(serve->session, 500000, &control, err);
        if (code == ERR_OK)
            code = obey(serve, &control, err);
        control_free(&control);
    }
    free(serve->progress);
    return code;
}
