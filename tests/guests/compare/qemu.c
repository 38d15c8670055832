// SPDX-License-Identifier: Apache-2.0
#include "tests/guests/compare/qemu.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/guests/compare/monitor.h"
#include "tests/lib/process.h"
#include "tests/lib/qemu_process.h"

struct qemu {
    const struct guest_case *test;
    char folder[PATH_MAX_BYTES];
    pid_t pid;
    struct monitor monitor;
};

static void path_of(const struct qemu *qemu, const char *name, char path[PATH_MAX_BYTES + 16])
{
    snprintf(path, PATH_MAX_BYTES + 16, "%s/%s", qemu->folder, name);
}

// It waits for `cont` (-S), so that no question comes before its CPUs are there, and stays when the guest
// ends, so that it can be looked at. Its memory is a file, its console another.
static enum err_code start(struct qemu *qemu, struct err *err)
{
    char memory[PATH_MAX_BYTES + 16], path[PATH_MAX_BYTES + 16], serial[PATH_MAX_BYTES + 64],
        qmp[PATH_MAX_BYTES + 64], cpus[16];
    path_of(qemu, "memory", memory);
    path_of(qemu, "qmp", path);
    snprintf(serial, sizeof serial, "file:%s/console", qemu->folder);
    snprintf(qmp, sizeof qmp, "unix:%s,server=on,wait=off", path);
    snprintf(cpus, sizeof cpus, "%u", qemu->test->cpus);
    const char *const more[] = {"-smp",     cpus,
                                "-display", "none",
                                "-chardev", "null,id=none",
                                "-serial",  serial,
                                "-qmp",     qmp,
                                "-action",  "panic=pause,shutdown=pause",
                                "-append",  qemu->test->arguments,
                                "-S",       NULL};
    const struct qemu_options options = {qemu->test->image, memory, GUEST_MEMORY, NULL, more};
    qemu->pid = qemu_fork(&options, err);
    if (qemu->pid >= 0 && monitor_open(&qemu->monitor, path, qemu->pid, err) == ERR_OK)
        json_decref(monitor_ask(&qemu->monitor, "\"execute\":\"cont\"", err));
    return err->code;
}

// "shutdown" after the disabled wait that is a success, "guest-panicked" after any other.
static bool asked_for_end(struct qemu *qemu, struct err *err)
{
    json_t *answer = monitor_ask(&qemu->monitor, "\"execute\":\"query-status\"", err);
    const char *status = json_string_value(json_object_get(answer, "status"));
    bool ended = status && (strcmp(status, "shutdown") == 0 || strcmp(status, "guest-panicked") == 0);
    json_decref(answer);
    return ended || err->code;
}

static enum err_code wait_for_end(struct qemu *qemu, unsigned seconds, struct err *err)
{
    const struct timespec pause = {0, 20000000};
    for (unsigned turns = 0; turns < seconds * 50; turns++) {
        if (asked_for_end(qemu, err))
            return err->code;
        nanosleep(&pause, NULL);
    }
    return err_set(err, ERR_TIMEOUT, "on QEMU the guest did not end within %u s", seconds);
}

// The 16 digits behind a name, wherever it stands. Of a vector register they are the floating-point register.
static uint64_t register_of(const char *text, const char *name)
{
    const char *at = strstr(text, name);
    uint64_t value = 0;
    return at && sscanf(at + strlen(name), "%16" SCNx64, &value) == 1 ? value : 0;
}

static void take_registers(const char *text, struct case_outcome *outcome)
{
    outcome->psw_mask = register_of(text, "PSW=mask ") & ~UINT64_C(0x0000300000000000);
    outcome->psw_address = register_of(text, " addr ");
    for (unsigned i = 0; i < 16; i++) {
        char name[8];
        snprintf(name, sizeof name, "R%02u=", i);
        outcome->gr[i] = register_of(text, name);
        snprintf(name, sizeof name, "V%02u=", i);
        outcome->fpr[i] = register_of(text, name);
        snprintf(name, sizeof name, "C%02u=", i);
        outcome->cr[i] = register_of(text, name);
    }
    outcome->clean = (outcome->psw_address & 0xfff) == 0xfff;
}

static enum err_code take(struct qemu *qemu, struct case_outcome *outcome, struct err *err)
{
    json_t *answer = monitor_ask(&qemu->monitor,
                                 "\"execute\":\"human-monitor-command\","
                                 "\"arguments\":{\"command-line\":\"info registers\"}",
                                 err);
    const char *text = json_string_value(answer);
    if (text && strstr(text, "PSW=mask "))
        take_registers(text, outcome);
    else if (!err->code)
        err_set(err, ERR_PROCESS, "QEMU shows no registers: '%.200s'", text ? text : "");
    json_decref(answer);
    json_decref(err->code ? NULL : monitor_ask(&qemu->monitor, "\"execute\":\"quit\"", err));
    return err->code;
}

static void reap(struct qemu *qemu)
{
    int status;
    monitor_close(&qemu->monitor);
    if (qemu->pid <= 0)
        return;
    for (unsigned turns = 0; waitpid(qemu->pid, &status, WNOHANG) == 0; turns++) {
        if (turns == 3000)
            kill(qemu->pid, SIGKILL);
        test_sleep_ms(10);
    }
}

enum err_code qemu_run(const struct guest_case *test, unsigned seconds, struct case_outcome *outcome,
                       struct err *err)
{
    struct qemu qemu = {.test = test};
    err_clear(err);
    *outcome = (struct case_outcome){0};
    test_folder_make(qemu.folder);
    bool ended = start(&qemu, err) == ERR_OK && wait_for_end(&qemu, seconds, err) == ERR_OK &&
                 take(&qemu, outcome, err) == ERR_OK;
    if (!ended && qemu.pid > 0)
        kill(qemu.pid, SIGKILL);
    reap(&qemu);
    if (ended) {
        char path[PATH_MAX_BYTES + 16];
        path_of(&qemu, "memory", path);
        outcome->memory = qemu_memory(path, GUEST_MEMORY, err);
    }
    if (outcome->memory)
        outcome->console = file_content(qemu.folder, "console");
    test_folder_remove(qemu.folder);
    return err->code;
}
