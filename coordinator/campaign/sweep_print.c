// SPDX-License-Identifier: Apache-2.0
// A sweep on the terminal: for each partition and metric a table, the first axis downwards, the others
// across.
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "coordinator/campaign/figure_text.h"
#include "coordinator/campaign/pool.h"
#include "coordinator/campaign/sweep.h"
#include "proto/base/assert.h"

#define COLUMN    15 // characters
#define COLUMNS   6  // across, before a new block begins
#define NAMED_MAX 3  // impossible and failed points that are named one by one

static void put_cell(const struct cell *cell, enum metric metric, FILE *out)
{
    char text[FIGURE_TEXT_SIZE], whole[2 * FIGURE_TEXT_SIZE];
    if (cell->n == 0)
        snprintf(whole, sizeof whole, "%s", point_state_name(cell->state));
    else if (isnan(cell->half) || cell->mean == 0)
        snprintf(whole, sizeof whole, "%s", figure_text(cell->mean, metric_unit(metric), text));
    else
        snprintf(whole, sizeof whole, "%s +-%.1f%%", figure_text(cell->mean, metric_unit(metric), text),
                 100 * cell->half / fabs(cell->mean));
    fprintf(out, " %*s", COLUMN, whole);
}

// Where a throughput is highest.
static void put_best(const struct sweep *sweep, FILE *out, uint32_t partition, enum metric metric,
                     uint32_t first, uint32_t end)
{
    uint32_t all = sweep_series(sweep);
    const struct axis *x = &sweep->question->axes[0];
    if (metric != METRIC_WORK_RATE && metric != METRIC_ACCESS_RATE)
        return;
    fprintf(out, "  %-12s", "most at");
    for (uint32_t s = first; s < end; s++) {
        uint32_t best = x->n;
        double most = -1;
        for (uint32_t i = 0; i < x->n; i++) {
            struct cell cell = sweep_cell(sweep, i * all + s, partition, metric);
            if (cell.n && cell.mean > most) {
                most = cell.mean;
                best = i;
            }
        }
        fprintf(out, " %*s", COLUMN, best < x->n ? x->values[best] : "");
    }
    fputc('\n', out);
}

static void put_block(const struct sweep *sweep, FILE *out, uint32_t partition, enum metric metric,
                      uint32_t first, uint32_t end)
{
    uint32_t all = sweep_series(sweep);
    const struct axis *x = &sweep->question->axes[0];
    fprintf(out, "  %-12.12s", x->name);
    for (uint32_t s = first; s < end; s++) {
        char name[256];
        size_t length = strlen(sweep_series_name(sweep, s, metric, name));
        fprintf(out, " %*s", COLUMN, length > COLUMN ? name + length - COLUMN : name); // its end differs
    }
    fputc('\n', out);
    for (uint32_t i = 0; i < x->n; i++) {
        fprintf(out, "  %-12.12s", x->values[i]);
        for (uint32_t s = first; s < end; s++) {
            struct cell cell = sweep_cell(sweep, i * all + s, partition, metric);
            put_cell(&cell, metric, out);
        }
        fputc('\n', out);
    }
    put_best(sweep, out, partition, metric, first, end);
}

// "sigma 0.021 (0.018 to 0.024)"
static void put_parameter(const struct fit *fit, unsigned i, const char *name, FILE *out)
{
    fprintf(out, "%s %.3g (%.3g to %.3g)", name, fit->value[i], fit->value[i] - fit->half[i],
            fit->value[i] + fit->half[i]);
}

// What the universal scalability law makes of each series, and which curve fits best.
static void put_fits(const struct sweep *sweep, FILE *out, uint32_t partition, enum metric metric)
{
    struct fit fits[CURVE_COUNT];
    bool any = false;
    for (uint32_t s = 0; s < sweep_series(sweep); s++) {
        enum curve best = sweep_fit(sweep, s, partition, metric, fits);
        const struct fit *usl = &fits[CURVE_USL];
        char name[256];
        if (best == CURVE_COUNT || !usl->found)
            continue;
        fprintf(out, "%s  %s: ", any ? "" : "  Law (95 % intervals; numaplex law --fit says more):\n",
                sweep_series_name(sweep, s, metric, name));
        any = true;
        put_parameter(usl, FIT_FIRST, "sigma", out);
        put_parameter(usl, FIT_KAPPA, ", kappa", out);
        if (isfinite(fit_peak(usl)))
            fprintf(out, ", peak at %.1f CPUs", fit_peak(usl));
        fprintf(out, "; fits best: %s, off by %.1f %%\n", curve_name(best), 100 * fits[best].relative);
    }
}

static void put_tables(const struct sweep *sweep, FILE *out)
{
    enum metric metrics[METRIC_COUNT];
    uint32_t n = sweep_metrics(sweep, metrics), all = sweep_series(sweep);
    for (uint32_t p = 0; p < sweep_partitions(sweep); p++)
        for (uint32_t m = 0; m < n; m++) {
            const char *unit = metric_unit(metrics[m]);
            fprintf(out, "\nPartition %s: %s%s%s\n", sweep_partition(sweep, p),
                    metric_what(metrics[m], LANG_EN), unit[0] ? ", " : "", unit);
            for (uint32_t s = 0; s < all; s += COLUMNS)
                put_block(sweep, out, p, metrics[m], s, s + COLUMNS < all ? s + COLUMNS : all);
            put_fits(sweep, out, p, metrics[m]);
        }
}

// Names the first runs of a state and counts the rest; what is impossible is so with every seed.
static void put_state(const struct sweep *sweep, FILE *out, enum point_state state, uint32_t n)
{
    uint32_t named = 0, step = state == POINT_IMPOSSIBLE ? sweep->question->seeds : 1;
    char place[512];
    n /= step;
    for (uint32_t i = 0; i < sweep->n_points && named < NAMED_MAX; i += step)
        if (sweep->points[i].state == state) {
            fprintf(out, "  %s: %s: %s\n", point_state_name(state),
                    sweep_place(sweep, sweep->points[i].combination, place), sweep->points[i].message);
            named++;
        }
    if (n > named)
        fprintf(out, "  ... and %" PRIu32 " more; the CSV names all\n", n - named);
}

void sweep_print(const struct sweep *sweep, FILE *out)
{
    const struct question *q = sweep->question;
    uint32_t pending = sweep->n_points - sweep->kept - sweep->done - sweep->impossible - sweep->failed;
    put_tables(sweep, out);
    fprintf(out,
            "\n%s: %" PRIu32 " runs: %" PRIu32 " done now, %" PRIu32 " done before, %" PRIu32
            " impossible, %" PRIu32 " failed",
            q->name, sweep->n_points, sweep->done, sweep->kept, sweep->impossible, sweep->failed);
    if (pending)
        fprintf(out, ", %" PRIu32 " not run", pending);
    fputc('\n', out);
    put_state(sweep, out, POINT_IMPOSSIBLE, sweep->impossible);
    put_state(sweep, out, POINT_FAILED, sweep->failed);
    uint32_t cores = pool_cores() < sweep->jobs ? pool_cores() : sweep->jobs;
    if (sweep->done && sweep->wall_s > 0)
        fprintf(out, "  host: %.1f s, %" PRIu32 " at once, %.0f %% of %" PRIu32 " %s\n", sweep->wall_s,
                sweep->jobs, 100 * sweep->cpu_s / (sweep->wall_s * cores), cores,
                cores == 1 ? "core" : "cores");
    fprintf(out, "  in %s: %s.csv, %s.html\n", sweep->folder, q->name, q->name);
}
