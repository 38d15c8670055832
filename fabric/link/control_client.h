// SPDX-License-Identifier: Apache-2.0
// A worker's end of the control plane: a DEALER socket to the coordinator, over ipc or tcp. Same promises and
// same rules as control_server.h: messages arrive once and in order, everything happens inside the calls, one
// thread.
#ifndef NP_FABRIC_LINK_CONTROL_CLIENT_H
#define NP_FABRIC_LINK_CONTROL_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "fabric/link/control_server.h"
#include "proto/base/err.h"
#include "proto/codec/control.h"

struct control_client;

struct control_client_options {
    const char *endpoint; // of the coordinator
    uint64_t run_id;
    uint32_t epoch; // 0: not known; taken from the first message of the coordinator
    enum control_role role;
    uint32_t index;
};

// Opens, connects and queues HELLO. The coordinator need not be there yet. The caller owns *client.
enum err_code control_client_open(struct control_client **client,
                                  const struct control_client_options *options, struct err *err);

// Queues a message and sends what can be sent; never waits. A PROGRESS takes the place of one that still
// waits its turn, so a coordinator that is slow does not make the queue grow. Errors as
// control_server_send().
enum err_code control_client_send(struct control_client *client, const struct control *control,
                                  struct err *err);

// Waits up to timeout_us (0: looks and returns; negative: for ever) for a message. control->kind is
// CONTROL_NONE when none came, or a signal interrupted the wait; else the caller frees it with
// control_free(). ERR_DAMAGED_MESSAGE when the coordinator sent what this program cannot read (another
// version): the worker should say FAILED.
enum err_code control_client_receive(struct control_client *client, int64_t timeout_us,
                                     struct control *control, struct err *err);

// True when a message is there. Cheap (below a microsecond when nothing happened), to be called between
// grants, and at least every 50 ms: it also sends again what was not acknowledged.
bool control_client_pending(struct control_client *client);

int control_client_fd(const struct control_client *client); // readable edge: call control_client_pending()

// Host time in us since the coordinator was last heard of (or the client opened). It speaks at least every
// CONTROL_BEAT_US, so a worker that hears nothing for several seconds is an orphan and should end.
int64_t control_client_silence_us(const struct control_client *client);

bool control_client_delivered(const struct control_client *client); // everything sent has been acknowledged

const struct control_stats *control_client_stats(struct control_client *client);

// Waits up to timeout_us until everything sent (BYE or FAILED last) is acknowledged, then closes and frees.
// Returns whether it was. NULL is allowed.
bool control_client_close(struct control_client *client, int64_t timeout_us);

#endif
