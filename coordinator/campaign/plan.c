// SPDX-License-Identifier: Apache-2.0
// The points of a sweep: which there are, which are impossible, which are done already.
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "coordinator/campaign/sweep.h"
#include "coordinator/machine/scenario.h"
#include "coordinator/run/file_hash.h"
#include "coordinator/run/find.h"
#include "proto/base/assert.h"

const char *point_state_name(enum point_state state)
{
    static const char *const names[] = {"pending", "done", "done", "impossible", "failed"};
    return names[state];
}

const char *sweep_value(const struct sweep *sweep, uint32_t combination, uint32_t axis)
{
    const struct question *q = sweep->question;
    for (uint32_t i = q->n_axes - 1; i > axis; i--)
        combination /= q->axes[i].n;
    return q->axes[axis].values[combination % q->axes[axis].n];
}

const char *sweep_place(const struct sweep *sweep, uint32_t combination, char text[512])
{
    size_t used = 0;
    text[0] = '\0';
    for (uint32_t i = 0; i < sweep->question->n_axes && used < 511; i++)
        used += (size_t)snprintf(text + used, 512 - used, "%s%s=%s", i ? " " : "",
                                 sweep->question->axes[i].name, sweep_value(sweep, combination, i));
    return text;
}

static enum err_code settings_of(const struct sweep *sweep, uint32_t combination, struct settings *settings,
                                 struct err *err)
{
    const struct question *q = sweep->question;
    *settings = q->settings;
    for (uint32_t i = 0; i < q->n_axes; i++) {
        char text[SETTING_NAME_SIZE + SETTING_VALUE_SIZE + 1];
        snprintf(text, sizeof text, "%s=%s", q->axes[i].name, sweep_value(sweep, combination, i));
        if (settings_add(settings, text, err))
            return err->code;
    }
    return ERR_OK;
}

// Traces and images of guests are named in the resolved scenario; what is in them is told by size and time of
// change.
static void write_file(const char *path, FILE *out)
{
    struct stat status;
    if (stat(path, &status) == 0)
        fprintf(out, "%s %lld %lld.%09ld\n", path, (long long)status.st_size,
                (long long)status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
}

static void write_inputs(const struct machine *m, FILE *out)
{
    const char *last = "";
    for (uint32_t i = 0; i < m->n_cpus; i++) {
        if (m->cpus[i].kind != CPU_TRACE || strcmp(m->cpus[i].trace, last) == 0)
            continue;
        last = m->cpus[i].trace;
        write_file(last, out);
    }
    for (uint32_t i = 0; i < m->n_pools; i++)
        if (m->pools[i].what.kind == CPU_TRACE)
            write_file(m->pools[i].what.trace, out);
    for (uint32_t i = 0; i < m->n_partitions; i++)
        if (m->partitions[i].guest.image[0])
            write_file(m->partitions[i].guest.image, out);
}

// The key of a run: all that decides its results, and the program that makes them.
static enum err_code make_key(struct point *point, const struct scenario *scenario, uint64_t program,
                              uint32_t nodes, struct err *err)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return err_set(err, ERR_MEMORY, "out of memory for a scenario");
    scenario_write_resolved(scenario, out, err);
    write_inputs(&scenario->machine, out);
    fprintf(out, "program %016" PRIx64 " nodes %" PRIu32 "\n", program, nodes);
    if (fclose(out) == 0)
        snprintf(point->key, sizeof point->key, "%016" PRIx64, text_hash(text));
    else
        err_set(err, ERR_MEMORY, "out of memory for a scenario");
    free(text);
    return err->code;
}

static void mark_impossible(struct sweep *sweep, uint32_t combination, const char *why)
{
    uint32_t seeds = sweep->question->seeds;
    for (uint32_t i = combination * seeds; i < (combination + 1) * seeds; i++) {
        sweep->points[i].state = POINT_IMPOSSIBLE;
        sweep->points[i].message = strdup(why);
    }
    sweep->impossible += seeds;
}

static enum err_code plan_combination(struct sweep *sweep, uint32_t combination, uint64_t program,
                                      struct err *err)
{
    struct question *q = sweep->question;
    struct settings settings;
    struct scenario scenario;
    err_clear(err);
    if (settings_of(sweep, combination, &settings, err))
        return err->code;
    if (scenario_read_set(q->scenario, &settings, &scenario, err)) {
        if (err_exit_status(err->code) == EXIT_CLASS_INPUT)
            mark_impossible(sweep, combination, err->text);
        return err_exit_status(err->code) == EXIT_CLASS_INPUT ? ERR_OK : err->code;
    }
    uint64_t seed = scenario.machine.seed;
    for (uint32_t s = 0; s < q->seeds && !err->code; s++) {
        struct point *point = &sweep->points[combination * q->seeds + s];
        point->seed = seed + s;
        scenario_set_seed(&scenario, point->seed);
        make_key(point, &scenario, program, q->nodes, err);
    }
    scenario_free(&scenario);
    return err->code;
}

