// SPDX-License-Identifier: Apache-2.0
#include "hmc/web/events.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hmc/web/web.h"
#include "proto/base/assert.h"

struct stream {
    struct hub *hub;
    struct stream *next, **link; // link: what points to this
    struct exchange *exchange;
    uint64_t last_seq;
    int64_t heard_ms; // when something was last sent
    bool owed;        // a snapshot was left out
};

struct kept {
    uint64_t seq;
    char *json;
};

struct hub {
    struct web *web;
    struct stream *first;
    unsigned n;
    struct kept kept[WEB_EVENTS_KEPT]; // ring, by seq; empty ones have no text
    uint64_t oldest, last;             // oldest: first kept; last: number of the last event, 0: none
    char *snapshot, *link;             // as last told
    char *last_sample;                 // NULL: samples come
};

struct hub *hub_new(struct web *web)
{
    struct hub *hub = calloc(1, sizeof *hub);
    NP_ASSERT(hub);
    hub->web = web;
    hub->oldest = 1;
    return hub;
}

static void leave(struct stream *stream)
{
    struct hub *hub = stream->hub;
    if ((*stream->link = stream->next))
        stream->next->link = stream->link;
    hub->n--;
    hub->web->n_streams--;
    free(stream);
}

static void on_gone(struct exchange *exchange, void *self)
{
    leave(self);
    exchange_free(exchange);
}

static void end_stream(struct stream *stream, bool at_once)
{
    struct exchange *exchange = stream->exchange;
    exchange->on_gone = NULL;
    leave(stream);
    exchange->transport->finish(exchange, at_once);
}

static size_t waiting(struct stream *stream)
{
    return stream->exchange->transport->send(stream->exchange, "", 0);
}

// Sends a message of the stream. False: the browser does not read, and the stream has been cut off.
static bool say(struct stream *stream, uint64_t seq, const char *name, const char *json)
{
    char id[32] = "", *text;
    if (seq)
        snprintf(id, sizeof id, "id: %llu\n", (unsigned long long)seq);
    int n = asprintf(&text, "%sevent: %s\ndata: %s\n\n", id, name, json);
    NP_ASSERT(n > 0);
    size_t queued = stream->exchange->transport->send(stream->exchange, text, (size_t)n);
    free(text);
    stream->heard_ms = clock_now(stream->hub->web->clock);
    if (queued <= WEB_STREAM_BYTES_MAX)
        return true;
    end_stream(stream, true);
    return false;
}

static void clear_kept(struct hub *hub, uint64_t seq)
{
    for (size_t i = 0; i < WEB_EVENTS_KEPT; i++) {
        free(hub->kept[i].json);
        hub->kept[i] = (struct kept){0};
    }
    hub->last = seq;
    hub->oldest = seq + 1;
}

void hub_free(struct hub *hub)
{
    for (struct stream *stream = hub->first, *next; stream; stream = next) {
        next = stream->next;
        end_stream(stream, true);
    }
    clear_kept(hub, 0);
    free(hub->snapshot);
    free(hub->link);
    free(hub->last_sample);
    free(hub);
}

static bool say_reset(struct stream *stream)
{
    char json[40];
    stream->last_seq = stream->hub->last;
    snprintf(json, sizeof json, "{\"last_seq\":%llu}", (unsigned long long)stream->last_seq);
    return say(stream, 0, "reset", json);
}

// What the browser has missed, or that it cannot have it any more.
static void catch_up(struct stream *stream, uint64_t from, uint64_t newest)
{
    struct hub *hub = stream->hub;
    if (hub->link && !say(stream, 0, "link", hub->link))
        return;
    if (from == UINT64_MAX)
        stream->last_seq = hub->last;
    else if ((from > hub->last && from > newest) || from + 1 < hub->oldest) {
        say_reset(stream);
        return;
    } else
        stream->last_seq = from;
    while (stream->last_seq < hub->last) {
        const struct kept *kept = &hub->kept[++stream->last_seq % WEB_EVENTS_KEPT];
        if (kept->json && kept->seq == stream->last_seq && !say(stream, kept->seq, "event", kept->json))
            return;
    }
    if (hub->last_sample)
        say(stream, 0, "sample", hub->last_sample);
}

static unsigned streams_of_session(const struct hub *hub, const uint8_t id[SESSION_BYTES])
{
    unsigned n = 0;
    for (const struct stream *stream = hub->first; stream; stream = stream->next)
        n += memcmp(stream->exchange->session.id, id, SESSION_BYTES) == 0;
    return n;
}

