// SPDX-License-Identifier: Apache-2.0
#include "hmc/web/run_link.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hmc/client/json.h"
#include "hmc/web/events.h"
#include "hmc/web/run_ended.h"
#include "hmc/web/web.h"
#include "proto/base/assert.h"

// A request that the run has not answered yet.
struct pending {
    struct pending *next;
    uint64_t id;
    int64_t until_ms;
    struct exchange *exchange;
    run_done *done;
};

#define SNAPSHOT_FRESH_MS 1000 // the cached one may be told for so long: times and use of memory go on

const char *run_name(const struct run *run)
{
    return run->name;
}

const char *run_link(const struct run *run)
{
    return run->link;
}

uint64_t run_newest(const struct run *run)
{
    const struct api_snapshot *snapshot = run->client     ? client_snapshot(run->client)
                                          : run->has_last ? &run->last.snapshot
                                                          : NULL;
    return snapshot ? snapshot->last_seq : UINT64_MAX;
}

struct hub *run_hub(struct run *run)
{
    return run->hub;
}

const struct api_snapshot *run_snapshot(const struct run *run)
{
    bool fresh = clock_now(run->web->clock) - run->snapshot_ms < SNAPSHOT_FRESH_MS;
    bool last = strcmp(run->link, "ended") == 0; // there will be no newer one
    if (run->has_last)
        return &run->last.snapshot;
    return run->client && (fresh || last) ? client_snapshot(run->client) : NULL;
}

// ---- requests

static void answer_pending(struct run *run, struct pending **link, const struct api_reply *reply)
{
    struct pending *pending = *link;
    *link = pending->next;
    run->n_pending--;
    pending->done(pending->exchange, run, reply);
    free(pending);
}

static void refuse_pending(struct run *run, struct pending **link, enum err_code code, const char *text)
{
    struct api_reply reply = {0};
    err_set(&reply.outcome, code, "%s", text);
    answer_pending(run, link, &reply);
}

static void refuse_all(struct run *run, enum err_code code, const char *text)
{
    while (run->pending)
        refuse_pending(run, &run->pending, code, text);
}

static enum err_code send_request(struct run *run, struct api_request *request, struct err *err)
{
    if (run->n_pending >= WEB_PENDING_MAX)
        return err_set(err, ERR_TOO_OFTEN, "%u requests wait for the run, which is the most",
                       WEB_PENDING_MAX);
    if (!run->client || strcmp(run->link, "ended") == 0)
        return err_set(err, ERR_OVER, "the run has ended");
    return client_send(run->client, request, err);
}

void run_ask(struct run *run, struct exchange *exchange, struct api_request *request, run_done *done)
{
    const struct user *user = &exchange->session.user;
    struct api_reply refusal = {0};
    struct pending *pending = calloc(1, sizeof *pending);
    NP_ASSERT(pending && user->name[0]); // without a name it would be the owner of the socket
    strcpy(request->user, user->name);
    request->role = user->role;
    request->n_domains = user->n_domains;
    request->domains = user->domains;
    if (send_request(run, request, &refusal.outcome)) {
        free(pending);
        done(exchange, run, &refusal);
        return;
    }
    *pending = (struct pending){.next = run->pending,
                                .id = request->id,
                                .until_ms = clock_now(run->web->clock) + WEB_ANSWER_MS,
                                .exchange = exchange,
                                .done = done};
    run->pending = pending;
    run->n_pending++;
    event_active(run->readable, EV_READ, 0); // sending may have used up the socket's edge
}

// ---- what the run says

static void tell_link(struct run *run, const char *link)
{
    char json[64];
    if (run->link && strcmp(link, run->link) == 0)
        return;
    run->link = link;
    snprintf(json, sizeof json, "{\"link\":\"%s\"}", link);
    hub_link(run->hub, json);
    if (strcmp(link, "ended") == 0)
        refuse_all(run, ERR_OVER, "the run has ended");
}

static void note_state(struct run *run)
{
    if (strcmp(run->link, "ended") == 0)
        return; // for this client it stays so
    static const char *const words[] = {[CLIENT_CONNECTING] = "connecting",
                                        [CLIENT_UP] = "up",
                                        [CLIENT_LOST] = "lost",
                                        [CLIENT_ENDED] = "ended"};
    tell_link(run, words[client_state(run->client)]);
}

// A hub takes the text of a JSON value, and frees nothing.
static void tell(struct run *run, void (*how)(struct hub *hub, const char *json), json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT);
    NP_ASSERT(text);
    how(run->hub, text);
    free(text);
    json_decref(json);
}

static void take_events(struct run *run, const struct api_reply *reply)
{
    for (uint32_t i = 0; i < reply->n_events; i++) {
        json_t *json = api_event_json(&reply->events[i]);
        char *text = json_dumps(json, JSON_COMPACT);
        NP_ASSERT(text);
        hub_event(run->hub, reply->events[i].seq, text);
        free(text);
        json_decref(json);
    }
}

// Changes are told together: a browser needs no state between two others of the same tenth of a second.
static void take_snapshot(struct run *run)
{
    const struct timeval soon = {0, WEB_SAMPLES_MS * 1000};
    run->snapshot_ms = clock_now(run->web->clock);
    if (hub_streams(run->hub) && !evtimer_pending(run->flush, NULL))
        evtimer_add(run->flush, &soon);
}

