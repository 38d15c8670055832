// SPDX-License-Identifier: Apache-2.0
// Running the points of a sweep that are not done yet.
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "coordinator/campaign/child_run.h"
#include "coordinator/campaign/pool.h"
#include "coordinator/campaign/sweep.h"
#include "coordinator/run/progress.h"
#include "proto/base/assert.h"

struct running {
    struct sweep *sweep;
    uint32_t next, todo, ended;
    struct progress progress;
    int64_t began_ms;
    struct err failure; // the argument list of a child could not be made
};

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool to_run(const struct sweep *sweep, uint32_t i)
{
    return sweep->points[i].state == POINT_PENDING && sweep->points[i].twin == i;
}

static void folder_of(const struct sweep *sweep, const struct point *point, char folder[2 * PATH_MAX_BYTES])
{
    snprintf(folder, 2 * PATH_MAX_BYTES, "%s/points/%s", sweep->folder, point->key);
}

static char **arguments(const struct sweep *sweep, const struct point *point, struct err *err)
{
    const struct question *q = sweep->question;
    struct settings settings = q->settings;
    char folder[2 * PATH_MAX_BYTES];
    folder_of(sweep, point, folder);
    for (uint32_t i = 0; i < q->n_axes; i++) {
        struct setting *setting = &settings.item[settings.n++]; // there is room: the plan has seen it
        strcpy(setting->name, q->axes[i].name);
        strcpy(setting->value, sweep_value(sweep, point->combination, i));
    }
    const struct child_run run = {.scenario = q->scenario,
                                  .folder = folder,
                                  .settings = &settings,
                                  .seed = point->seed,
                                  .seed_given = true,
                                  .nodes = q->nodes};
    return child_run_argv(&run, err);
}

static bool next(void *context, struct pool_job *job)
{
    struct running *r = context;
    while (r->next < r->sweep->n_points && !to_run(r->sweep, r->next))
        r->next++;
    if (r->next == r->sweep->n_points || r->failure.code)
        return false;
    struct point *point = &r->sweep->points[r->next++];
    job->tag = point;
    job->argv = arguments(r->sweep, point, &r->failure);
    return job->argv != NULL;
}

// The first line that a failed child said.
static void keep_words(struct point *point, const struct process *process)
{
    char end[80], text[2 * LAST_WORDS_SIZE];
    const char *words = process->last_words;
    int length = (int)strcspn(words, "\n");
    if (length)
        snprintf(text, sizeof text, "%.*s", length, words);
    else
        snprintf(text, sizeof text, "the run %s", process_end(process, end, sizeof end));
    point->message = strdup(text);
}

// What is whole is done, even when the child was ended right behind it. A child that was ended otherwise
// stays pending with its words, until it is known whether we ended it.
static void done(void *context, const struct pool_job *job, const struct process *process)
{
    struct running *r = context;
    struct point *point = job->tag;
    char folder[2 * PATH_MAX_BYTES];
    struct err err = {0};
    int status = WIFEXITED(process->status) ? WEXITSTATUS(process->status) : EXIT_CLASS_INTERRUPTED;
    bool ok = status == EXIT_CLASS_OK, ended = status == EXIT_CLASS_INTERRUPTED;
    folder_of(r->sweep, point, folder);
    child_run_free(job->argv);
    r->ended++;
    if ((ok || ended) && metrics_read(folder, &point->metrics, &err) == ERR_OK) {
        point->state = POINT_DONE;
        r->sweep->done++;
        return;
    }
    if (ok)
        point->message = strdup(err.text);
    else
        keep_words(point, process);
    point->state = ended ? POINT_PENDING : POINT_FAILED;
    r->sweep->failed += !ended;
}

// Children that somebody else ended have failed; those that we ended are to be run again.
static void settle(struct sweep *sweep, bool interrupted)
{
    for (uint32_t i = 0; i < sweep->n_points; i++) {
        struct point *point = &sweep->points[i];
        if (point->state != POINT_PENDING || !point->message)
            continue;
        if (interrupted) {
            free(point->message);
            point->message = NULL;
        } else {
            point->state = POINT_FAILED;
            sweep->failed++;
        }
    }
}

static void tick(void *context, uint32_t running)
{
    struct running *r = context;
    double seconds = 1e-3 * (double)(now_ms() - r->began_ms);
    unsigned left = r->ended ? (unsigned)(seconds / r->ended * (r->todo - r->ended)) : 0;
    char more[64] = "";
    if (r->ended)
        snprintf(more, sizeof more, ", %u:%02u left", left / 60, left % 60);
    progress_say(&r->progress, "%s: %" PRIu32 " of %" PRIu32 " runs done, %" PRIu32 " at once%s%s",
                 r->sweep->question->name, r->ended, r->todo, running,
                 r->sweep->failed ? ", some failed" : "", more);
}

// Twins have what the point has that was run.
static void share(struct sweep *sweep)
{
    for (uint32_t i = 0; i < sweep->n_points; i++) {
        struct point *point = &sweep->points[i];
        const struct point *twin = &sweep->points[point->twin];
        if (point->state != POINT_PENDING || twin->state == POINT_PENDING)
            continue;
        point->state = twin->state;
        point->message = twin->message ? strdup(twin->message) : NULL;
        sweep->done += twin->state == POINT_DONE;
        sweep->failed += twin->state == POINT_FAILED;
        point->metrics = twin->metrics;
        point->metrics.partitions = calloc(twin->metrics.n + 1, sizeof *twin->metrics.partitions);
        NP_ASSERT(point->metrics.partitions);
        if (twin->metrics.n)
            memcpy(point->metrics.partitions, twin->metrics.partitions,
                   twin->metrics.n * sizeof *twin->metrics.partitions);
    }
}

enum err_code sweep_run(struct sweep *sweep, uint32_t jobs, bool quiet, struct err *err)
{
    struct running r = {.sweep = sweep, .began_ms = now_ms()};
    progress_init(&r.progress, SIM_NEVER, quiet);
    for (uint32_t i = 0; i < sweep->n_points; i++)
        r.todo += to_run(sweep, i);
    sweep->jobs = jobs ? jobs : pool_default();
    struct pool pool = {.jobs = sweep->jobs, .next = next, .done = done, .tick = tick, .context = &r};
    err_clear(err);
    enum err_code code = r.todo ? pool_run(&pool, err) : ERR_OK;
    progress_clear(&r.progress);
    sweep->wall_s = pool.wall_s;
    sweep->cpu_s = pool.cpu_s;
    settle(sweep, code != ERR_OK);
    share(sweep);
    if (!code && r.failure.code) {
        *err = r.failure;
        code = err->code;
    }
    if (code == ERR_INTERRUPTED)
        err_set(err, code, "interrupted after %" PRIu32 " of %" PRIu32 " runs; the same command goes on",
                sweep->kept + sweep->done, sweep->n_points - sweep->impossible);
    return code;
}
