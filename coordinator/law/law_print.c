// SPDX-License-Identifier: Apache-2.0
// The curves as text, and as a CSV.
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "coordinator/law/answer.h"
#include "coordinator/law/plot.h"
#include "proto/base/assert.h"

struct shown {
    enum curve curve;
    uint32_t loss; // index
    double n;      // loss of each of two CPUs
    char name[48];
};

static uint32_t list(const struct law_command *c, struct shown *shown)
{
    uint32_t n = 0;
    for (unsigned i = 0; i < CURVE_COUNT; i++)
        for (uint32_t l = 0; c->curves[i] && l < c->n_losses; l++) {
            shown[n] = (struct shown){.curve = (enum curve)i, .loss = l, .n = law_loss(c, l)};
            snprintf(shown[n].name, sizeof shown[n].name, "%s %.4g%%", curve_name((enum curve)i),
                     100 * c->losses[l]);
            n++;
        }
    return n;
}

// Rows of the table: all up to 16, then ever fewer.
static uint32_t next_row(uint32_t cpus)
{
    return cpus < 16 ? cpus + 1 : cpus < 32 ? cpus + 4 : cpus < 64 ? cpus + 8 : 2 * cpus;
}

static void print_table(const struct law_command *c, const struct shown *shown, uint32_t n, FILE *out)
{
    fprintf(out, "  CPUs");
    for (uint32_t i = 0; i < n; i++)
        fprintf(out, "  %20s", shown[i].name);
    fprintf(out, "\n      ");
    for (uint32_t i = 0; i < n; i++)
        fprintf(out, "  %10s%10s", "S", "next");
    fputc('\n', out);
    for (uint32_t cpus = 1; cpus <= c->max_cpus; cpus = next_row(cpus)) {
        fprintf(out, "%6" PRIu32, cpus);
        for (uint32_t i = 0; i < n; i++)
            fprintf(out, "  %10.2f%+10.2f", law_speedup(shown[i].curve, shown[i].n, cpus),
                    law_gain(shown[i].curve, shown[i].n, cpus + 1));
        fputc('\n', out);
    }
}

// What the text says of some losses (12.1.1), and what facts derive from it.
static const char *text_says(double given, bool total, uint32_t *cpus)
{
    static const struct {
        double loss;
        uint32_t cpus;
        const char *says;
    } rows[] = {
        {0.1, 4, "as the text says"},
        {0.05, 8, "as the text says"},
        {0.02, 20, "derived, not in the text"},
        {0.0125, 32, "derived, not in the text: the text has 32 CPUs for z/OS at a loss well below 2 %"}};
    for (size_t i = 0; !total && i < NP_ARRAY_LEN(rows); i++)
        if (fabs(given - rows[i].loss) < 1e-9) {
            *cpus = rows[i].cpus;
            return rows[i].says;
        }
    return NULL;
}

static void print_useful(const struct law_command *c, const struct shown *s, FILE *out)
{
    double rule = law_rule_of(c, s->curve), peak = law_peak(s->curve, s->n);
    uint32_t useful = law_useful(s->curve, s->n, rule, LAW_CPUS_MAX), said = 0;
    const char *says = text_says(c->losses[s->loss], c->total, &said);
    fprintf(out, "  %-20s %4" PRIu32 " CPUs worth while (each brings %.4g or more)", s->name, useful, rule);
    if (says && said == useful)
        fprintf(out, ", %s", says);
    else if (says)
        fprintf(out, ", where the text's rule has %" PRIu32, said);
    if (isfinite(peak))
        fprintf(out, "; peak at %.1f CPUs, S = %.2f\n", peak, law_speedup(s->curve, s->n, peak));
    else
        fprintf(out, "; no peak, S stays below %.1f\n", law_limit(s->curve, s->n));
    if (c->max_cpus > law_absurd_beyond(s->curve, s->n))
        fprintf(out, "    warning: beyond %.4g CPUs the formula is below 0; S is held at 0 there\n",
                law_absurd_beyond(s->curve, s->n));
}

static void print_plot(const struct law_command *c, const struct shown *shown, uint32_t n, FILE *out)
{
    static struct fit_point points[PLOT_SERIES_MAX][64];
    struct plot_series series[PLOT_SERIES_MAX];
    uint32_t drawn = n < PLOT_SERIES_MAX ? n : PLOT_SERIES_MAX;
    for (uint32_t s = 0; s < drawn; s++) {
        uint32_t k = 0;
        for (uint32_t i = 0; i < 64; i++) {
            uint32_t cpus = 1 + i * (c->max_cpus - 1) / (c->max_cpus < 64 ? c->max_cpus - 1 : 63);
            if (cpus <= c->max_cpus)
                points[s][k++] = (struct fit_point){cpus, law_speedup(shown[s].curve, shown[s].n, cpus)};
        }
        series[s] = (struct plot_series){points[s], k, shown[s].name};
    }
    plot(series, drawn, "CPUs", "S: work of so many single CPUs", out);
}

