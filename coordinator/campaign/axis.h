// SPDX-License-Identifier: Apache-2.0
// What a sweep varies: a parameter or path (machine/settings.h) and the values it takes.
//
//     cpus=1..32        1, 2, 3 ... 32
//     locks=1..64*2     1, 2, 4 ... 64
//     cpus=4..32+4      4, 8 ... 32
//     flight=50ns..200ns+50, or 50..200ns+50: a unit goes with every value
//     protocol=mesi,msi lists, of ranges too: 1..8,12,16
#ifndef NP_COORDINATOR_CAMPAIGN_AXIS_H
#define NP_COORDINATOR_CAMPAIGN_AXIS_H

#include "coordinator/machine/settings.h"
#include "proto/base/err.h"

#define AXIS_VALUES_MAX 4096u

struct axis {
    char name[SETTING_NAME_SIZE];
    uint32_t n;
    char (*values)[SETTING_VALUE_SIZE]; // owned
};

// Reads "NAME=VALUES". The caller frees after success. Errors: ERR_USAGE (which part is wrong), ERR_LIMIT.
enum err_code axis_parse(struct axis *axis, const char *text, struct err *err);
void axis_free(struct axis *axis);

// The index of a value, or axis->n.
uint32_t axis_find(const struct axis *axis, const char *value);

// Puts a value before all others.
void axis_prepend(struct axis *axis, const char *value);

// A value as a number in the base unit of whatever it is (12, 200ns, 4MiB, 1GHz, 30%), for a picture's axis.
// Returns false when it is none.
bool axis_number(const char *value, double *number);

#endif
