// SPDX-License-Identifier: Apache-2.0
#include "coordinator/run/recordings.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <unistd.h>

#include "coordinator/record/cache.h"
#include "proto/trace/trace.h"

static volatile sig_atomic_t cancelled;

static void on_signal(int number)
{
    (void)number;
    cancelled = 1;
}

struct run_report {
    struct progress *progress;
    const struct recording *recording;
    uint32_t number, of;
};

static void show(void *context, uint64_t refs, uint64_t skipped, uint64_t bytes, double seconds)
{
    const struct run_report *report = context;
    (void)bytes;
    progress_say(report->progress, "recording %u of %u (%s): %.1f M of at most %.1f M references, %.1f s",
                 report->number, report->of, report->recording->name, 1e-6 * (double)(refs + skipped),
                 1e-6 * (double)(report->recording->max_refs + report->recording->skip), seconds);
}

_Static_assert(RECORDING_TOOLS == TOOL_COUNT, "tools of scenarios are numbered like those of recording");

// The program runs in its folder; so does the cache, whose key follows its relative arguments.
static enum err_code record_in_folder(struct run_report *report, char path[PATH_MAX_BYTES], struct err *err)
{
    const struct recording *recording = report->recording;
    struct recording_request request = {.argv = recording->argv,
                                        .tool = (enum recording_tool)recording->tool,
                                        .max_refs = recording->max_refs,
                                        .skip = recording->skip,
                                        .quiet = true,
                                        .cancel = &cancelled,
                                        .progress = show,
                                        .context = report};
    int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (here < 0 || chdir(recording->directory) != 0) {
        err_errno(err, ERR_FILE, "%s: the folder to run it in", recording->directory);
    } else {
        err->code = cache_recording(&request, path, err);
        if (fchdir(here) != 0)
            err_errno(err, ERR_FILE, "the working directory is gone");
    }
    if (here >= 0)
        close(here);
    return err->code;
}

// A program's threads are known only now.
static enum err_code check_members(const struct scenario *scenario, uint32_t recording, const char *path,
                                   struct err *err)
{
    const struct recording *of = &scenario->recordings[recording];
    bool pool = of->pool != NO_POOL;
    const struct cpu_desc *cpu =
        pool ? &scenario->machine.pools[of->pool].what : &scenario->machine.cpus[of->cpus[0]];
    struct trace_info info;
    uint32_t needed;
    if (trace_info_read(path, &info, err))
        return err->code;
    if (!trace_cpus_suffice(&info, cpu->members, &needed))
        err_set(err, ERR_IMPOSSIBLE_MACHINE,
                "%s:%u: the recorded threads wait for one another and need %" PRIu32 " %s: has %" PRIu32
                "; name %" PRIu32 "%s",
                scenario->file, scenario->programs[cpu->program].line, needed,
                pool ? "threads, threads" : "CPUs, on", cpu->members, needed, pool ? "" : " CPUs");
    trace_info_free(&info);
    return err->code;
}

static enum err_code make_all(struct scenario *scenario, struct progress *progress, struct err *err)
{
    for (uint32_t i = 0; i < scenario->n_recordings; i++) {
        struct run_report report = {progress, &scenario->recordings[i], i + 1, scenario->n_recordings};
        char path[PATH_MAX_BYTES];
        err_clear(err);
        if (record_in_folder(&report, path, err) || check_members(scenario, i, path, err))
            return err_wrap(err, "recording %s", scenario->recordings[i].name);
        if (scenario_set_trace(scenario, i, path, err))
            return err->code;
    }
    return ERR_OK;
}

enum err_code recordings_make(struct scenario *scenario, struct progress *progress, struct err *err)
{
    const struct sigaction catch = {.sa_handler = on_signal};
    struct sigaction before[2];
    cancelled = 0;
    sigaction(SIGINT, &catch, &before[0]);
    sigaction(SIGTERM, &catch, &before[1]);
    enum err_code code = make_all(scenario, progress, err);
    sigaction(SIGINT, &before[0], NULL);
    sigaction(SIGTERM, &before[1], NULL);
    progress_clear(progress);
    if (!code && cancelled) // between two programs
        code = err_set(err, ERR_INTERRUPTED, "interrupted before the run began");
    return code;
}