void law_print(const struct law_command *command, FILE *out)
{
    struct shown shown[CURVE_COUNT * LOSSES_MAX];
    uint32_t n = list(command, shown);
    for (uint32_t i = 0; i < command->n_losses; i++)
        fprintf(out, "Loss %.4g %%: %s, S(2) = %.4g\n", 100 * command->losses[i],
                command->total ? "two CPUs do so much less than twice the work of one"
                               : "each of two CPUs loses so much",
                2 * (1 - law_loss(command, i)));
    for (uint32_t from = 0; from < n; from += 4) {
        fputc('\n', out);
        print_table(command, &shown[from], from + 4 < n ? 4 : n - from, out);
    }
    fputc('\n', out);
    for (uint32_t i = 0; i < n; i++)
        print_useful(command, &shown[i], out);
    fputc('\n', out);
    print_plot(command, shown, n, out);
}

void law_csv(const struct law_command *command, FILE *out)
{
    struct shown shown[CURVE_COUNT * LOSSES_MAX];
    uint32_t n = list(command, shown);
    fprintf(out, "curve,loss,loss_each,cpus,speedup,gain_of_next,useful_cpus,peak_cpus\n");
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t cpus = 1; cpus <= command->max_cpus; cpus++) {
            const struct shown *s = &shown[i];
            double peak = law_peak(s->curve, s->n);
            fprintf(out, "%s,%.9g,%.9g,%" PRIu32 ",%.9g,%.9g,%" PRIu32 ",", curve_name(s->curve),
                    command->losses[s->loss], s->n, cpus, law_speedup(s->curve, s->n, cpus),
                    law_gain(s->curve, s->n, cpus + 1),
                    law_useful(s->curve, s->n, law_rule_of(command, s->curve), LAW_CPUS_MAX));
            fprintf(out, isfinite(peak) ? "%.9g\n" : "\n", peak);
        }
}

static void print_parameter(const struct fit *fit, unsigned i, const char *name, FILE *out)
{
    fprintf(out, "  %s %.5g", name, fit->value[i]);
    if (isfinite(fit->half[i]))
        fprintf(out, " (%.5g to %.5g)", fit->value[i] - fit->half[i], fit->value[i] + fit->half[i]);
}

static void print_fits(const struct fit *fits, enum curve best, FILE *out)
{
    for (unsigned i = 0; i < CURVE_COUNT; i++) {
        const struct fit *fit = &fits[i];
        if (!fit->found) {
            fprintf(out, "  %-12s too few points\n", curve_name((enum curve)i));
            continue;
        }
        bool usl = i == CURVE_USL;
        fprintf(out, "%c %-12s off by %.2f %%: ", best == i ? '*' : ' ', curve_name((enum curve)i),
                100 * fit->relative);
        print_parameter(fit, FIT_FIRST, usl ? "sigma" : "loss n", out);
        if (usl)
            print_parameter(fit, FIT_KAPPA, "kappa", out);
        double peak = usl ? fit_peak(fit) : law_peak((enum curve)i, fit->value[FIT_FIRST]);
        if (isfinite(peak) && peak > 0)
            fprintf(out, "  peak at %.1f CPUs", peak);
        fputc('\n', out);
    }
}

void fits_print(const struct law_command *command, const struct fit *fits, enum curve best,
                const struct fit_point *points, size_t n, FILE *out)
{
    static struct fit_point curve[256];
    double most = 0;
    fprintf(out,
            "%zu points of %s; 95 %% intervals in brackets, from the covariance of a least-squares fit\n", n,
            command->fit);
    print_fits(fits, best, out);
    fprintf(out,
            "* fits best: least residual standard error (in %% of the mean throughput), which charges each "
            "curve for its parameters.\n\n");
    for (size_t i = 0; i < n; i++)
        most = fmax(most, points[i].cpus);
    for (unsigned i = 0; i < 256; i++) {
        curve[i].cpus = 1 + (most - 1) * i / 255;
        curve[i].throughput = fit_value(&fits[best], curve[i].cpus);
    }
    const struct plot_series series[] = {{curve, 256, curve_name(best)}, {points, n, "measured"}};
    plot(series, 2, command->columns.x, command->columns.y, out);
}
