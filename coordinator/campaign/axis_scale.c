// SPDX-License-Identifier: Apache-2.0
#include "coordinator/campaign/axis_scale.h"

#include <stdlib.h>

#include "coordinator/machine/units.h"
#include "proto/base/assert.h"

static const struct {
    enum unit_kind kind;
    double scale; // to the unit that is shown
    const char *unit;
} kinds[] = {
    {UNIT_COUNT, 1, ""},           {UNIT_TIME, 1e-3, "ns"}, {UNIT_SIZE, 1.0 / 1024, "KiB"},
    {UNIT_FREQUENCY, 1e-6, "MHz"}, {UNIT_SHARE, 0.1, "%"},  {UNIT_BANDWIDTH, 1e-9, "GB/s"},
};

static bool all_of_kind(const struct axis *axis, size_t kind, double *x)
{
    for (uint32_t i = 0; i < axis->n; i++) {
        uint64_t base;
        if (unit_parse(kinds[kind].kind, axis->values[i], &base))
            return false;
        x[i] = (double)base * kinds[kind].scale;
    }
    return true;
}

bool axis_scale_open(struct axis_scale *scale, const struct axis *axis)
{
    *scale = (struct axis_scale){.x = calloc(axis->n, sizeof *scale->x)};
    NP_ASSERT(scale->x);
    for (size_t k = 0; k < NP_ARRAY_LEN(kinds); k++) {
        if (!all_of_kind(axis, k, scale->x))
            continue;
        uint32_t last = axis->n - 1;
        scale->unit = kinds[k].unit;
        scale->log = axis->n > 2 && scale->x[0] > 0 && scale->x[1] >= 2 * scale->x[0] &&
                     scale->x[last] >= 1.5 * scale->x[last - 1];
        return true;
    }
    axis_scale_free(scale);
    return false;
}

void axis_scale_free(struct axis_scale *scale)
{
    free(scale->x);
    *scale = (struct axis_scale){0};
}
