// SPDX-License-Identifier: Apache-2.0
// A recorded program: how fast it is recorded, and how fast it is replayed beside valgrind's cachegrind,
// which counts hits and misses of the same program, without other CPUs, coherence and time. Both are whole
// commands, start included, by the processor time of all their processes: a rate per core.
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "coordinator/run/find.h"
#include "proto/trace/trace.h"
#include "tests/bench/bench.h"

enum { NUMBERS = 20000, PATH_SIZE = PATH_MAX_BYTES + 32, ARGUMENTS_MAX = 16 };

struct cost {
    double wall_s, cpu_s;
};

static double seconds(struct timeval t)
{
    return (double)t.tv_sec + 1e-6 * (double)t.tv_usec;
}

// Runs a command to its end; its standard output goes to /dev/null, and when `quiet` its standard error too.
static enum err_code run_command(const char *const *argv, bool quiet, struct cost *cost, struct err *err)
{
    int status;
    struct rusage use;
    double start = bench_seconds();
    pid_t child = fork();
    if (child < 0)
        return err_errno(err, ERR_PROCESS, "%s", argv[0]);
    if (child == 0) {
        int null = open("/dev/null", O_WRONLY);
        dup2(null, STDOUT_FILENO);
        if (quiet)
            dup2(null, STDERR_FILENO);
        execvp(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    while (wait4(child, &status, 0, &use) < 0 && errno == EINTR)
        ;
    *cost = (struct cost){bench_seconds() - start, seconds(use.ru_utime) + seconds(use.ru_stime)};
    if (!WIFEXITED(status) || WEXITSTATUS(status))
        return err_set(err, WIFEXITED(status) && WEXITSTATUS(status) == 127 ? ERR_MISSING_TOOL : ERR_PROCESS,
                       "%s %s ended with status %d", argv[0], argv[1],
                       WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status));
    return ERR_OK;
}

static void path_in(const struct bench_settings *settings, const char *name, char path[PATH_SIZE])
{
    snprintf(path, PATH_SIZE, "%s/%s", settings->folder, name);
}

// What the program sorts: the same numbers each time.
static enum err_code write_numbers(const struct bench_settings *settings, char path[PATH_SIZE],
                                   struct err *err)
{
    path_in(settings, "numbers", path);
    FILE *out = fopen(path, "w");
    uint32_t n = (uint32_t)(NUMBERS * settings->length) + 1;
    for (uint32_t i = 0; out && i < n; i++)
        fprintf(out, "%u\n", (unsigned)(i * UINT64_C(7919) % 1000003));
    if (!out || fclose(out))
        return err_errno(err, ERR_FILE, "%s", path);
    return ERR_OK;
}

// Records the program with one of the recorder's tools.
static enum err_code record(const struct bench_settings *settings, const char *tool, const char *name,
                            struct trace_info *info, struct cost *cost, struct err *err)
{
    char program[PATH_MAX_BYTES], numbers[PATH_SIZE], trace[PATH_SIZE];
    path_in(settings, name, trace);
    if (find_program("numaplex-coordinator", program, err) || write_numbers(settings, numbers, err))
        return err->code;
    const char *argv[ARGUMENTS_MAX] = {program, "record", "--quiet", "--tool", tool,        "-o",   trace,
                                       "--",    "sort",   "-n",      "-o",     "/dev/null", numbers};
    if (run_command(argv, true, cost, err)) // a summary that is no error
        return err->code;
    return trace_info_read(trace, info, err);
}

enum err_code measure_recording(const struct row *row, const struct bench_settings *settings,
                                struct sample *sample, struct err *err)
{
    struct trace_info info;
    struct cost cost;
    err_clear(err);
    if (record(settings, row->setup.option, "rate.nptrace", &info, &cost, err))
        return err->code;
    sample->value = 1e-6 * (double)trace_refs_total(info.refs) / cost.wall_s;
    trace_info_free(&info);
    return ERR_OK;
}

static enum err_code write_scenario(const char *path, const char *trace, struct err *err)
{
    FILE *out = fopen(path, "w");
    if (out)
        fprintf(out,
                "scenario: replay\nsystems:\n  - name: sun\n    preset: sun-fire-15k\n    boards: 1\n"
                "    partitions:\n      - {name: P, boards: all, frames: 256MiB, programs: [{on: B0/0, "
                "trace: '%s'}]}\n",
                trace);
    if (!out || fclose(out))
        return err_errno(err, ERR_FILE, "%s", path);
    return ERR_OK;
}

enum err_code measure_replay(const struct row *row, const struct bench_settings *settings,
                             struct sample *sample, struct err *err)
{
    char program[PATH_MAX_BYTES], trace[PATH_SIZE], scenario[PATH_SIZE], folder[PATH_SIZE];
    struct trace_info info;
    struct cost cost;
    (void)row;
    err_clear(err);
    path_in(settings, "replay.nptrace", trace);
    path_in(settings, "replay.yaml", scenario);
    path_in(settings, "replay", folder);
    if (access(trace, F_OK) != 0 && record(settings, "lackey", "replay.nptrace", &info, &cost, err))
        return err->code;
    if (find_program("numaplex-coordinator", program, err) || write_scenario(scenario, trace, err) ||
        trace_info_read(trace, &info, err))
        return err->code;
    const char *argv[ARGUMENTS_MAX] = {program, "run",     scenario, "--quiet", "--nodes",
                                       "1",     "--force", "--out",  folder};
    enum err_code code = run_command(argv, false, &cost, err);
    sample->value = 1e-6 * (double)trace_refs_total(info.refs) / cost.cpu_s;
    trace_info_free(&info);
    return code;
}

// "==7== I   refs:      65,224,045", and the same for D.
static uint64_t counted_refs(const char *path)
{
    char line[256];
    uint64_t total = 0;
    FILE *log = fopen(path, "r");
    while (log && fgets(line, sizeof line, log)) {
        const char *refs = strstr(line, " refs:");
        if (!refs || !(strstr(line, "== I ") || strstr(line, "== D ")))
            continue;
        uint64_t n = 0;
        for (const char *c = refs + 6 + strspn(refs + 6, " "); (*c >= '0' && *c <= '9') || *c == ','; c++)
            n = *c == ',' ? n : 10 * n + (uint64_t)(*c - '0');
        total += n;
    }
    if (log)
        fclose(log);
    return total;
}

enum err_code measure_cachegrind(const struct row *row, const struct bench_settings *settings,
                                 struct sample *sample, struct err *err)
{
    char numbers[PATH_SIZE], log[PATH_SIZE], log_option[PATH_SIZE + 16];
    struct cost cost;
    (void)row;
    err_clear(err);
    path_in(settings, "cachegrind.log", log);
    snprintf(log_option, sizeof log_option, "--log-file=%s", log);
    if (write_numbers(settings, numbers, err))
        return err->code;
    const char *argv[ARGUMENTS_MAX] = {"valgrind",
                                       "--tool=cachegrind",
                                       "--cachegrind-out-file=/dev/null",
                                       log_option,
                                       "sort",
                                       "-n",
                                       "-o",
                                       "/dev/null",
                                       numbers};
    if (run_command(argv, false, &cost, err))
        return err->code;
    uint64_t refs = counted_refs(log);
    if (refs == 0)
        return err_set(err, ERR_FILE, "%s: cachegrind did not say how many references there were", log);
    sample->value = 1e-6 * (double)refs / cost.cpu_s;
    return ERR_OK;
}
