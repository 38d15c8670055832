// SPDX-License-Identifier: Apache-2.0
#include "hmc/client/client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zmq.h>

#include "hmc/client/client_state.h"
#include "proto/base/assert.h"

#define HANDSHAKE_MS 2000
#define RECONNECT_MS 100
#define LINGER_MS    200
#define HIGH_WATER   64
#define LOST_US      INT64_C(3000000) // a run speaks to who watches every second
#define AGAIN_US     INT64_C(1000000)
#define LOOK_MS      200 // a process that has gone is noticed after so long
#define DRAIN_MAX    4096

// A reply that came while another was waited for.
struct kept {
    struct kept *next;
    struct api_reply reply;
};

struct client {
    struct client_place place;
    void *context, *socket;
    int fd;
    enum client_state state;
    uint64_t last_id, watch_id; // watch_id: of the last WATCH
    bool watching, missed;
    uint32_t samples_ms;
    uint64_t next_seq; // of events that have not come
    int64_t heard_us, asked_us;
    bool has_snapshot, has_sample;
    struct api_snapshot snapshot;
    struct api_sample sample;
    struct kept *first, **end;
    struct bytes out;
};

static int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void set_int(void *socket, int option, int value)
{
    int failed = zmq_setsockopt(socket, option, &value, sizeof value);
    NP_ASSERT(!failed);
}

static enum err_code connect_socket(struct client *client, struct err *err)
{
    int64_t largest = API_REPLY_BYTES_MAX;
    size_t size = sizeof client->fd;
    client->context = zmq_ctx_new();
    client->socket = client->context ? zmq_socket(client->context, ZMQ_DEALER) : NULL;
    if (!client->socket)
        return err_set(err, ERR_SOCKET, "no socket for a console: %s", zmq_strerror(zmq_errno()));
    int failed = zmq_setsockopt(client->socket, ZMQ_MAXMSGSIZE, &largest, sizeof largest);
    NP_ASSERT(!failed);
    set_int(client->socket, ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS);
    set_int(client->socket, ZMQ_RECONNECT_IVL, RECONNECT_MS);
    set_int(client->socket, ZMQ_LINGER, LINGER_MS);
    set_int(client->socket, ZMQ_SNDHWM, HIGH_WATER);
    set_int(client->socket, ZMQ_RCVHWM, HIGH_WATER);
    if (zmq_connect(client->socket, client->place.endpoint) ||
        zmq_getsockopt(client->socket, ZMQ_FD, &client->fd, &size))
        return err_set(err, ERR_SOCKET, "cannot connect to %s: %s", client->place.endpoint,
                       zmq_strerror(zmq_errno()));
    return ERR_OK;
}

enum err_code client_open(struct client **client, const char *where, struct err *err)
{
    *client = NULL;
    struct client *c = calloc(1, sizeof *c);
    NP_ASSERT(c);
    c->end = &c->first;
    c->heard_us = c->asked_us = now_us();
    if (client_find(where, &c->place, err) || connect_socket(c, err)) {
        client_close(c);
        return err->code;
    }
    *client = c;
    return ERR_OK;
}

// See control_socket.c about what is read before the socket goes.
static void close_socket(struct client *client)
{
    zmq_msg_t part;
    zmq_msg_init(&part);
    if (client->socket) {
        for (int n = 0; n < DRAIN_MAX && zmq_msg_recv(&part, client->socket, ZMQ_DONTWAIT) >= 0; n++)
            ;
        zmq_close(client->socket);
    }
    while (client->context && zmq_ctx_term(client->context) && zmq_errno() == EINTR)
        ;
    zmq_msg_close(&part);
}

static bool take_kept(struct client *client, struct api_reply *reply)
{
    struct kept *kept = client->first;
    if (!kept)
        return false;
    *reply = kept->reply;
    client->first = kept->next;
    if (!client->first)
        client->end = &client->first;
    free(kept);
    return true;
}

