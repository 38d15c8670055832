// SPDX-License-Identifier: Apache-2.0
#include "coordinator/control/api_server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#include "coordinator/control/api_rights.h"
#include "coordinator/control/api_state.h"
#include "proto/base/assert.h"

// As for the control plane of workers (fabric/link/README.md tells why), but for what a console may hold up:
// few replies wait for one that does not read, and nothing waits for it at the end.
#define HANDSHAKE_MS 2000
#define LINGER_MS    200
#define HIGH_WATER   16
#define DRAIN_MAX    4096

static void set_int(void *socket, int option, int value)
{
    int failed = zmq_setsockopt(socket, option, &value, sizeof value);
    NP_ASSERT(!failed);
}

static enum err_code open_socket(struct api_server *server, struct err *err)
{
    int64_t largest = API_REQUEST_BYTES_MAX;
    size_t size = sizeof server->fd;
    server->context = zmq_ctx_new();
    server->socket = server->context ? zmq_socket(server->context, ZMQ_ROUTER) : NULL;
    if (!server->socket)
        return err_set(err, ERR_SOCKET, "control API: no socket: %s", zmq_strerror(zmq_errno()));
    int failed = zmq_setsockopt(server->socket, ZMQ_MAXMSGSIZE, &largest, sizeof largest);
    NP_ASSERT(!failed);
    set_int(server->socket, ZMQ_ROUTER_MANDATORY, 1);
    set_int(server->socket, ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS);
    set_int(server->socket, ZMQ_LINGER, LINGER_MS);
    set_int(server->socket, ZMQ_SNDHWM, HIGH_WATER);
    set_int(server->socket, ZMQ_RCVHWM, HIGH_WATER);
    mode_t mask = umask(0177); // the socket is its owner's alone from the first moment on
    failed = zmq_bind(server->socket, server->place.endpoint);
    umask(mask);
    if (failed || zmq_getsockopt(server->socket, ZMQ_FD, &server->fd, &size))
        return err_set(err, ERR_SOCKET, "control API: cannot bind %s: %s", server->place.endpoint,
                       zmq_strerror(zmq_errno()));
    return ERR_OK;
}

// libzmq 4.3.4 can free a frame twice that is still queued when its socket goes (issue 4806).
static void close_socket(struct api_server *server)
{
    zmq_msg_t part;
    zmq_msg_init(&part);
    if (server->socket) {
        zmq_unbind(server->socket, server->place.endpoint);
        for (int n = 0; n < DRAIN_MAX && zmq_msg_recv(&part, server->socket, ZMQ_DONTWAIT) >= 0; n++)
            ;
        zmq_close(server->socket);
    }
    while (server->context && zmq_ctx_term(server->context) && zmq_errno() == EINTR)
        ;
    zmq_msg_close(&part);
}

enum err_code api_server_open(struct api_server **server, const char *folder, const char *scenario,
                              const struct api_run *run, struct err *err)
{
    *server = NULL;
    struct api_server *s = calloc(1, sizeof *s);
    NP_ASSERT(s);
    s->run = *run;
    if (api_place_choose(&s->place, folder, err)) {
        free(s);
        return err->code;
    }
    if (open_socket(s, err) || api_place_tell(&s->place, scenario, err)) {
        close_socket(s);
        api_place_remove(&s->place);
        free(s);
        return err->code;
    }
    *server = s;
    return ERR_OK;
}

static bool send_part(struct api_server *server, const void *data, size_t size, int more)
{
    int sent;
    do
        sent = zmq_send(server->socket, data, size, ZMQ_DONTWAIT | more);
    while (sent < 0 && zmq_errno() == EINTR);
    return sent >= 0;
}

enum delivery api_send(struct api_server *server, const struct console_id *console,
                       const struct api_reply *reply)
{
    struct err err;
    if (api_reply_encode(reply, &server->out, &err)) {
        struct api_reply instead = {.id = reply->id, .outcome = err};
        enum err_code code = api_reply_encode(&instead, &server->out, &err);
        NP_ASSERT(code == ERR_OK);
    }
    if (!send_part(server, console->bytes, console->size, ZMQ_SNDMORE))
        return zmq_errno() == EAGAIN ? FULL : GONE;
    send_part(server, server->out.data, server->out.size, 0);
    return DELIVERED;
}

void api_snapshot_now(struct api_server *server, struct api_snapshot *snapshot)
{
    memset(snapshot, 0, sizeof *snapshot);
    server->run.snapshot(server->run.self, snapshot);
    snapshot->last_seq = server->ring.last;
}

