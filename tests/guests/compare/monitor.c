// SPDX-License-Identifier: Apache-2.0
#include "tests/guests/compare/monitor.h"

#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { TRIES = 6000 }; // of 10 ms each

// Looks without taking the status, which is for whoever started it.
static bool has_ended(pid_t child)
{
    siginfo_t info = {0};
    return waitid(P_PID, (id_t)child, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid != 0;
}

static int connect_to(const char *path, pid_t qemu)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const struct timespec pause = {0, 10000000};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    for (unsigned i = 0; i < TRIES && !has_ended(qemu); i++) {
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

enum err_code monitor_open(struct monitor *monitor, const char *path, pid_t qemu, struct err *err)
{
    int file = connect_to(path, qemu);
    monitor->socket = file >= 0 ? fdopen(file, "r+") : NULL;
    if (!monitor->socket)
        return err_errno(err, ERR_PROCESS, "QEMU's monitor %s", path);
    setvbuf(monitor->socket, NULL, _IONBF, 0);
    json_t *greeting = next_message(monitor, err);
    json_decref(greeting);
    if (greeting)
        json_decref(monitor_ask(monitor, "\"execute\":\"qmp_capabilities\"", err));
    return err->code;
}

void monitor_close(struct monitor *monitor)
{
    if (monitor->socket)
        fclose(monitor->socket);
    monitor->socket = NULL;
}

// Of a message: what it says in answer to question `id`, or NULL where it answers something else.
static json_t *answer_of(const json_t *message, long long id, const char *question, struct err *err)
{
    const json_t *refusal = json_object_get(message, "error");
    if (json_integer_value(json_object_get(message, "id")) != id)
        return NULL;
    if (refusal)
        err_set(err, ERR_PROCESS, "QEMU refuses %s: %s", question,
                json_string_value(json_object_get(refusal, "desc")));
    return json_incref(json_object_get(message, "return"));
}

json_t *monitor_ask(struct monitor *monitor, const char *question, struct err *err)
{
    long long id = ++monitor->asked;
    json_t *answer = NULL;
    if (fprintf(monitor->socket, "{\"id\":%lld,%s}\n", id, question) < 0 || fflush(monitor->socket))
        err_errno(err, ERR_PROCESS, "QEMU's monitor");
    while (!answer && !err->code) {
        json_t *message = next_message(monitor, err);
        answer = answer_of(message, id, question, err);
        json_decref(message);
    }
    return answer;
}