static void keep(struct client *client, const struct api_reply *reply)
{
    struct kept *kept = calloc(1, sizeof *kept);
    NP_ASSERT(kept);
    kept->reply = *reply;
    *client->end = kept;
    client->end = &kept->next;
}

void client_close(struct client *client)
{
    struct api_reply reply;
    if (!client)
        return;
    close_socket(client);
    while (take_kept(client, &reply))
        api_reply_free(&reply);
    api_snapshot_free(&client->snapshot);
    api_sample_free(&client->sample);
    bytes_free(&client->out);
    free(client);
}

const struct client_place *client_place(const struct client *client)
{
    return &client->place;
}

enum err_code client_send(struct client *client, struct api_request *request, struct err *err)
{
    int sent;
    request->id = ++client->last_id;
    if (api_request_encode(request, &client->out, err))
        return err->code;
    do
        sent = zmq_send(client->socket, client->out.data, client->out.size, ZMQ_DONTWAIT);
    while (sent < 0 && zmq_errno() == EINTR);
    return sent >= 0 ? ERR_OK
                     : err_set(err, ERR_NO_RUN,
                               "the run takes no more requests: %u wait for it; is its process stopped?",
                               HIGH_WATER);
}

static enum err_code send_watch(struct client *client, struct err *err)
{
    struct api_request request = {.kind = API_WATCH};
    request.watch = (struct api_watch){.from_seq = client->next_seq, .samples_ms = client->samples_ms};
    client->asked_us = now_us();
    enum err_code code = client_send(client, &request, err);
    client->watch_id = request.id;
    return code;
}

enum err_code client_watch(struct client *client, uint64_t from_seq, uint32_t samples_ms, struct err *err)
{
    if (!client->watching)
        client->heard_us = now_us(); // silence counts from here
    client->watching = true;
    client->samples_ms = samples_ms;
    client->next_seq = from_seq;
    return send_watch(client, err);
}

// The cache takes what a reply says; the reply keeps its own.
static void absorb(struct client *client, const struct api_reply *reply)
{
    client->heard_us = now_us();
    client->state = CLIENT_UP;
    if (reply->has_snapshot) {
        api_snapshot_free(&client->snapshot);
        api_snapshot_copy(&client->snapshot, &reply->snapshot);
        client->has_snapshot = true;
    }
    if (reply->has_sample) {
        api_sample_free(&client->sample);
        api_sample_copy(&client->sample, &reply->sample);
        client->has_sample = true;
    }
    if (reply->id != 0)
        return;
    if (client->next_seq && reply->oldest_seq > client->next_seq)
        client->missed = true;
    if (reply->n_events)
        client->next_seq = reply->events[reply->n_events - 1].seq + 1;
    else if (client->next_seq == 0 && reply->has_snapshot)
        client->next_seq = reply->snapshot.last_seq + 1;
}

static enum err_code over(struct client *client, const char *why, struct err *err)
{
    client->state = CLIENT_ENDED;
    return err_set(err, ERR_OVER, "%s", why);
}

// Takes one frame, if there is one.
static enum err_code take_frame(struct client *client, struct api_reply *reply, bool *got, struct err *err)
{
    zmq_msg_t frame;
    int size;
    zmq_msg_init(&frame);
    do
        size = zmq_msg_recv(&frame, client->socket, ZMQ_DONTWAIT);
    while (size < 0 && zmq_errno() == EINTR);
    *got = size >= 0;
    if (*got && api_reply_decode(zmq_msg_data(&frame), zmq_msg_size(&frame), reply, err))
        *got = false;
    zmq_msg_close(&frame);
    return err->code;
}

// The next reply that concerns the caller: the answer to WATCH is of no interest when all is well.
static enum err_code take(struct client *client, struct api_reply *reply, bool *got, struct err *err)
{
    while (!take_frame(client, reply, got, err) && *got) {
        absorb(client, reply);
        if (reply->id == 0 && reply->outcome.code == ERR_OVER) {
            *got = false;
            over(client, reply->outcome.text, err);
            api_reply_free(reply);
            return err->code;
        }
        if (reply->id != client->watch_id || client->watch_id == 0)
            return ERR_OK;
        if (reply->outcome.code) {
            reply->id = 0;
            return ERR_OK;
        }
        api_reply_free(reply);
    }
    return err->code;
}

