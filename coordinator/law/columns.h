// SPDX-License-Identifier: Apache-2.0
// Two columns of a CSV with a head line, such as `numaplex sweep` writes; quoting as in RFC 4180.
#ifndef NP_COORDINATOR_LAW_COLUMNS_H
#define NP_COORDINATOR_LAW_COLUMNS_H

#include <stddef.h>

#include "coordinator/law/fit.h"
#include "proto/base/err.h"

#define COLUMNS_FILE_MAX (64u << 20) // bytes of a file
#define COLUMNS_MAX      256u
#define FILTERS_MAX      16u

struct filter {
    const char *column, *value; // rows with this text there are taken
};

struct columns_request {
    const char *x, *y; // names of columns
    struct filter filters[FILTERS_MAX];
    size_t n_filters;
};

// Reads the points of all rows that the filters let through and that have a y. The caller frees *points. Rows
// are named by line in messages. Errors: ERR_FILE, ERR_LIMIT, ERR_BAD_VALUE (no number; no point at all),
// ERR_MISSING_KEY (no such column; the nearest is suggested).
enum err_code columns_read(const char *path, const struct columns_request *request, struct fit_point **points,
                           size_t *n, struct err *err);

#endif