static void answer(struct api_server *server, const struct console_id *console, uint64_t request,
                   const struct err *outcome)
{
    struct api_reply reply = {.id = request, .outcome = *outcome};
    api_send(server, console, &reply);
}

static struct ticket *free_ticket(struct api_server *server)
{
    for (uint32_t i = 0; i < API_TICKETS_MAX; i++)
        if (!server->tickets[i].number)
            return &server->tickets[i];
    return NULL;
}

// Hands a request to the run, which answers by a ticket.
static void hand_over(struct api_server *server, const struct console_id *console,
                      const struct api_request *request, const struct err *forbidden)
{
    struct ticket *ticket = free_ticket(server);
    struct err err;
    if (!ticket) {
        err_set(&err, ERR_TOO_OFTEN, "%u requests wait for the machine already; try again in a moment",
                API_TICKETS_MAX);
        answer(server, console, request->id, &err);
        return;
    }
    *ticket = (struct ticket){++server->last_ticket, request->id, *console, *forbidden};
    const struct api_run *run = &server->run;
    if (request->kind == API_PACE)
        run->pace(run->self, ticket->number, &request->pace, request->user);
    else if (request->kind == API_TYPE)
        run->type(run->self, ticket->number, &request->type, request->user);
    else
        run->command(run->self, ticket->number, &request->command, request->user, request->kind == API_PLAN);
}

static void show(struct api_server *server, const struct console_id *console, uint64_t request)
{
    struct api_reply reply = {.id = request, .has_snapshot = true};
    api_snapshot_now(server, &reply.snapshot);
    api_send(server, console, &reply);
    api_snapshot_free(&reply.snapshot);
}

static void show_series(struct api_server *server, const struct console_id *console, uint64_t request)
{
    struct api_reply reply = {.id = request, .has_series = true};
    server->run.series(server->run.self, &reply.series);
    api_send(server, console, &reply);
    api_series_free(&reply.series);
}

static void read_console(struct api_server *server, const struct console_id *console,
                         const struct api_request *request)
{
    static uint8_t text[API_CONSOLE_BYTES_MAX];
    struct api_reply reply = {.id = request->id, .console = text};
    server->run.console(server->run.self, &request->console, text, &reply.n_console, &reply.console_end,
                        &reply.outcome);
    api_send(server, console, &reply);
}

// A plan may be asked for by everybody; *forbidden then says what the command would be told.
static enum err_code check_rights(struct api_server *server, const struct api_request *request,
                                  struct err *forbidden, struct err *err)
{
    struct api_snapshot snapshot;
    if (!request->user[0])
        return ERR_OK;
    api_snapshot_now(server, &snapshot);
    api_rights(request, &snapshot, err);
    if (request->kind == API_PLAN) {
        struct api_request command = *request;
        command.kind = API_COMMAND;
        api_rights(&command, &snapshot, forbidden);
    }
    api_snapshot_free(&snapshot);
    return err->code;
}

static void obey(struct api_server *server, const struct console_id *console,
                 const struct api_request *request)
{
    struct err err = {0}, forbidden = {0};
    if (check_rights(server, request, &forbidden, &err)) {
        answer(server, console, request->id, &err);
        return;
    }
    switch (request->kind) {
    case API_SHOW:
        show(server, console, request->id);
        break;
    case API_WATCH:
        api_watch_set(server, console, &request->watch, &err);
        answer(server, console, request->id, &err);
        break;
    case API_SERIES:
        show_series(server, console, request->id);
        break;
    case API_CONSOLE:
        read_console(server, console, request);
        break;
    default:
        hand_over(server, console, request, &forbidden);
        break;
    }
}

static bool take_part(struct api_server *server, zmq_msg_t *part)
{
    int size;
    do
        size = zmq_msg_recv(part, server->socket, ZMQ_DONTWAIT);
    while (size < 0 && zmq_errno() == EINTR);
    return size >= 0;
}

// A request is a single part behind the console's name.
static bool take_frame(struct api_server *server, struct console_id *console, zmq_msg_t *frame)
{
    bool whole;
    zmq_msg_t id;
    zmq_msg_init(&id);
    whole = take_part(server, &id) && zmq_msg_more(&id) && take_part(server, frame) && !zmq_msg_more(frame);
    size_t size = zmq_msg_size(&id) < sizeof console->bytes ? zmq_msg_size(&id) : sizeof console->bytes;
    console->size = (uint8_t)size;
    memcpy(console->bytes, zmq_msg_data(&id), size);
    zmq_msg_close(&id);
    while (zmq_msg_more(frame) && take_part(server, frame))
        ;
    return whole;
}

