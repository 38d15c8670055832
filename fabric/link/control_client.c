// SPDX-License-Identifier: Apache-2.0
#include "fabric/link/control_client.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "fabric/link/control_socket.h"
#include "proto/base/assert.h"

struct control_client {
    struct control_socket socket;
    struct control_channel channel;
    struct control_client_options options;
    struct control_stats stats;
    struct control inbox; // the message that waits for the caller, or CONTROL_NONE
    struct err fault;     // what the caller is told instead of a message
    struct bytes out, in; // scratch: a frame to send, a body received
    int64_t opened_us;
};

// Two processes that were started for the same place must not be taken for one: a number that differs.
static uint64_t new_session(void)
{
    uint64_t session = 0;
    if (getrandom(&session, sizeof session, 0) != sizeof session || session == 0)
        session = (uint64_t)control_now_us() << 22 | (uint64_t)getpid();
    return session;
}

static enum err_code say_hello(struct control_client *client, struct err *err)
{
    const struct control_client_options *options = &client->options;
    struct control hello = {.kind = CONTROL_HELLO,
                            .hello = {.version = CONTROL_VERSION,
                                      .run_id = options->run_id,
                                      .role = options->role,
                                      .index = options->index,
                                      .pid = (uint64_t)getpid()}};
    return control_client_send(client, &hello, err);
}

enum err_code control_client_open(struct control_client **client,
                                  const struct control_client_options *options, struct err *err)
{
    struct control_client *c = calloc(1, sizeof *c);
    NP_ASSERT(c);
    c->options = *options;
    c->opened_us = control_now_us();
    control_channel_init(&c->channel, new_session());
    struct control_routing_id id =
        control_routing_id((struct worker_id){options->role, options->index}, options->run_id);
    if (control_socket_connect(&c->socket, options->endpoint, &id, err) || say_hello(c, err)) {
        control_client_close(c, 0);
        *client = NULL;
        return err->code;
    }
    c->options.endpoint = c->socket.endpoint; // the caller's text may go
    *client = c;
    return ERR_OK;
}

static void refuse(struct control_client *client, uint64_t *count, const struct err *why)
{
    ++*count;
    client->stats.last_refusal = *why;
}

// What does not belong to this run and this worker's session is dropped.
static bool is_ours(struct control_client *client, const struct control_envelope *envelope, struct err *err)
{
    uint32_t epoch = client->options.epoch;
    if (envelope->run_id == client->options.run_id && envelope->session == client->channel.session &&
        envelope->epoch != 0 && (epoch == 0 || envelope->epoch == epoch))
        return true;
    err_set(err, ERR_FOREIGN_PEER, "a frame of run %016llx, epoch %u, for another session",
            (unsigned long long)envelope->run_id, envelope->epoch);
    refuse(client, &client->stats.foreign, err);
    return false;
}

static void take_message(struct control_client *client, const struct control_envelope *envelope)
{
    if (control_decode(envelope->body, envelope->size, &client->inbox, &client->fault) ||
        control_side_of(client->inbox.kind) == FROM_COORDINATOR)
        return;
    err_set(&client->fault, ERR_DAMAGED_MESSAGE, "%s is not for a coordinator to say",
            control_name(client->inbox.kind));
    control_free(&client->inbox);
}

static void take_frame(struct control_client *client, const uint8_t *data, size_t size, int64_t now)
{
    struct control_envelope envelope;
    struct err err;
    if (control_envelope_decode(data, size, &envelope, &client->in, &err)) {
        refuse(client, err.code == ERR_FOREIGN_PEER ? &client->stats.foreign : &client->stats.malformed,
               &err);
        return;
    }
    if (!is_ours(client, &envelope, &err))
        return;
    client->options.epoch = envelope.epoch;
    if (control_channel_accept(&client->channel, &envelope, now) == CONTROL_FRESH)
        take_message(client, &envelope);
}

