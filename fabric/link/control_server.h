// SPDX-License-Identifier: Apache-2.0
// The coordinator's end of the control plane: one ROUTER socket for all workers, over ipc or tcp. What is
// handed to control_server_send() arrives once and in order, or the worker is gone: every message is
// numbered, acknowledged and sent again until it is. Frames of strangers (wrong run, epoch or version,
// malformed, unknown worker) are counted and dropped; they never reach the caller and never stop a run.
//
// Nothing happens behind the caller's back: sockets are served and timers looked at inside receive, pending
// and close only, from one thread. An event loop watches control_server_fd() and calls
// control_server_pending() in a loop until it is false, also after its own sends and whenever
// control_server_wait_us() has passed: the descriptor is edge-triggered.
#ifndef NP_FABRIC_LINK_CONTROL_SERVER_H
#define NP_FABRIC_LINK_CONTROL_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "fabric/link/control_channel.h"
#include "proto/base/err.h"
#include "proto/codec/control.h"

struct control_server;

// A worker: its role and its index among those of that role.
struct worker_id {
    enum control_role role;
    uint32_t index;
};

struct control_server_options {
    const char *endpoint; // "ipc://PATH" or "tcp://ADDRESS:PORT"; port "*" takes a free one
    uint64_t run_id;      // that every message must bear
    uint32_t epoch;       // from 1
    uint32_t nodes;       // workers of role NODE: indexes below this are known
    uint32_t fabrics;     // likewise of role FABRIC
};

// What was refused or repeated, for the run's report.
struct control_stats {
    uint64_t foreign;        // frames of another run, epoch or version, or of an unknown worker
    uint64_t malformed;      // frames and messages that could not be read
    uint64_t duplicates;     // messages that had come before
    uint64_t resends;        // messages sent again
    struct err last_refusal; // why the last frame was refused; ERR_OK while none was
};

// Opens and binds. The caller owns *server.
enum err_code control_server_open(struct control_server **server,
                                  const struct control_server_options *options, struct err *err);

// The endpoint that workers connect to, with the port that was taken. Lives as long as the server.
const char *control_server_endpoint(const struct control_server *server);

// Queues a message for a worker and sends what can be sent; never waits. A message for a worker that has not
// said HELLO yet goes out when it has. ERR_LIMIT when the message is too large, ERR_SOCKET when the socket is
// unusable.
enum err_code control_server_send(struct control_server *server, struct worker_id worker,
                                  const struct control *control, struct err *err);

// Waits up to timeout_us (0: looks and returns; negative: for ever) for a message of any worker.
// control->kind is CONTROL_NONE when none came, or a signal interrupted the wait; else the caller frees it
// with control_free().
enum err_code control_server_receive(struct control_server *server, int64_t timeout_us,
                                     struct worker_id *worker, struct control *control, struct err *err);

// Serves the socket without waiting: true when a message is there for control_server_receive().
bool control_server_pending(struct control_server *server);

int control_server_fd(const struct control_server *server); // readable edge: call control_server_pending()

// Host time in us after which the server must be called again even if nothing comes.
int64_t control_server_wait_us(const struct control_server *server);

// Host time in us since the worker was last heard of; -1: never. Workers speak at least every
// CONTROL_BEAT_US.
int64_t control_server_silence_us(const struct control_server *server, struct worker_id worker);

bool control_server_delivered(const struct control_server *server); // everything sent has been acknowledged

const struct control_stats *control_server_stats(struct control_server *server);

// Waits up to timeout_us until everything sent is acknowledged (messages that come in meanwhile are dropped),
// then closes and frees. NULL is allowed.
void control_server_close(struct control_server *server, int64_t timeout_us);

#endif
