// SPDX-License-Identifier: Apache-2.0
#include "coordinator/control/last_state.h"

#include "coordinator/run/whole.h"
#include "proto/codec/api_last.h"

static enum err_code put_events(FILE *out, const struct event_ring *ring, struct err *err)
{
    static struct api_event events[API_EVENTS_MAX]; // much for a stack
    struct api_reply reply = {.events = events};
    for (uint64_t seq = event_ring_oldest(ring); seq <= ring->last; seq++) {
        events[reply.n_events++] = *event_ring_at(ring, seq);
        if (reply.n_events < API_EVENTS_MAX && seq < ring->last)
            continue;
        if (api_last_put(out, &reply, err))
            return err->code;
        reply.n_events = 0;
    }
    return ERR_OK;
}

static enum err_code put_all(FILE *out, const struct last_state *state, struct err *err)
{
    const struct api_reply snapshot = {.has_snapshot = true, .snapshot = *state->snapshot};
    const struct api_reply series = {.has_series = true, .series = *state->series};
    const struct api_reply sample = {.has_sample = true, .sample = *state->sample};
    api_last_begin(out);
    if (api_last_put(out, &snapshot, err) || api_last_put(out, &series, err) ||
        api_last_put(out, &sample, err))
        return err->code;
    return put_events(out, state->events, err);
}

enum err_code last_state_write(const char *folder, const struct last_state *state, struct err *err)
{
    struct whole_file file;
    if (whole_open(&file, folder, API_LAST_NAME, err))
        return err->code;
    enum err_code code = put_all(file.out, state, err);
    if (code)
        whole_drop(&file);
    else
        code = whole_finish(&file, err);
    return code ? code : whole_commit(&file, err);
}
