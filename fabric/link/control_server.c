// SPDX-License-Identifier: Apache-2.0
#include "fabric/link/control_server.h"

#include <stdlib.h>
#include <string.h>

#include "fabric/link/control_socket.h"
#include "proto/base/assert.h"

// One worker: its channel, and the session that it had before, whose late frames must not bring it back.
struct worker {
    struct worker_id id;
    struct control_channel channel;
    uint64_t retired_session;
};

struct control_server {
    struct control_socket socket;
    struct control_server_options options;
    struct worker *workers; // the nodes, then the fabrics
    uint32_t n_workers;
    struct control_stats stats;
    struct control inbox; // the message that waits for the caller, or CONTROL_NONE
    struct worker_id inbox_from;
    struct bytes out, in; // scratch: a frame to send, a body received
};

static struct worker *worker_of(const struct control_server *server, struct worker_id id)
{
    if (id.role == ROLE_NODE)
        return id.index < server->options.nodes ? &server->workers[id.index] : NULL;
    return id.index < server->options.fabrics ? &server->workers[server->options.nodes + id.index] : NULL;
}

static void init_workers(struct control_server *server)
{
    const struct control_server_options *options = &server->options;
    server->n_workers = options->nodes + options->fabrics;
    server->workers = calloc(server->n_workers, sizeof *server->workers);
    NP_ASSERT(server->workers);
    for (uint32_t i = 0; i < server->n_workers; i++) {
        bool node = i < options->nodes;
        server->workers[i].id =
            (struct worker_id){node ? ROLE_NODE : ROLE_FABRIC, node ? i : i - options->nodes};
        control_channel_init(&server->workers[i].channel, 0);
    }
}

enum err_code control_server_open(struct control_server **server,
                                  const struct control_server_options *options, struct err *err)
{
    NP_ASSERT(options->nodes >= 1 && options->nodes <= NODES_MAX && options->fabrics <= SYSTEMS_MAX);
    NP_ASSERT(options->epoch >= 1);
    *server = NULL;
    struct control_server *s = calloc(1, sizeof *s);
    NP_ASSERT(s);
    if (control_socket_bind(&s->socket, options->endpoint, err)) {
        free(s);
        return ERR_SOCKET;
    }
    s->options = *options;
    s->options.endpoint = s->socket.endpoint; // the caller's text may go
    init_workers(s);
    *server = s;
    return ERR_OK;
}

const char *control_server_endpoint(const struct control_server *server)
{
    return server->socket.endpoint;
}

static void refuse(struct control_server *server, uint64_t *count, enum err_code code, const char *why)
{
    ++*count;
    err_set(&server->stats.last_refusal, code, "%s", why);
}

static void refuse_foreign(struct control_server *server, const char *why)
{
    refuse(server, &server->stats.foreign, ERR_FOREIGN_PEER, why);
}

static void refuse_malformed(struct control_server *server, const char *why)
{
    refuse(server, &server->stats.malformed, ERR_DAMAGED_MESSAGE, why);
}

// Whether a frame belongs to the worker's conversation. A new process in the worker's place begins with its
// message 1.
static bool is_of_session(struct control_server *server, struct worker *worker,
                          const struct control_envelope *envelope)
{
    struct control_channel *channel = &worker->channel;
    if (envelope->run_id != server->options.run_id ||
        (envelope->epoch != 0 && envelope->epoch != server->options.epoch)) {
        refuse_foreign(server, "a frame of another run or epoch");
        return false;
    }
    if (envelope->session == channel->session)
        return true;
    if (envelope->number != 1 || envelope->session == worker->retired_session) {
        refuse_foreign(server, "a frame of an earlier process in a worker's place");
        return false;
    }
    worker->retired_session = channel->session;
    control_channel_restart(channel, envelope->session);
    return true;
}

static bool hello_fits(const struct control_server *server, const struct worker *worker,
                       const struct control_hello *hello)
{
    return hello->version == CONTROL_VERSION && hello->run_id == server->options.run_id &&
           hello->role == worker->id.role && hello->index == worker->id.index;
}

// Reads a message into the inbox. One that a worker of this run would not send is counted and dropped.
static void take_message(struct control_server *server, const struct worker *worker,
                         const struct control_envelope *envelope)
{
    struct control *inbox = &server->inbox;
    struct err err;
    if (control_decode(envelope->body, envelope->size, inbox, &err)) {
        refuse_malformed(server, err.text);
    } else if (control_side_of(inbox->kind) != FROM_WORKER) {
        refuse_malformed(server, "a message that is not for a worker to say");
        control_free(inbox);
    } else if (inbox->kind == CONTROL_HELLO && !hello_fits(server, worker, &inbox->hello)) {
        refuse_foreign(server, "a HELLO that does not fit its sender");
        control_free(inbox);
    } else {
        server->inbox_from = worker->id;
    }
}