void hub_join(struct hub *hub, struct exchange *exchange, uint64_t from, uint64_t newest)
{
    if (hub->web->n_streams >= WEB_STREAMS_MAX ||
        streams_of_session(hub, exchange->session.id) >= WEB_STREAMS_SESSION_MAX) {
        exchange_status(exchange, 429, ERR_TOO_OFTEN, "too many pages are open; close one");
        return;
    }
    struct stream *stream = calloc(1, sizeof *stream);
    NP_ASSERT(stream);
    *stream = (struct stream){.hub = hub,
                              .next = hub->first,
                              .link = &hub->first,
                              .exchange = exchange,
                              .heard_ms = clock_now(hub->web->clock)};
    if (hub->first)
        hub->first->link = &stream->next;
    hub->first = stream;
    hub->n++;
    hub->web->n_streams++;
    exchange->on_gone = on_gone;
    exchange->self = stream;
    exchange->transport->stream(exchange);
    catch_up(stream, from, newest);
}

// Each stream, while `act` may end it.
static void each(struct hub *hub, void (*act)(struct stream *stream, void *self), void *self)
{
    for (struct stream *stream = hub->first, *next; stream; stream = next) {
        next = stream->next;
        act(stream, self);
    }
}

static void send_event(struct stream *stream, void *self)
{
    const struct kept *kept = self;
    if (stream->last_seq >= kept->seq)
        return;
    stream->last_seq = kept->seq;
    say(stream, kept->seq, "event", kept->json);
}

void hub_event(struct hub *hub, uint64_t seq, const char *json)
{
    struct kept *kept = &hub->kept[seq % WEB_EVENTS_KEPT];
    if (seq <= hub->last)
        return;
    if (hub->last && seq != hub->last + 1)
        hub_reset(hub, seq - 1);
    else if (!hub->last) // the first that we hear of may be a later one
        hub->oldest = seq;
    free(kept->json);
    *kept = (struct kept){seq, strdup(json)};
    NP_ASSERT(kept->json);
    hub->last = seq;
    if (hub->oldest + WEB_EVENTS_KEPT <= seq)
        hub->oldest = seq - WEB_EVENTS_KEPT + 1;
    each(hub, send_event, kept);
}

static void send_sample(struct stream *stream, void *self)
{
    if (waiting(stream) <= WEB_SAMPLE_QUEUE_MAX)
        say(stream, 0, "sample", self);
}

void hub_sample(struct hub *hub, const char *json)
{
    char *text = strdup(json);
    NP_ASSERT(text);
    each(hub, send_sample, text);
    free(text);
}

// One that is left out is made up for later: without it the page would show an old state.
static void send_snapshot(struct stream *stream, void *self)
{
    stream->owed = waiting(stream) > WEB_SAMPLE_QUEUE_MAX;
    if (!stream->owed)
        say(stream, 0, "snapshot", self);
}

static void keep_text(char **kept, const char *json)
{
    free(*kept);
    *kept = strdup(json);
    NP_ASSERT(*kept);
}

void hub_last_sample(struct hub *hub, const char *json)
{
    keep_text(&hub->last_sample, json);
}

void hub_snapshot(struct hub *hub, const char *json)
{
    keep_text(&hub->snapshot, json);
    each(hub, send_snapshot, hub->snapshot);
}

static void send_link(struct stream *stream, void *self)
{
    say(stream, 0, "link", self);
}

void hub_link(struct hub *hub, const char *json)
{
    keep_text(&hub->link, json);
    each(hub, send_link, hub->link);
}

static void send_reset(struct stream *stream, void *self)
{
    (void)self;
    say_reset(stream);
}

void hub_reset(struct hub *hub, uint64_t seq)
{
    clear_kept(hub, seq);
    free(hub->last_sample);
    hub->last_sample = NULL;
    each(hub, send_reset, NULL);
}

static void sweep_stream(struct stream *stream, void *self)
{
    struct web *web = stream->hub->web;
    int64_t now = *(int64_t *)self;
    if (!session_alive(&web->store, stream->exchange->session.id, now)) {
        if (say(stream, 0, "logout", "{}"))
            end_stream(stream, false);
        return;
    }
    if (stream->owed && stream->hub->snapshot)
        send_snapshot(stream, stream->hub->snapshot);
    else if (now - stream->heard_ms >= WEB_KEEPALIVE_MS)
        say(stream, 0, "alive", "{}"); // not a comment: a page cannot see those
}

void hub_sweep(struct hub *hub)
{
    int64_t now = clock_now(hub->web->clock);
    each(hub, sweep_stream, &now);
}

unsigned hub_streams(const struct hub *hub)
{
    return hub->n;
}
