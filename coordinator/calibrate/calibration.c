// SPDX-License-Identifier: Apache-2.0
#include "coordinator/calibrate/calibration.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "coordinator/campaign/child_run.h"
#include "coordinator/campaign/pool.h"
#include "proto/base/assert.h"

static void *more(void *array, uint32_t n, size_t size)
{
    void *grown = realloc(array, (n + 1) * size);
    NP_ASSERT(grown);
    memset((char *)grown + n * size, 0, size);
    return grown;
}

// A path is kept absolute: the scenarios that name it are elsewhere.
static enum err_code keep_name(struct calibrated_preset *to, const char *name, struct err *err)
{
    size_t length = strlen(name);
    bool path = strchr(name, '/') || (length > 5 && strcmp(name + length - 5, ".yaml") == 0);
    char *whole = path ? realpath(name, NULL) : NULL;
    if (path && !whole)
        return err_errno(err, ERR_FILE, "%s", name);
    int n = snprintf(to->name, sizeof to->name, "%s", whole ? whole : name);
    free(whole);
    return n < (int)sizeof to->name ? ERR_OK : err_set(err, ERR_LIMIT, "the path of a preset is too long");
}

static enum err_code add_preset(struct calibration *c, const char *name, bool all, struct err *err)
{
    c->presets = more(c->presets, c->n_presets, sizeof *c->presets);
    struct calibrated_preset *preset = &c->presets[c->n_presets];
    if (keep_name(preset, name, err) || preset_open(preset->name, ".", &preset->preset, err))
        return err->code;
    if (preset->preset.published.n == 0 && !all)
        return err_set(err, ERR_USAGE, "preset %s has no published values; add them under published:", name);
    c->n_presets += preset->preset.published.n > 0;
    return ERR_OK;
}

static enum err_code add_rows(struct calibration *c, uint32_t preset, struct err *err)
{
    const struct preset *p = &c->presets[preset].preset;
    for (uint32_t i = 0; i < p->published.n; i++) {
        c->rows = more(c->rows, c->n_rows, sizeof *c->rows);
        struct calibrated_row *row = &c->rows[c->n_rows];
        row->preset = preset;
        row->item = &p->published.items[i];
        row->n_runs = bench_plan(p, row->item, row->runs, err);
        if (row->n_runs == 0)
            return err->code;
        c->n_rows++;
    }
    return ERR_OK;
}

enum err_code calibration_plan(struct calibration *calibration, char *const *names, unsigned n,
                               struct err *err)
{
    static char all[PRESETS_MAX][NAME_MAX_BYTES];
    *calibration = (struct calibration){0};
    unsigned n_all = n ? 0 : preset_names(".", all);
    enum err_code code = ERR_OK;
    for (unsigned i = 0; i < n && !code; i++)
        code = add_preset(calibration, names[i], false, err);
    for (unsigned i = 0; i < n_all && !code; i++)
        code = add_preset(calibration, all[i], true, err);
    // Rows point into presets, which no longer move.
    for (uint32_t i = 0; i < calibration->n_presets && !code; i++)
        code = add_rows(calibration, i, err);
    return code;
}

void calibration_free(struct calibration *calibration)
{
    free(calibration->presets);
    free(calibration->rows);
    *calibration = (struct calibration){0};
}

// The runs of all rows, as a pool takes them.
struct bench_queue {
    struct calibration *calibration;
    const char *folder;
    uint32_t row;
    unsigned run; // the next to begin
    struct err *err;
};

struct bench_job {
    struct calibrated_row *row;
    unsigned run;
    char folder[PATH_MAX_BYTES];
};

static enum err_code write_scenario(const struct calibrated_preset *preset, const struct bench_run *run,
                                    const char *path, struct err *err)
{
    FILE *out = fopen(path, "w");
    if (!out)
        return err_errno(err, ERR_FILE, "%s", path);
    bench_write(&preset->preset, preset->name, run, out);
    bool failed = ferror(out);
    if (fclose(out) || failed)
        return err_errno(err, ERR_FILE, "%s", path);
    return ERR_OK;
}

static char **begin_run(struct bench_queue *q, struct bench_job *job, struct err *err)
{
    char scenario[PATH_MAX_BYTES + 16];
    const struct calibrated_preset *preset = &q->calibration->presets[job->row->preset];
    int n =
        snprintf(job->folder, sizeof job->folder, "%s/%s-%u-%s-%u", q->folder, preset->preset.name,
                 (unsigned)(job->row - q->calibration->rows), measure_key(job->row->item->measure), job->run);
    if (n >= (int)sizeof job->folder) {
        err_set(err, ERR_LIMIT, "%s: the path is too long", q->folder);
        return NULL;
    }
    snprintf(scenario, sizeof scenario, "%s.yaml", job->folder);
    if (write_scenario(preset, &job->row->runs[job->run], scenario, err))
        return NULL;
    struct child_run child = {.scenario = scenario, .folder = job->folder};
    return child_run_argv(&child, err);
}

static bool next_job(void *context, struct pool_job *out)
{
    struct bench_queue *q = context;
    while (q->row < q->calibration->n_rows && q->run == q->calibration->rows[q->row].n_runs) {
        q->row++;
        q->run = 0;
    }
    if (q->err->code || q->row == q->calibration->n_rows)
        return false;
    struct bench_job *job = calloc(1, sizeof *job);
    NP_ASSERT(job);
    job->row = &q->calibration->rows[q->row];
    job->run = q->run++;
    *out = (struct pool_job){begin_run(q, job, q->err), job};
    if (!out->argv)
        free(job);
    return out->argv;
}

static void job_done(void *context, const struct pool_job *ended, const struct process *process)
{
    struct bench_queue *q = context;
    struct bench_job *job = ended->tag;
    const struct preset *preset = &q->calibration->presets[job->row->preset].preset;
    char how[96];
    bool good = WIFEXITED(process->status) && WEXITSTATUS(process->status) == 0;
    if (!good && !q->err->code)
        err_set(q->err, ERR_NODE_DIED, "preset %s, measure %s: the run %s: %.300s", preset->name,
                measure_key(job->row->item->measure), process_end(process, how, sizeof how),
                process->last_words);
    if (good && !q->err->code)
        bench_read(job->folder, preset, &job->row->runs[job->run], &job->row->values[job->run], q->err);
    child_run_free(ended->argv);
    free(job);
}

static void compare(struct calibrated_row *row)
{
    const struct published *item = row->item;
    row->simulated = bench_combine(item, row->values);
    double low = (double)item->low, high = (double)item->high, value = row->simulated;
    double nearest = value < low ? low : value > high ? high : value;
    row->error_percent = 100.0 * (value - nearest) / nearest;
}

bool calibrated_row_fails(const struct calibrated_row *row)
{
    return row->item->use == USE_FITTED && !(fabs(row->error_percent) <= FITTED_TOLERANCE_PERCENT);
}

enum err_code calibration_run(struct calibration *calibration, const char *folder, uint32_t jobs,
                              struct err *err)
{
    struct err own;
    err_clear(&own);
    err_clear(err);
    struct bench_queue queue = {calibration, folder, 0, 0, &own};
    struct pool pool = {.jobs = jobs, .next = next_job, .done = job_done, .context = &queue};
    if (pool_run(&pool, err))
        return err->code;
    if (own.code) {
        *err = own;
        return err->code;
    }
    for (uint32_t i = 0; i < calibration->n_rows; i++)
        compare(&calibration->rows[i]);
    return ERR_OK;
}
