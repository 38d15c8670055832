// SPDX-License-Identifier: Apache-2.0
// Where the processes of a run meet: sockets in a folder that only this user can enter, or a tcp port of
// loopback.
#ifndef NP_COORDINATOR_RUN_ENDPOINTS_H
#define NP_COORDINATOR_RUN_ENDPOINTS_H

#include "coordinator/run/options.h"
#include "coordinator/run/socket_folder.h"
#include "proto/base/limits.h"

struct endpoints {
    struct socket_folder folder;  // of the sockets; removed at the end
    char control[PATH_MAX_BYTES]; // of the control plane: ipc always, all workers are on this host
    char data[PATH_MAX_BYTES];    // of the data plane
    int reservation;              // holds the tcp port until the fabric has bound it; -1: none
};

// Makes the folder in $XDG_RUNTIME_DIR or /tmp and chooses the endpoints. ERR_FILE, ERR_SOCKET.
enum err_code endpoints_open(struct endpoints *endpoints, enum data_link link, struct err *err);
void endpoints_close(struct endpoints *endpoints); // removes the folder and the sockets in it

#endif
