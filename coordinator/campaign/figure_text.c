// SPDX-License-Identifier: Apache-2.0
#include "coordinator/campaign/figure_text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const char *figure_text(double value, const char *unit, char text[FIGURE_TEXT_SIZE])
{
    static const struct {
        double scale;
        const char *prefix;
    } prefixes[] = {{1e9, " G"}, {1e6, " M"}, {1e3, " k"}};
    if (!isfinite(value)) {
        snprintf(text, FIGURE_TEXT_SIZE, "-");
        return text;
    }
    for (unsigned i = 0; strcmp(unit, "1/s") == 0 && i < 3; i++)
        if (fabs(value) >= prefixes[i].scale) {
            snprintf(text, FIGURE_TEXT_SIZE, "%.4g%s", value / prefixes[i].scale, prefixes[i].prefix);
            return text;
        }
    snprintf(text, FIGURE_TEXT_SIZE, fabs(value) >= 10000 ? "%.0f" : "%.4g", value);
    return text;
}