static void take_frame(struct control_server *server, zmq_msg_t *id, zmq_msg_t *frame)
{
    struct worker_id from;
    struct worker *worker = NULL;
    if (control_routing_worker(zmq_msg_data(id), zmq_msg_size(id), server->options.run_id, &from))
        worker = worker_of(server, from);
    if (!worker) {
        refuse_foreign(server, "a frame of an unknown sender");
        return;
    }
    struct control_envelope envelope;
    struct err err;
    if (control_envelope_decode(zmq_msg_data(frame), zmq_msg_size(frame), &envelope, &server->in, &err)) {
        if (err.code == ERR_FOREIGN_PEER)
            refuse_foreign(server, err.text);
        else
            refuse_malformed(server, err.text);
        return;
    }
    if (is_of_session(server, worker, &envelope) &&
        control_channel_accept(&worker->channel, &envelope, control_now_us()) == CONTROL_FRESH)
        take_message(server, worker, &envelope);
}

static void send_due(struct control_server *server, struct worker *worker, int64_t now)
{
    struct control_envelope envelope = {.run_id = server->options.run_id, .epoch = server->options.epoch};
    struct control_routing_id to = control_routing_id(worker->id, server->options.run_id);
    while (control_channel_next(&worker->channel, now, &envelope))
        control_socket_send(&server->socket, &to, &envelope, &server->out);
}

static void send_all_due(struct control_server *server)
{
    int64_t now = control_now_us();
    for (uint32_t i = 0; i < server->n_workers; i++)
        send_due(server, &server->workers[i], now);
}

bool control_server_pending(struct control_server *server)
{
    zmq_msg_t id, frame;
    zmq_msg_init(&id);
    zmq_msg_init(&frame);
    while (server->inbox.kind == CONTROL_NONE) {
        enum control_frame got = control_socket_take(&server->socket, &id, &frame);
        if (got == FRAME_NONE)
            break;
        if (got == FRAME_TAKEN)
            take_frame(server, &id, &frame);
        else
            refuse_malformed(server, "a frame of more or fewer parts than one");
    }
    zmq_msg_close(&id);
    zmq_msg_close(&frame);
    send_all_due(server);
    return server->inbox.kind != CONTROL_NONE;
}

enum err_code control_server_send(struct control_server *server, struct worker_id worker,
                                  const struct control *control, struct err *err)
{
    NP_ASSERT(control_side_of(control->kind) == FROM_COORDINATOR);
    struct worker *to = worker_of(server, worker);
    NP_ASSERT(to);
    struct bytes message = {0};
    if (control_encode(control, &message, err))
        return err->code;
    control_channel_queue(&to->channel, &message, false);
    send_due(server, to, control_now_us());
    return ERR_OK;
}

int64_t control_server_wait_us(const struct control_server *server)
{
    int64_t now = control_now_us(), least = INT64_MAX;
    for (uint32_t i = 0; i < server->n_workers; i++) {
        int64_t wait = control_channel_wait_us(&server->workers[i].channel, now);
        least = wait < least ? wait : least;
    }
    return least;
}

// Serves the socket until a message is there, the deadline is over or a signal comes.
static bool wait_until(struct control_server *server, int64_t deadline)
{
    while (!control_server_pending(server)) {
        int64_t now = control_now_us(), due = control_server_wait_us(server);
        if (now >= deadline)
            return false;
        if (!control_socket_wait(&server->socket, due < deadline - now ? due : deadline - now))
            return false;
    }
    return true;
}

enum err_code control_server_receive(struct control_server *server, int64_t timeout_us,
                                     struct worker_id *worker, struct control *control, struct err *err)
{
    (void)err; // a frame that cannot be read is dropped; the signature leaves room for a socket that breaks
    memset(control, 0, sizeof *control);
    if (!wait_until(server, timeout_us < 0 ? INT64_MAX : control_now_us() + timeout_us))
        return ERR_OK;
    *worker = server->inbox_from;
    *control = server->inbox; // what it owns goes along
    memset(&server->inbox, 0, sizeof server->inbox);
    return ERR_OK;
}

int control_server_fd(const struct control_server *server)
{
    return server->socket.fd;
}

int64_t control_server_silence_us(const struct control_server *server, struct worker_id worker)
{
    const struct worker *w = worker_of(server, worker);
    NP_ASSERT(w);
    return w->channel.heard_us < 0 ? -1 : control_now_us() - w->channel.heard_us;
}

bool control_server_delivered(const struct control_server *server)
{
    for (uint32_t i = 0; i < server->n_workers; i++)
        if (!control_channel_delivered(&server->workers[i].channel))
            return false;
    return true;
}

const struct control_stats *control_server_stats(struct control_server *server)
{
    server->stats.resends = server->stats.duplicates = 0;
    for (uint32_t i = 0; i < server->n_workers; i++) {
        server->stats.resends += server->workers[i].channel.resends;
        server->stats.duplicates += server->workers[i].channel.duplicates;
    }
    return &server->stats;
}

void control_server_close(struct control_server *server, int64_t timeout_us)
{
    if (!server)
        return;
    int64_t deadline = control_now_us() + timeout_us, now;
    while (!control_server_delivered(server) && (now = control_now_us()) < deadline) {
        control_server_pending(server);
        control_free(&server->inbox);
        int64_t due = control_server_wait_us(server);
        if (!control_server_delivered(server))
            control_socket_wait(&server->socket, due < deadline - now ? due : deadline - now);
    }
    control_socket_close(&server->socket);
    for (uint32_t i = 0; i < server->n_workers; i++)
        control_channel_free(&server->workers[i].channel);
    control_free(&server->inbox);
    bytes_free(&server->out);
    bytes_free(&server->in);
    free(server->workers);
    free(server);
}