static void on_flush(int file, short what, void *self)
{
    (void)file, (void)what;
    struct run *run = self;
    const struct api_snapshot *snapshot = run->client ? client_snapshot(run->client) : NULL;
    if (snapshot)
        tell(run, hub_snapshot, api_snapshot_json(snapshot));
}

static struct pending **find_pending(struct run *run, uint64_t id)
{
    struct pending **link = &run->pending;
    while (*link && (*link)->id != id)
        link = &(*link)->next;
    return link;
}

static void take_reply(struct run *run, const struct api_reply *reply)
{
    struct pending **link = find_pending(run, reply->id);
    if (reply->has_snapshot)
        take_snapshot(run);
    if (reply->id == 0) {
        take_events(run, reply);
        if (reply->has_sample && hub_streams(run->hub))
            tell(run, hub_sample, api_sample_json(&reply->sample));
    } else if (*link) // else it came too late
        answer_pending(run, link, reply);
}

static void pump(struct run *run)
{
    struct api_reply reply;
    struct err err;
    bool got = true;
    enum err_code code = ERR_OK;
    while (run->client && !code && got) {
        err_clear(&err);
        code = client_receive(run->client, 0, &reply, &got, &err);
        if (code || !got)
            break;
        note_state(run);
        take_reply(run, &reply);
        api_reply_free(&reply);
    }
    if (code && code != ERR_OVER) { // another version, or no coordinator at all: nothing to be had there
        fprintf(stderr, "numaplex-hmc: error %s: %s: %s\n", err_id(code), run->path, err.text);
        run->foreign_pid = client_place(run->client)->pid;
        tell_link(run, "ended");
    } else
        note_state(run);
}

static void on_readable(int file, short what, void *self)
{
    (void)file, (void)what;
    pump(self);
}

// ---- connecting

static enum err_code connect_run(struct run *run, struct err *err)
{
    if (client_open(&run->client, run->path, err))
        return err->code;
    if (client_watch(run->client, 1, WEB_SAMPLES_MS, err)) {
        client_close(run->client);
        run->client = NULL;
        return err->code;
    }
    run->link = "connecting";
    run->readable = event_new(run->web->base, client_fd(run->client), EV_READ | EV_PERSIST, on_readable, run);
    NP_ASSERT(run->readable && event_add(run->readable, NULL) == 0);
    event_active(run->readable, EV_READ, 0);
    return ERR_OK;
}

static void disconnect(struct run *run)
{
    if (run->readable)
        event_free(run->readable);
    run->readable = NULL;
    client_close(run->client);
    run->client = NULL;
}

struct run *run_open(struct web *web, const char *path, const char *name, struct err *err)
{
    struct run *run = calloc(1, sizeof *run);
    NP_ASSERT(run);
    run->web = web;
    snprintf(run->path, sizeof run->path, "%s", path);
    snprintf(run->name, sizeof run->name, "%s", name);
    run->hub = hub_new(web);
    run->flush = evtimer_new(web->base, on_flush, run);
    NP_ASSERT(run->flush);
    if (connect_run(run, err) == ERR_OK)
        return run;
    if (client_last_there(path) && run_open_ended(run, err) == ERR_OK) {
        tell_link(run, "ended");
        return run;
    }
    run_close(run);
    return NULL;
}

void run_close(struct run *run)
{
    refuse_all(run, ERR_NO_RUN, "the console is ending");
    hub_free(run->hub);
    event_free(run->flush);
    disconnect(run);
    client_last_free(&run->last);
    free(run);
}

// A run that has been continued in its folder is another one: its events are counted anew.
static void try_again(struct run *run)
{
    struct client_place place;
    struct err err;
    if (client_find(run->path, &place, &err) || place.pid == run->foreign_pid)
        return;
    disconnect(run);
    if (connect_run(run, &err))
        return;
    client_last_free(&run->last);
    run->has_last = false;
    hub_reset(run->hub, 0);
    hub_link(run->hub, "{\"link\":\"connecting\"}");
}

// A run that does not answer, and whose folder names no socket any more, has ended without our hearing of it.
static void look_for_end(struct run *run)
{
    struct client_place place;
    struct err err;
    if (strcmp(run->link, "up") != 0 && client_find(run->path, &place, &err))
        tell_link(run, "ended");
}

void run_tick(struct run *run)
{
    int64_t now = clock_now(run->web->clock);
    pump(run);
    if (strcmp(run->link, "ended") == 0)
        try_again(run);
    else
        look_for_end(run);
    for (struct pending **link = &run->pending; *link;) {
        if ((*link)->until_ms <= now)
            refuse_pending(run, link, ERR_TIMEOUT,
                           "the run has not answered; what was asked may still be done: watch its events");
        else
            link = &(*link)->next;
    }
    hub_sweep(run->hub);
    if (hub_streams(run->hub))
        run->used_ms = now;
}

bool run_is_idle(const struct run *run)
{
    return !run->pending && clock_now(run->web->clock) - run->used_ms >= WEB_LINK_IDLE_MS;
}
