// SPDX-License-Identifier: Apache-2.0
// A sample is taken in a process of its own: it starts with a fresh heap, may keep itself on one core, and
// what it leaves behind ends with it.
#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/bench.h"

struct answer {
    struct sample sample;
    struct err err;
};

double bench_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static _Noreturn void measure_and_leave(const struct row *row, const struct bench_settings *settings, int out)
{
    struct answer answer = {0};
    row->measure(row, settings, &answer.sample, &answer.err);
    fflush(NULL);
    _exit(write(out, &answer, sizeof answer) == sizeof answer ? 0 : EXIT_CLASS_HOST);
}

enum err_code sample_in_child(const struct row *row, const struct bench_settings *settings,
                              struct sample *sample, struct err *err)
{
    struct answer answer;
    int ends[2], status;
    if (pipe(ends))
        return err_errno(err, ERR_PROCESS, "%s", row->name);
    fflush(NULL);
    pid_t child = fork();
    if (child < 0)
        return err_errno(err, ERR_PROCESS, "%s", row->name);
    if (child == 0)
        measure_and_leave(row, settings, ends[1]);
    close(ends[1]);
    ssize_t n = read(ends[0], &answer, sizeof answer);
    close(ends[0]);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    if (n != sizeof answer)
        return err_set(err, ERR_PROCESS, "%s: the process that measured it ended with status %d", row->name,
                       WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status));
    *sample = answer.sample;
    *err = answer.err;
    return err->code ? err_wrap(err, "%s", row->name) : ERR_OK;
}
