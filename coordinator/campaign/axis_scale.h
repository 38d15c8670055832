// SPDX-License-Identifier: Apache-2.0
// An axis of a sweep as an axis of a picture.
#ifndef NP_COORDINATOR_CAMPAIGN_AXIS_SCALE_H
#define NP_COORDINATOR_CAMPAIGN_AXIS_SCALE_H

#include "coordinator/campaign/axis.h"

struct axis_scale {
    double *x;        // owned; one for each value
    const char *unit; // "ns", "KiB", "MHz", "%", "GB/s", or ""
    bool log;         // values go up by factors
};

// Returns false when the values are no numbers of one kind; nothing is to be freed then.
bool axis_scale_open(struct axis_scale *scale, const struct axis *axis);
void axis_scale_free(struct axis_scale *scale);

#endif