static bool readable(const struct api_server *server)
{
    int events = 0;
    size_t size = sizeof events;
    return zmq_getsockopt(server->socket, ZMQ_EVENTS, &events, &size) == 0 && (events & ZMQ_POLLIN);
}

static void serve_request(struct api_server *server)
{
    struct console_id console;
    struct api_request request;
    struct err err;
    zmq_msg_t frame;
    zmq_msg_init(&frame);
    if (!take_frame(server, &console, &frame)) {
        err_set(&err, ERR_REQUEST, "request: a frame of more or fewer parts than one");
        answer(server, &console, 0, &err);
    } else if (api_request_decode(zmq_msg_data(&frame), zmq_msg_size(&frame), &request, &err)) {
        answer(server, &console, request.id, &err);
    } else {
        obey(server, &console, &request);
        api_request_free(&request);
    }
    zmq_msg_close(&frame);
}

void api_server_serve(struct api_server *server, int64_t now_us)
{
    server->now_us = now_us;
    for (uint32_t i = 0; i < API_REQUESTS_A_TURN && readable(server); i++)
        serve_request(server);
    api_push(server);
    server->more = readable(server); // also after sending: the descriptor is an edge
}

int api_server_fd(const struct api_server *server)
{
    return server->fd;
}

int64_t api_server_wait_us(const struct api_server *server, int64_t now_us)
{
    return server->more ? 0 : api_push_wait_us(server, now_us);
}

const struct event_ring *api_server_events(const struct api_server *server)
{
    return &server->ring;
}

uint32_t api_server_watchers(const struct api_server *server)
{
    return server->n_watchers;
}

void api_server_answer(struct api_server *server, uint64_t ticket, const struct err *outcome,
                       uint64_t operation, const struct api_plan *plan)
{
    for (uint32_t i = 0; i < API_TICKETS_MAX; i++) {
        struct ticket *t = &server->tickets[i];
        if (t->number != ticket)
            continue;
        bool forbidden = plan && !outcome->code && t->forbidden.code;
        struct api_reply reply = {
            .id = t->request, .outcome = forbidden ? t->forbidden : *outcome, .operation = operation};
        reply.has_plan = plan != NULL;
        if (plan)
            reply.plan = *plan;
        api_send(server, &t->console, &reply);
        t->number = 0;
        return;
    }
    NP_ASSERT(!"a ticket is answered once");
}

void api_server_event(struct api_server *server, const struct api_event *event)
{
    bool quiet = true; // all have been sent all
    for (uint32_t i = 0; i < server->n_watchers; i++)
        quiet = quiet && server->watchers[i].next_seq > server->ring.last;
    if (quiet)
        server->push_us = server->now_us + API_PUSH_US;
    event_ring_add(&server->ring, event);
}

void api_server_sample(struct api_server *server, const struct api_sample *sample)
{
    api_sample_free(&server->sample);
    api_sample_copy(&server->sample, sample);
    server->has_sample = true;
    server->sample_wanted = false;
}

static void say_goodbye(struct api_server *server, const struct err *why)
{
    struct api_reply reply = {.outcome = {ERR_OVER, "the run has ended"}, .has_snapshot = true};
    if (why && why->code)
        err_set(&reply.outcome, ERR_OVER, "the run has ended with error %s: %.400s", err_id(why->code),
                why->text);
    api_push_rest(server);
    api_snapshot_now(server, &reply.snapshot);
    for (uint32_t i = 0; i < server->n_watchers; i++)
        api_send(server, &server->watchers[i].console, &reply);
    api_snapshot_free(&reply.snapshot);
    for (uint32_t i = 0; i < API_TICKETS_MAX; i++)
        if (server->tickets[i].number)
            answer(server, &server->tickets[i].console, server->tickets[i].request, &reply.outcome);
}

void api_server_close(struct api_server *server, const struct err *why)
{
    if (!server)
        return;
    say_goodbye(server, why);
    api_place_remove(&server->place); // who looks for it now finds nothing, not a socket that does not answer
    close_socket(server);
    event_ring_free(&server->ring);
    api_sample_free(&server->sample);
    bytes_free(&server->out);
    free(server);
}
