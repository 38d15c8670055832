// SPDX-License-Identifier: Apache-2.0
// A worker's conversation with the coordinator, from HELLO to BYE.
#ifndef NP_FABRIC_HOST_SESSION_H
#define NP_FABRIC_HOST_SESSION_H

#include "fabric/link/control_client.h"

struct session {
    struct control_client *client;
    struct control configure; // CONFIGURE, owned
};

// Reads the command line of a worker: `worker --control ENDPOINT --run-id HEX [--index N]`, connects, says
// HELLO and waits for CONFIGURE. ERR_USAGE, socket errors, ERR_TIMEOUT when no coordinator speaks.
enum err_code session_open(struct session *session, enum control_role role, int argc, char **argv,
                           struct err *err);

static inline const struct control_configure *session_config(const struct session *session)
{
    return &session->configure.configure;
}

enum err_code session_ready(struct session *session, struct err *err);

// Waits up to timeout_us for a message. ERR_TIMEOUT when the coordinator has been silent for long: this
// worker is an orphan and must end.
enum err_code session_receive(struct session *session, int64_t timeout_us, struct control *control,
                              struct err *err);

// Says FAILED (when err is set) or BYE, waits a moment until it is heard, closes. Returns the exit status.
int session_close(struct session *session, const struct err *err);

// Groups that the coordinator names must suit the machine, and their boards must be on nodes.
enum err_code session_check_groups(const struct session *session, const uint32_t *group_of_board,
                                   uint32_t n_boards, struct err *err);

// Keeps the process on one core when the run asks for it.
void session_pin(const struct session *session);

#endif