// Notices that nothing is heard any more of a run that is watched, and asks again.
static enum err_code check_silence(struct client *client, struct err *err)
{
    int64_t now = now_us();
    if (client->state == CLIENT_ENDED)
        return over(client, "the run has ended", err);
    if (now - client->heard_us < AGAIN_US / 2)
        return ERR_OK;
    if (!client_alive(&client->place))
        return over(client, "the run's process is gone", err);
    if (client->watching && now - client->heard_us >= LOST_US) {
        client->state = CLIENT_LOST;
        if (now - client->asked_us >= AGAIN_US)
            send_watch(client, err);
        err_clear(err); // that nothing can be sent is what LOST says
    }
    return ERR_OK;
}

static void wait_readable(struct client *client, int64_t until_us)
{
    int64_t left_ms = (until_us - now_us() + 999) / 1000;
    zmq_pollitem_t item = {.socket = client->socket, .events = ZMQ_POLLIN};
    if (left_ms > 0)
        zmq_poll(&item, 1, left_ms < LOOK_MS ? (long)left_ms : LOOK_MS);
}

static enum err_code receive(struct client *client, int timeout_ms, struct api_reply *reply, bool *got,
                             struct err *err)
{
    int64_t until = now_us() + 1000 * (int64_t)timeout_ms;
    do {
        if (take(client, reply, got, err) || *got || check_silence(client, err))
            return err->code;
        wait_readable(client, until);
    } while (now_us() < until);
    return take(client, reply, got, err);
}

enum err_code client_receive(struct client *client, int timeout_ms, struct api_reply *reply, bool *got,
                             struct err *err)
{
    memset(reply, 0, sizeof *reply);
    err_clear(err);
    *got = take_kept(client, reply);
    return *got ? ERR_OK : receive(client, timeout_ms, reply, got, err);
}

static enum err_code no_answer(const struct client *client, int timeout_ms, struct err *err)
{
    if (client->place.pid)
        return err_set(
            err, ERR_NO_RUN,
            "the run in %s (process %lld) is there and has not answered for %d s; is it stopped (fg, "
            "kill -CONT), or the host overloaded?",
            client->place.folder, (long long)client->place.pid, timeout_ms / 1000);
    return err_set(err, ERR_NO_RUN,
                   "nothing answers at %s; is that the endpoint in control.json of a run folder?",
                   client->place.endpoint);
}

enum err_code client_ask(struct client *client, struct api_request *request, int timeout_ms,
                         struct api_reply *reply, struct err *err)
{
    memset(reply, 0, sizeof *reply);
    err_clear(err);
    timeout_ms = timeout_ms ? timeout_ms : CLIENT_TIMEOUT_MS;
    int64_t until = now_us() + 1000 * (int64_t)timeout_ms;
    if (client_send(client, request, err))
        return err->code;
    while (now_us() < until) {
        bool got;
        int64_t left_ms = (until - now_us()) / 1000;
        if (receive(client, (int)left_ms, reply, &got, err))
            return err->code;
        if (got && reply->id == request->id) {
            if (reply->outcome.code)
                *err = reply->outcome;
            return err->code;
        }
        if (got)
            keep(client, reply);
        memset(reply, 0, sizeof *reply);
    }
    return no_answer(client, timeout_ms, err);
}

enum client_state client_state(const struct client *client)
{
    return client->state;
}

const struct api_snapshot *client_snapshot(const struct client *client)
{
    return client->has_snapshot ? &client->snapshot : NULL;
}

const struct api_sample *client_sample(const struct client *client)
{
    return client->has_sample ? &client->sample : NULL;
}

uint64_t client_last_seq(const struct client *client)
{
    return client->next_seq ? client->next_seq - 1 : 0;
}

bool client_missed(const struct client *client)
{
    return client->missed;
}

int client_fd(const struct client *client)
{
    return client->fd;
}
