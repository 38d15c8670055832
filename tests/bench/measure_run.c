// SPDX-License-Identifier: Apache-2.0
// Figures of `numaplex run`: the programs of the installation, as a user starts them.
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "coordinator/machine/scenario.h"
#include "coordinator/run/find.h"
#include "tests/bench/bench.h"

#define ARGUMENTS_MAX 12

// One run: its folder, and how long the command took.
struct finished {
    char folder[PATH_MAX_BYTES];
    double seconds;
};

static enum err_code execute(char *const *argv, struct err *err)
{
    int status;
    pid_t child = fork();
    if (child < 0)
        return err_errno(err, ERR_PROCESS, "%s", argv[0]);
    if (child == 0) {
        execv(argv[0], argv);
        _exit(127);
    }
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    if (!WIFEXITED(status) || WEXITSTATUS(status))
        return err_set(err, ERR_NODE_DIED, "numaplex run %s ended with status %d; it says why above", argv[2],
                       WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status));
    return ERR_OK;
}

// When the scenario's own end is scaled, as text that --until takes.
static enum err_code scaled_until(const char *path, double length, char text[32], struct err *err)
{
    struct scenario scenario;
    if (scenario_read(path, &scenario, err))
        return err->code;
    snprintf(text, 32, "%.0fns", 1e-3 * (double)scenario.machine.until * length + 1);
    scenario_free(&scenario);
    return ERR_OK;
}

// option: one more option of the command, or NULL. until: NULL for the scenario's end, scaled.
static enum err_code run(const struct row *row, const struct bench_settings *settings, const char *option,
                         const char *until, struct finished *finished, struct err *err)
{
    char program[PATH_MAX_BYTES], path[PATH_MAX_BYTES], end[32], extra[32];
    char verb[] = "run", quiet[] = "--quiet", force[] = "--force", out[] = "--out",
         until_option[] = "--until";
    err_clear(err);
    if (find_program("numaplex-coordinator", program, err) || setup_path(row, settings, path, err) ||
        scaled_until(path, settings->length, end, err))
        return err->code;
    if (snprintf(finished->folder, PATH_MAX_BYTES, "%s/run", settings->folder) >= (int)PATH_MAX_BYTES)
        return err_set(err, ERR_LIMIT, "%s: the path is too long", settings->folder);
    if (until)
        snprintf(end, sizeof end, "%s", until);
    snprintf(extra, sizeof extra, "%s", option ? option : "");
    char *argv[ARGUMENTS_MAX] = {
        program, verb, path, quiet, force, out, finished->folder, until_option, end, option ? extra : NULL};
    double start = bench_seconds();
    enum err_code code = execute(argv, err);
    finished->seconds = bench_seconds() - start;
    return code;
}

static enum err_code read_results(const struct finished *finished, json_t **results, struct err *err)
{
    char path[PATH_MAX_BYTES + 16];
    json_error_t why;
    snprintf(path, sizeof path, "%s/results.json", finished->folder);
    *results = json_load_file(path, 0, &why);
    if (!*results)
        return err_set(err, ERR_FILE, "%s:%d: %s", path, why.line, why.text);
    return ERR_OK;
}

static double host_number(const json_t *results, const char *key)
{
    return json_number_value(json_object_get(json_object_get(results, "host"), key));
}

enum err_code measure_run_grants(const struct row *row, const struct bench_settings *settings,
                                 struct sample *sample, struct err *err)
{
    struct finished finished;
    json_t *results;
    if (run(row, settings, "--no-bounds", NULL, &finished, err) || read_results(&finished, &results, err))
        return err->code;
    sample->value = host_number(results, "grants") / host_number(results, "seconds");
    json_decref(results);
    return ERR_OK;
}

// Partitions may end at different times when their programs do: the latest counts.
static double simulated_ps(const json_t *results)
{
    size_t i;
    json_t *partition;
    double latest = 0;
    json_array_foreach(json_object_get(results, "partitions"), i, partition)
    {
        double end = json_number_value(json_object_get(partition, "end_ps"));
        latest = end > latest ? end : latest;
    }
    return latest;
}

enum err_code measure_run_speed(const struct row *row, const struct bench_settings *settings,
                                struct sample *sample, struct err *err)
{
    struct finished finished;
    json_t *results;
    if (run(row, settings, row->setup.option, NULL, &finished, err) || read_results(&finished, &results, err))
        return err->code;
    sample->value = 1e-9 * simulated_ps(results) / host_number(results, "seconds");
    json_decref(results);
    return ERR_OK;
}

// The sum over partitions of a counter of results.json.
static double counted(const json_t *results, const char *counter)
{
    size_t i;
    json_t *partition;
    double sum = 0;
    json_array_foreach(json_object_get(results, "partitions"), i, partition)
    {
        sum += json_number_value(json_object_get(json_object_get(partition, "counters"), counter));
    }
    return sum;
}

enum err_code measure_guest_run(const struct row *row, const struct bench_settings *settings,
                                struct sample *sample, struct err *err)
{
    struct finished finished;
    json_t *results;
    if (run(row, settings, row->setup.option, "1000s", &finished, err) ||
        read_results(&finished, &results, err))
        return err->code;
    sample->value = 1e-6 * counted(results, "instructions") / host_number(results, "seconds");
    json_decref(results);
    return ERR_OK;
}

enum err_code measure_run_start(const struct row *row, const struct bench_settings *settings,
                                struct sample *sample, struct err *err)
{
    struct finished finished;
    if (run(row, settings, NULL, "1ns", &finished, err))
        return err->code;
    sample->value = finished.seconds;
    return ERR_OK;
}

// The run's log says when all processes were ready; the first grant follows at once.
enum err_code measure_run_ready(const struct row *row, const struct bench_settings *settings,
                                struct sample *sample, struct err *err)
{
    struct finished finished;
    static const char said[] = "all processes are ready after ";
    char path[PATH_MAX_BYTES + 16], line[512];
    if (run(row, settings, NULL, "1ns", &finished, err))
        return err->code;
    snprintf(path, sizeof path, "%s/log", finished.folder);
    FILE *log = fopen(path, "r");
    if (!log)
        return err_errno(err, ERR_FILE, "%s", path);
    const char *found = NULL;
    while (!found && fgets(line, sizeof line, log))
        found = strstr(line, said);
    fclose(log);
    if (!found)
        return err_set(err, ERR_FILE, "%s: it does not say when all processes were ready", path);
    sample->value = strtod(found + sizeof said - 1, NULL);
    return ERR_OK;
}

enum err_code measure_run_resident(const struct row *row, const struct bench_settings *settings,
                                   struct sample *sample, struct err *err)
{
    struct finished finished;
    json_t *results, *process;
    size_t i;
    if (run(row, settings, NULL, NULL, &finished, err) || read_results(&finished, &results, err))
        return err->code;
    sample->value = 0;
    json_array_foreach(json_object_get(json_object_get(results, "host"), "processes"), i, process)
    {
        double bytes = json_number_value(json_object_get(process, "max_rss_bytes"));
        bool node = strncmp(json_string_value(json_object_get(process, "process")), "node", 4) == 0;
        if (node && 1e-6 * bytes > sample->value)
            sample->value = 1e-6 * bytes;
    }
    json_decref(results);
    return ERR_OK;
}
