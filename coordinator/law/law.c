// SPDX-License-Identifier: Apache-2.0
#include "coordinator/law/law.h"

#include <math.h>
#include <string.h>

static const struct {
    const char *name, *formula;
    double rule;
} rows[CURVE_COUNT] = {
    [CURVE_EXPONENTIAL] = {"exponential", "N (1-n)^(N-1)", 0.4},
    [CURVE_QUADRATIC] = {"quadratic", "N (1 - n (N-1))", 0.25},
    [CURVE_AMDAHL] = {"amdahl", "N / (1 + s (N-1)), s = n/(1-n)", 0.4},
    [CURVE_GEOMETRIC] = {"geometric", "(1 - (1-2n)^N) / 2n", 0.4},
    [CURVE_USL] = {"usl", "N / (1 + k N (N-1)), k = n/(2(1-n))", 0.4},
};

const char *curve_name(enum curve curve)
{
    return rows[curve].name;
}

const char *curve_formula(enum curve curve)
{
    return rows[curve].formula;
}

bool curve_find(const char *name, enum curve *curve)
{
    for (unsigned i = 0; i < CURVE_COUNT; i++)
        if (strcmp(rows[i].name, name) == 0) {
            *curve = (enum curve)i;
            return true;
        }
    return false;
}

static double serial_share(double loss)
{
    return loss / (1 - loss);
}

double law_speedup(enum curve curve, double loss, double cpus)
{
    switch (curve) {
    case CURVE_EXPONENTIAL:
        return cpus * pow(1 - loss, cpus - 1);
    case CURVE_QUADRATIC:
        return fmax(0, cpus * (1 - loss * (cpus - 1)));
    case CURVE_AMDAHL:
        return cpus / (1 + serial_share(loss) * (cpus - 1));
    case CURVE_GEOMETRIC:
        return (1 - pow(1 - 2 * loss, cpus)) / (2 * loss);
    default:
        return cpus / (1 + serial_share(loss) / 2 * cpus * (cpus - 1));
    }
}

double law_gain(enum curve curve, double loss, uint32_t cpus)
{
    return law_speedup(curve, loss, cpus) - (cpus > 1 ? law_speedup(curve, loss, cpus - 1.0) : 0);
}

double law_rule(enum curve curve)
{
    return rows[curve].rule;
}

uint32_t law_useful(enum curve curve, double loss, double rule, uint32_t most)
{
    uint32_t cpus = 1;
    while (cpus < most && law_gain(curve, loss, cpus + 1) >= rule)
        cpus++;
    return cpus;
}

double law_peak(enum curve curve, double loss)
{
    switch (curve) {
    case CURVE_EXPONENTIAL:
        return -1 / log(1 - loss);
    case CURVE_QUADRATIC:
        return (1 + loss) / (2 * loss);
    case CURVE_USL:
        return 1 / sqrt(serial_share(loss) / 2);
    default:
        return INFINITY;
    }
}

double law_limit(enum curve curve, double loss)
{
    return curve == CURVE_AMDAHL      ? 1 / serial_share(loss)
           : curve == CURVE_GEOMETRIC ? 1 / (2 * loss)
                                      : INFINITY;
}

double law_absurd_beyond(enum curve curve, double loss)
{
    return curve == CURVE_QUADRATIC ? 1 + 1 / loss : INFINITY;
}
