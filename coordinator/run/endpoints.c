// SPDX-License-Identifier: Apache-2.0
#include "coordinator/run/endpoints.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static enum err_code make_folder(struct endpoints *e, struct err *err)
{
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    const char *const places[] = {runtime, "/tmp"};
    // A socket's whole path, "/control" included, must fit into a socket address.
    const size_t room = sizeof((struct sockaddr_un *)NULL)->sun_path - sizeof "/control";
    for (unsigned i = 0; i < 2; i++) {
        if (!places[i] || places[i][0] != '/' || strlen(places[i]) + sizeof "/numaplex-sockets-XXXXXX" > room)
            continue;
        if (socket_folder_make(&e->folder, places[i]))
            return ERR_OK;
    }
    return err_errno(err, ERR_FILE, "no folder for sockets can be made in $XDG_RUNTIME_DIR or /tmp");
}

// Takes a free port of loopback and holds it, bound but not listening: with SO_REUSEADDR on both sides the
// fabric may bind it too, and nobody else is given it meanwhile.
static enum err_code reserve_port(struct endpoints *e, struct err *err)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int one = 1;
    e->reservation = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (e->reservation < 0 || setsockopt(e->reservation, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) ||
        bind(e->reservation, (struct sockaddr *)&address, sizeof address) ||
        getsockname(e->reservation, (struct sockaddr *)&address, &size))
        return err_errno(err, ERR_SOCKET, "no tcp port of 127.0.0.1 can be had");
    snprintf(e->data, sizeof e->data, "tcp://127.0.0.1:%u", ntohs(address.sin_port));
    return ERR_OK;
}

enum err_code endpoints_open(struct endpoints *e, enum data_link link, struct err *err)
{
    *e = (struct endpoints){.folder.lock = -1, .reservation = -1};
    if (make_folder(e, err))
        return err->code;
    snprintf(e->control, sizeof e->control, "ipc://%.900s/control", e->folder.path);
    snprintf(e->data, sizeof e->data, "%s://%.900s/data", link == DATA_UNIX ? "unix" : "ipc", e->folder.path);
    if (link == DATA_TCP && reserve_port(e, err)) {
        endpoints_close(e);
        return err->code;
    }
    return ERR_OK;
}

void endpoints_close(struct endpoints *e)
{
    socket_folder_remove(&e->folder);
    if (e->reservation >= 0)
        close(e->reservation);
    *e = (struct endpoints){.folder.lock = -1, .reservation = -1};
}
