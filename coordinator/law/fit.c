// SPDX-License-Identifier: Apache-2.0
#include "coordinator/law/fit.h"

#include <math.h>
#include <string.h>

#include "coordinator/law/statistics.h"

#define STEPS_MAX 500
#define NUDGE     1e-6 // of a parameter, for derivatives

// One curve over its parameters. The quadratic one is not held at 0 here: a fit needs slopes.
static double model(enum curve curve, const double *p, double cpus)
{
    double first = p[FIT_FIRST];
    switch (curve) {
    case CURVE_USL:
        return p[FIT_SCALE] * cpus / (1 + first * (cpus - 1) + p[FIT_KAPPA] * cpus * (cpus - 1));
    case CURVE_QUADRATIC:
        return p[FIT_SCALE] * cpus * (1 - first * (cpus - 1));
    default:
        return p[FIT_SCALE] * law_speedup(curve, first, cpus);
    }
}

double fit_value(const struct fit *fit, double cpus)
{
    return model(fit->curve, fit->value, cpus);
}

// What is being fitted: which parameters, and the sums that a step needs.
struct task {
    enum curve curve;
    const struct fit_point *points;
    size_t n;
    unsigned m, which[FIT_MAX]; // the free parameters
    double normal[FIT_MAX * FIT_MAX], slope[FIT_MAX], squares;
};

static double squares_at(const struct task *task, const double *p)
{
    double sum = 0;
    for (size_t i = 0; i < task->n; i++) {
        double miss = task->points[i].throughput - model(task->curve, p, task->points[i].cpus);
        sum += miss * miss;
    }
    return isfinite(sum) ? sum : INFINITY;
}

static void linearise(struct task *task, const double *p)
{
    memset(task->normal, 0, sizeof task->normal);
    memset(task->slope, 0, sizeof task->slope);
    for (size_t i = 0; i < task->n; i++) {
        double cpus = task->points[i].cpus, at = model(task->curve, p, cpus), d[FIT_MAX];
        for (unsigned k = 0; k < task->m; k++) {
            double q[FIT_MAX], nudge;
            memcpy(q, p, sizeof q);
            nudge = NUDGE * fmax(fabs(q[task->which[k]]), 1e-3);
            q[task->which[k]] += nudge;
            d[k] = (model(task->curve, q, cpus) - at) / nudge;
        }
        for (unsigned k = 0; k < task->m; k++) {
            task->slope[k] += d[k] * (task->points[i].throughput - at);
            for (unsigned j = 0; j < task->m; j++)
                task->normal[k * task->m + j] += d[k] * d[j];
        }
    }
    task->squares = squares_at(task, p);
}

// One step of Levenberg and Marquardt from p. Returns false when no damping finds less.
static bool step(struct task *task, double *p, double *damping)
{
    linearise(task, p);
    for (; *damping < 1e12; *damping *= 10) {
        double a[FIT_MAX * FIT_MAX], q[FIT_MAX];
        memcpy(a, task->normal, sizeof a);
        memcpy(q, p, sizeof q);
        for (unsigned k = 0; k < task->m; k++)
            a[k * task->m + k] *= 1 + *damping;
        if (!matrix_invert(a, task->m))
            continue;
        for (unsigned k = 0; k < task->m; k++)
            for (unsigned j = 0; j < task->m; j++)
                q[task->which[k]] += a[k * task->m + j] * task->slope[j];
        double squares = squares_at(task, q);
        if (squares > task->squares)
            continue;
        bool better = squares < task->squares * (1 - 1e-14);
        memcpy(p, q, sizeof q);
        *damping = fmax(*damping / 10, 1e-12);
        return better;
    }
    return false;
}

static void intervals(struct fit *fit, struct task *task)
{
    double mean = 0;
    linearise(task, fit->value);
    for (size_t i = 0; i < task->n; i++)
        mean += task->points[i].throughput / (double)task->n;
    size_t freedom = task->n - task->m;
    fit->deviation = sqrt(task->squares / (double)freedom);
    fit->relative = fit->deviation / mean;
    if (!matrix_invert(task->normal, task->m))
        return;
    for (unsigned k = 0; k < task->m; k++)
        fit->half[task->which[k]] =
            student_quantile(freedom) * fit->deviation * sqrt(fmax(0, task->normal[k * task->m + k]));
}

// A throughput per CPU to begin with: that of the fewest CPUs.
static double first_scale(const struct fit_point *points, size_t n)
{
    size_t least = 0;
    for (size_t i = 1; i < n; i++)
        if (points[i].cpus < points[least].cpus)
            least = i;
    return points[least].throughput / points[least].cpus;
}

void fit_curve(struct fit *fit, enum curve curve, const struct fit_point *points, size_t n, double scale)
{
    struct task task = {.curve = curve, .points = points, .n = n};
    *fit = (struct fit){.curve = curve, .half = {NAN, NAN, NAN}, .deviation = NAN, .relative = NAN};
    if (!(scale > 0))
        task.which[task.m++] = FIT_SCALE;
    task.which[task.m++] = FIT_FIRST;
    if (curve == CURVE_USL)
        task.which[task.m++] = FIT_KAPPA;
    fit->n_parameters = task.m;
    if (n <= task.m)
        return;
    fit->value[FIT_SCALE] = scale > 0 ? scale : first_scale(points, n);
    fit->value[FIT_FIRST] = 0.02;
    fit->value[FIT_KAPPA] = curve == CURVE_USL ? 0.001 : 0;
    double damping = 1e-3;
    for (unsigned i = 0; i < STEPS_MAX && step(&task, fit->value, &damping); i++)
        ;
    intervals(fit, &task);
    fit->found = isfinite(fit->deviation) && isfinite(fit->value[FIT_FIRST]);
}

enum curve fit_all(struct fit *fits, const struct fit_point *points, size_t n, double scale)
{
    enum curve best = CURVE_COUNT;
    for (unsigned i = 0; i < CURVE_COUNT; i++) {
        fit_curve(&fits[i], (enum curve)i, points, n, scale);
        if (fits[i].found && (best == CURVE_COUNT || fits[i].deviation < fits[best].deviation))
            best = (enum curve)i;
    }
    return best;
}

double fit_peak(const struct fit *fit)
{
    double sigma = fit->value[FIT_FIRST], kappa = fit->value[FIT_KAPPA];
    return kappa > 0 && sigma < 1 ? sqrt((1 - sigma) / kappa) : INFINITY;
}