static void send_due(struct control_client *client, int64_t now)
{
    struct control_envelope envelope = {.run_id = client->options.run_id, .epoch = client->options.epoch};
    while (control_channel_next(&client->channel, now, &envelope))
        control_socket_send(&client->socket, NULL, &envelope, &client->out);
}

static bool has_news(const struct control_client *client)
{
    return client->inbox.kind != CONTROL_NONE || client->fault.code != ERR_OK;
}

bool control_client_pending(struct control_client *client)
{
    int64_t now = control_now_us();
    zmq_msg_t frame;
    zmq_msg_init(&frame);
    while (!has_news(client)) {
        enum control_frame got = control_socket_take(&client->socket, NULL, &frame);
        if (got == FRAME_NONE)
            break;
        if (got == FRAME_TAKEN)
            take_frame(client, zmq_msg_data(&frame), zmq_msg_size(&frame), now);
        else
            client->stats.malformed++;
    }
    zmq_msg_close(&frame);
    send_due(client, now);
    return has_news(client);
}

enum err_code control_client_send(struct control_client *client, const struct control *control,
                                  struct err *err)
{
    NP_ASSERT(control_side_of(control->kind) == FROM_WORKER);
    struct bytes message = {0};
    if (control_encode(control, &message, err))
        return err->code;
    control_channel_queue(&client->channel, &message, control->kind == CONTROL_PROGRESS);
    send_due(client, control_now_us());
    return ERR_OK;
}

// Serves the socket until there is news, the deadline is over or a signal comes. Below 0: no deadline.
static bool wait_for_news(struct control_client *client, int64_t timeout_us)
{
    int64_t deadline = timeout_us < 0 ? INT64_MAX : control_now_us() + timeout_us;
    while (!control_client_pending(client)) {
        int64_t now = control_now_us(), due = control_channel_wait_us(&client->channel, now);
        if (now >= deadline)
            return false;
        if (!control_socket_wait(&client->socket, due < deadline - now ? due : deadline - now))
            return false;
    }
    return true;
}

enum err_code control_client_receive(struct control_client *client, int64_t timeout_us,
                                     struct control *control, struct err *err)
{
    memset(control, 0, sizeof *control);
    if (!wait_for_news(client, timeout_us))
        return ERR_OK;
    if (client->fault.code) {
        *err = client->fault;
        err_clear(&client->fault);
        return err_wrap(err, "from the coordinator");
    }
    *control = client->inbox; // what it owns goes along
    memset(&client->inbox, 0, sizeof client->inbox);
    return ERR_OK;
}

int control_client_fd(const struct control_client *client)
{
    return client->socket.fd;
}

int64_t control_client_silence_us(const struct control_client *client)
{
    int64_t heard = client->channel.heard_us < 0 ? client->opened_us : client->channel.heard_us;
    return control_now_us() - heard;
}

bool control_client_delivered(const struct control_client *client)
{
    return control_channel_delivered(&client->channel);
}

const struct control_stats *control_client_stats(struct control_client *client)
{
    client->stats.resends = client->channel.resends;
    client->stats.duplicates = client->channel.duplicates;
    return &client->stats;
}

bool control_client_close(struct control_client *client, int64_t timeout_us)
{
    if (!client)
        return true;
    int64_t deadline = control_now_us() + timeout_us, now;
    while (client->socket.socket && !control_client_delivered(client) &&
           (now = control_now_us()) < deadline) {
        wait_for_news(client, 0);
        control_free(&client->inbox);
        err_clear(&client->fault);
        int64_t due = control_channel_wait_us(&client->channel, now);
        if (!control_client_delivered(client))
            control_socket_wait(&client->socket, due < deadline - now ? due : deadline - now);
    }
    bool delivered = control_client_delivered(client);
    control_socket_close(&client->socket);
    control_channel_free(&client->channel);
    control_free(&client->inbox);
    bytes_free(&client->out);
    bytes_free(&client->in);
    free(client);
    return delivered;
}
