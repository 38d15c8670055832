// SPDX-License-Identifier: Apache-2.0
// What the two ends of the control plane share: the socket and its settings, the host's clock, frames in and
// out.
#ifndef NP_FABRIC_LINK_CONTROL_SOCKET_H
#define NP_FABRIC_LINK_CONTROL_SOCKET_H

#include <stdbool.h>
#include <stdint.h>
#include <zmq.h>

#include "fabric/link/control_server.h"

// How the coordinator's socket names a worker: a mark, role, index and run, so that a worker of another run
// is a stranger, and one that reconnects is reached again before it has said a word.
struct control_routing_id {
    uint8_t bytes[16];
};

struct control_socket {
    void *context, *socket;
    int fd;
    bool bound;
    char endpoint[PATH_MAX_BYTES]; // as bound or connected
};

struct control_routing_id control_routing_id(struct worker_id worker, uint64_t run_id);

// The worker that an id names. Returns false when it is none of this run.
bool control_routing_worker(const uint8_t *bytes, size_t size, uint64_t run_id, struct worker_id *worker);

// The coordinator's end: ROUTER, bound.
enum err_code control_socket_bind(struct control_socket *socket, const char *endpoint, struct err *err);

// A worker's end: DEALER, connected; whether somebody is there shows later.
enum err_code control_socket_connect(struct control_socket *socket, const char *endpoint,
                                     const struct control_routing_id *id, struct err *err);

void control_socket_close(struct control_socket *socket);

int64_t control_now_us(void); // monotonic host time

// Sends a frame without waiting; `to` is NULL at a worker's end. What cannot be sent now is lost: the channel
// sends it again.
void control_socket_send(struct control_socket *socket, const struct control_routing_id *to,
                         const struct control_envelope *envelope, struct bytes *scratch);

// Waits until the socket has something, at most timeout_us. Returns false when a signal came.
bool control_socket_wait(struct control_socket *socket, int64_t timeout_us);

enum control_frame { FRAME_NONE, FRAME_TAKEN, FRAME_MALFORMED };

// Takes a frame if there is one. `id` (NULL at a worker's end) and `frame` are initialised by the caller.
enum control_frame control_socket_take(struct control_socket *socket, zmq_msg_t *id, zmq_msg_t *frame);

#endif
