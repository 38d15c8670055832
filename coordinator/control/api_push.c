// SPDX-License-Identifier: Apache-2.0
// Watchers. Each has a place in the ring of events and is sent what lies behind it when it can take it: so
// nothing is queued here, and a console that does not read costs no memory.
#include <string.h>

#include "coordinator/control/api_state.h"
#include "proto/base/assert.h"

#define RETRY_US INT64_C(50000) // a console that did not read is tried again

static struct watcher *watcher_of(struct api_server *server, const struct console_id *console)
{
    for (uint32_t i = 0; i < server->n_watchers; i++)
        if (server->watchers[i].console.size == console->size &&
            memcmp(server->watchers[i].console.bytes, console->bytes, console->size) == 0)
            return &server->watchers[i];
    return NULL;
}

static void forget(struct api_server *server, struct watcher *watcher)
{
    *watcher = server->watchers[--server->n_watchers];
}

enum err_code api_watch_set(struct api_server *server, const struct console_id *console,
                            const struct api_watch *watch, struct err *err)
{
    struct watcher *watcher = watcher_of(server, console);
    if (watch->stop) {
        if (watcher)
            forget(server, watcher);
        return ERR_OK;
    }
    if (!watcher) {
        if (server->n_watchers == API_WATCHERS_MAX)
            return err_set(err, ERR_LIMIT, "%u consoles watch this run already; end one of them",
                           API_WATCHERS_MAX);
        watcher = &server->watchers[server->n_watchers++];
    }
    uint64_t next = server->ring.last + 1;
    *watcher =
        (struct watcher){.console = *console,
                         .next_seq = watch->from_seq && watch->from_seq < next ? watch->from_seq : next,
                         .samples_ms = watch->samples_ms,
                         .sample_us = server->now_us,
                         .answer_due = true};
    return ERR_OK;
}

// The events that a watcher has not been sent, as many as fit in one reply. Says where the ring begins when
// some of them are not kept any more.
static void fill_events(const struct api_server *server, const struct watcher *watcher,
                        struct api_reply *reply, struct api_event events[API_EVENTS_MAX])
{
    uint64_t oldest = event_ring_oldest(&server->ring), seq = watcher->next_seq;
    if (seq < oldest || watcher->answer_due)
        reply->oldest_seq = oldest;
    seq = seq < oldest ? oldest : seq;
    reply->events = events;
    for (; seq <= server->ring.last && reply->n_events < API_EVENTS_MAX; seq++)
        events[reply->n_events++] = *event_ring_at(&server->ring, seq);
}

static bool events_due(const struct api_server *server, const struct watcher *watcher)
{
    if (server->now_us < watcher->blocked_us)
        return false;
    return watcher->answer_due ||
           (watcher->next_seq <= server->ring.last && server->now_us >= server->push_us) ||
           server->now_us - watcher->sent_us >= API_BEAT_US;
}

// Sends events with the state after them. Returns false when the watcher has gone.
static bool push_events(struct api_server *server, struct watcher *watcher, const struct api_snapshot *now)
{
    static struct api_event events[API_EVENTS_MAX];
    struct api_reply reply = {.has_snapshot = true, .snapshot = *now};
    fill_events(server, watcher, &reply, events);
    enum delivery delivery = api_send(server, &watcher->console, &reply);
    if (delivery == DELIVERED) {
        watcher->next_seq = reply.n_events ? events[reply.n_events - 1].seq + 1 : watcher->next_seq;
        watcher->answer_due = false;
        watcher->sent_us = server->now_us;
    }
    if (delivery == FULL)
        watcher->blocked_us = server->now_us + RETRY_US;
    return delivery != GONE;
}

static bool push_sample(struct api_server *server, struct watcher *watcher)
{
    struct api_reply reply = {.has_sample = true, .sample = server->sample};
    enum delivery delivery = api_send(server, &watcher->console, &reply);
    watcher->sample_us = server->now_us + 1000 * (int64_t)watcher->samples_ms; // also when it was lost
    watcher->sent_us = delivery == DELIVERED ? server->now_us : watcher->sent_us;
    return delivery != GONE;
}

static bool sample_due(const struct api_server *server, const struct watcher *watcher)
{
    return watcher->samples_ms && server->now_us >= watcher->sample_us;
}

static bool serve_watcher(struct api_server *server, struct watcher *watcher, struct api_snapshot *now)
{
    if (events_due(server, watcher)) {
        if (!now->boards)
            api_snapshot_now(server, now);
        if (!push_events(server, watcher, now))
            return false;
    }
    return !server->has_sample || !sample_due(server, watcher) || push_sample(server, watcher);
}

static void want_sample(struct api_server *server)
{
    for (uint32_t i = 0; i < server->n_watchers && !server->sample_wanted; i++)
        server->sample_wanted = sample_due(server, &server->watchers[i]);
    if (server->sample_wanted)
        server->run.want_sample(server->run.self);
}

void api_push(struct api_server *server)
{
    struct api_snapshot now = {0};
    for (uint32_t i = 0; i < server->n_watchers;)
        if (serve_watcher(server, &server->watchers[i], &now))
            i++;
        else
            forget(server, &server->watchers[i]);
    if (server->has_sample) { // seen by all who were due
        api_sample_free(&server->sample);
        server->has_sample = false;
    }
    api_snapshot_free(&now);
    if (!server->sample_wanted)
        want_sample(server);
}

void api_push_rest(struct api_server *server)
{
    struct api_snapshot now;
    api_snapshot_now(server, &now);
    for (uint32_t i = 0; i < server->n_watchers; i++) {
        struct watcher *watcher = &server->watchers[i];
        watcher->blocked_us = 0;
        while (watcher->next_seq <= server->ring.last && push_events(server, watcher, &now) &&
               watcher->blocked_us == 0)
            ;
    }
    api_snapshot_free(&now);
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

// Host time at which a watcher is due events or a sign of life.
static int64_t events_at(const struct api_server *server, const struct watcher *watcher)
{
    int64_t at = watcher->sent_us + API_BEAT_US;
    if (watcher->next_seq <= server->ring.last)
        at = least(at, server->push_us);
    if (watcher->answer_due)
        at = 0;
    return at > watcher->blocked_us ? at : watcher->blocked_us;
}

int64_t api_push_wait_us(const struct api_server *server, int64_t now_us)
{
    int64_t at = INT64_MAX;
    for (uint32_t i = 0; i < server->n_watchers; i++) {
        const struct watcher *watcher = &server->watchers[i];
        at = least(at, events_at(server, watcher));
        if (watcher->samples_ms && !server->sample_wanted)
            at = least(at, watcher->sample_us);
    }
    return at == INT64_MAX ? at : at > now_us ? at - now_us : 0;
}
