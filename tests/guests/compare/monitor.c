// SPDX-License-Identifier: Apache-2.0
#include "tests/guests/compare/monitor.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { TRIES = 500 }; // of 10 ms each

static int connect_to(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const struct timespec pause = {0, 10000000};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    for (unsigned i = 0; i < TRIES; i++) {
        int file = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (file >= 0 && connect(file, (struct sockaddr *)&address, sizeof address) == 0)
            return file;
        if (file >= 0)
            close(file);
        nanosleep(&pause, NULL);
    }
    return -1;
}

static json_t *next_message(struct monitor *monitor, struct err *err)
{
    json_error_t wrong;
    json_t *message = json_loadf(monitor->socket, JSON_DISABLE_EOF_CHECK, &wrong);
    if (!message)
        err_set(err, ERR_PROCESS, "QEMU's monitor: %s", wrong.text);
    return message;
}

enum err_code monitor_open(struct monitor *monitor, const char *path, struct err *err)
{
    int file = connect_to(path);
    monitor->socket = file >= 0 ? fdopen(file, "r+") : NULL;
    if (!monitor->socket)
        return err_errno(err, ERR_PROCESS, "QEMU's monitor %s", path);
    setvbuf(monitor->socket, NULL, _IONBF, 0);
    json_t *greeting = next_message(monitor, err);
    json_decref(greeting);
    if (greeting)
        json_decref(monitor_ask(monitor, "{\"execute\":\"qmp_capabilities\"}", err));
    return err->code;
}

void monitor_close(struct monitor *monitor)
{
    if (monitor->socket)
        fclose(monitor->socket);
    monitor->socket = NULL;
}

json_t *monitor_ask(struct monitor *monitor, const char *command, struct err *err)
{
    if (fprintf(monitor->socket, "%s\n", command) < 0 || fflush(monitor->socket)) {
        err_errno(err, ERR_PROCESS, "QEMU's monitor");
        return NULL;
    }
    for (;;) {
        json_t *message = next_message(monitor, err);
        if (!message)
            return NULL;
        json_t *answer = json_incref(json_object_get(message, "return"));
        json_t *refusal = json_object_get(message, "error");
        if (refusal)
            err_set(err, ERR_PROCESS, "QEMU refuses %s: %s", command,
                    json_string_value(json_object_get(refusal, "desc")));
        bool event = json_object_get(message, "event");
        json_decref(message);
        if (!event)
            return answer;
    }
}
