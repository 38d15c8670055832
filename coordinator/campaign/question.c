// SPDX-License-Identifier: Apache-2.0
// A question from its parts.
#include <stdlib.h>
#include <string.h>

#include "coordinator/campaign/sweep_options.h"
#include "coordinator/machine/fields.h"
#include "coordinator/machine/units.h"

enum err_code question_add_axis(struct question *question, const char *text, struct err *err)
{
    struct axis axis;
    if (question->n_axes == AXES_MAX)
        return err_set(err, ERR_USAGE, "--over %s: at most %u axes", text, AXES_MAX);
    if (axis_parse(&axis, text, err))
        return err->code;
    for (uint32_t i = 0; i < question->n_axes; i++)
        if (strcmp(question->axes[i].name, axis.name) == 0) {
            axis_free(&axis);
            return err_set(err, ERR_USAGE, "--over %s: the axis is given twice; write one list of values",
                           text);
        }
    question->axes[question->n_axes++] = axis;
    return ERR_OK;
}

enum err_code question_add_metric(struct question *question, const char *text, struct err *err)
{
    const char *names[METRIC_COUNT];
    enum metric metric;
    for (unsigned i = 0; i < METRIC_COUNT; i++)
        names[i] = metric_name((enum metric)i);
    if (!metric_find(text, &metric)) {
        const char *best = nearest(text, names, METRIC_COUNT);
        char list[ERR_TEXT_SIZE / 2] = "";
        size_t used = 0;
        for (unsigned i = 0; i < METRIC_COUNT && used < sizeof list - 1; i++)
            used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "", names[i]);
        return err_set(err, ERR_USAGE, "--metric %.60s is not known; %s%s%sknown are: %s", text,
                       best ? "did you mean " : "", best ? best : "", best ? "? " : "", list);
    }
    for (uint32_t i = 0; i < question->n_metrics; i++)
        if (question->metrics[i] == metric)
            return ERR_OK;
    question->metrics[question->n_metrics++] = metric;
    return ERR_OK;
}

enum err_code question_set_seeds(struct question *question, const char *text, struct err *err)
{
    uint64_t seeds;
    if (unit_parse(UNIT_COUNT, text, &seeds) || seeds < 1 || seeds > SEEDS_MAX)
        return err_set(err, ERR_USAGE, "--seeds %.40s: must be a number from 1 to %u", text, SEEDS_MAX);
    question->seeds = (uint32_t)seeds;
    return ERR_OK;
}

enum err_code question_set_against(struct question *question, const char *text, struct err *err)
{
    if (setting_parse(&question->against, text, err))
        return err_set(err, ERR_USAGE, "--against %.60s: write NAME=VALUE, such as window=0", text);
    return ERR_OK;
}

static enum err_code check_against(struct question *q, struct err *err)
{
    for (uint32_t i = 0; i < q->n_axes; i++) {
        if (strcmp(q->axes[i].name, q->against.name) != 0)
            continue;
        if (axis_find(&q->axes[i], q->against.value) == q->axes[i].n)
            axis_prepend(&q->axes[i], q->against.value);
        return ERR_OK;
    }
    return err_set(err, ERR_USAGE, "--against %s=%s: there is no --over %s to compare along", q->against.name,
                   q->against.value, q->against.name);
}

enum err_code question_check(struct question *q, struct err *err)
{
    if (q->n_axes == 0)
        return err_set(err, ERR_USAGE, "nothing is varied; add --over NAME=VALUES, such as --over cpus=1..8");
    if (q->seeds == 0)
        q->seeds = 1;
    for (uint32_t i = 0; i < q->n_axes; i++) {
        enum metric ignored;
        const char *name = q->axes[i].name;
        for (uint32_t s = 0; s < q->settings.n; s++)
            if (strcmp(q->settings.item[s].name, name) == 0)
                return err_set(err, ERR_USAGE, "--set %s and --over %s: give one of them", name, name);
        if (strcmp(name, "seed") == 0)
            return err_set(err, ERR_USAGE, "--over seed: seeds are repetitions; write --seeds N");
        if (metric_find(name, &ignored))
            return err_set(err, ERR_USAGE,
                           "--over %s: a column of the results has this name; rename the parameter", name);
    }
    if (q->n_axes + q->settings.n > SETTINGS_MAX)
        return err_set(err, ERR_USAGE, "more than %u axes and settings together", SETTINGS_MAX);
    return q->against.name[0] ? check_against(q, err) : ERR_OK;
}
