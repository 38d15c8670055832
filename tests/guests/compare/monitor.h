// SPDX-License-Identifier: Apache-2.0
// The monitor of a QEMU that was started with `-qmp unix:PATH,server=on,wait=off`.
#ifndef NP_TESTS_GUESTS_COMPARE_MONITOR_H
#define NP_TESTS_GUESTS_COMPARE_MONITOR_H

#include <jansson.h>
#include <stdio.h>
#include <sys/types.h>

#include "proto/base/err.h"

struct monitor {
    FILE *socket;
    long long asked; // the number of the last question
};

// Connects as soon as there is a socket, as long as the process `qemu`, a child of ours, lives and a minute
// at most, and greets.
enum err_code monitor_open(struct monitor *monitor, const char *path, pid_t qemu, struct err *err);
void monitor_close(struct monitor *monitor);

// Sends a question, such as "\"execute\":\"query-status\"", and returns its answer's "return"; the caller
// releases it. NULL and *err when there is none. Events and greetings in between are dropped: an answer bears
// its question's number.
json_t *monitor_ask(struct monitor *monitor, const char *question, struct err *err);

#endif