static enum err_code program_hash(uint64_t *hash, struct err *err)
{
    char path[PATH_MAX_BYTES];
    struct file_hash file;
    if (find_program("numaplex-node", path, err) || file_hash(path, false, &file, err))
        return err->code;
    *hash = file.hash;
    return ERR_OK;
}

static enum err_code count_points(struct sweep *sweep, struct err *err)
{
    uint64_t n = 1;
    for (uint32_t i = 0; i < sweep->question->n_axes && n <= POINTS_MAX; i++)
        n *= sweep->question->axes[i].n;
    if (n * sweep->question->seeds > POINTS_MAX)
        return err_set(err, ERR_LIMIT, "more than %u points; sweep fewer values, such as 1..64*2",
                       POINTS_MAX);
    sweep->combinations = (uint32_t)n;
    sweep->n_points = (uint32_t)n * sweep->question->seeds;
    sweep->points = calloc(sweep->n_points, sizeof *sweep->points);
    for (uint32_t i = 0; sweep->points && i < sweep->n_points; i++)
        sweep->points[i].combination = i / sweep->question->seeds;
    return sweep->points ? ERR_OK : err_set(err, ERR_MEMORY, "no memory for %u points", sweep->n_points);
}

static int compare_keys(const void *a, const void *b)
{
    const struct point *x = *(const struct point *const *)a, *y = *(const struct point *const *)b;
    int order = strcmp(x->key, y->key);
    return order ? order : (x > y) - (x < y);
}

// Points that are the same run (two ways to write one value) are run once.
static void find_twins(struct sweep *sweep)
{
    struct point **sorted = calloc(sweep->n_points, sizeof *sorted);
    NP_ASSERT(sorted);
    for (uint32_t i = 0; i < sweep->n_points; i++) {
        sorted[i] = &sweep->points[i];
        sweep->points[i].twin = i;
    }
    qsort(sorted, sweep->n_points, sizeof *sorted, compare_keys);
    for (uint32_t i = 1; i < sweep->n_points; i++)
        if (sorted[i]->key[0] && strcmp(sorted[i]->key, sorted[i - 1]->key) == 0) {
            sorted[i]->twin = sorted[i - 1]->twin;
            sweep->points[sorted[i]->twin].has_twins = true;
        }
    free(sorted);
}

static void find_done(struct sweep *sweep)
{
    for (uint32_t i = 0; i < sweep->n_points; i++) {
        struct point *point = &sweep->points[i];
        char folder[2 * PATH_MAX_BYTES];
        struct err ignored;
        snprintf(folder, sizeof folder, "%s/points/%s", sweep->folder, point->key);
        if (point->state != POINT_PENDING || metrics_read(folder, &point->metrics, &ignored))
            continue;
        point->state = POINT_KEPT;
        sweep->kept++;
    }
}

enum err_code sweep_plan(struct sweep *sweep, struct question *question, const char *folder, struct err *err)
{
    uint64_t program = 0;
    *sweep = (struct sweep){.question = question};
    if (snprintf(sweep->folder, sizeof sweep->folder, "%s", folder) >= (int)sizeof sweep->folder - 64)
        return err_set(err, ERR_LIMIT, "%s: the path is too long", folder);
    err_clear(err);
    if (program_hash(&program, err) || count_points(sweep, err))
        return err->code;
    for (uint32_t c = 0; c < sweep->combinations; c++)
        if (plan_combination(sweep, c, program, err))
            return err->code;
    if (sweep->impossible == sweep->n_points) // then it is hardly a corner
        return err_set(err, ERR_IMPOSSIBLE_MACHINE, "no point is possible; the first says: %.400s",
                       sweep->points[0].message);
    find_twins(sweep);
    find_done(sweep);
    return ERR_OK;
}

void sweep_free(struct sweep *sweep)
{
    for (uint32_t i = 0; sweep->points && i < sweep->n_points; i++) {
        free(sweep->points[i].message);
        metrics_free(&sweep->points[i].metrics);
    }
    free(sweep->points);
    *sweep = (struct sweep){0};
}

void question_free(struct question *question)
{
    for (uint32_t i = 0; i < question->n_axes; i++)
        axis_free(&question->axes[i]);
    *question = (struct question){0};
}
