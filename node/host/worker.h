// SPDX-License-Identifier: Apache-2.0
// A node as a process of a run. Alone it simulates the whole complex and conducts it (packed); among others
// it is a member that takes grants and answers with batches.
#ifndef NP_NODE_HOST_WORKER_H
#define NP_NODE_HOST_WORKER_H

#include "fabric/host/session.h"
#include "node/host/crew.h"

// Runs until EXIT. The session is open and configured.
enum err_code worker_packed(struct session *session, struct err *err);
enum err_code worker_member(struct session *session, struct err *err);

// The numaplex-node command `worker`. Returns the exit status.
int worker_main(int argc, char **argv);

#endif
