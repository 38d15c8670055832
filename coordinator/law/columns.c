// SPDX-License-Identifier: Apache-2.0
#include "coordinator/law/columns.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "coordinator/machine/document.h"
#include "coordinator/machine/fields.h"
#include "proto/base/assert.h"

struct table {
    const char *path;
    char *at; // what is not read yet
    unsigned line;
    char *cells[COLUMNS_MAX]; // of the row that was read last
    unsigned n;
};

// Cuts the next cell off, in place. Returns whether the row goes on behind it.
static bool next_cell(struct table *t, char **cell)
{
    char *from = t->at, *to = t->at;
    *cell = to;
    if (*from == '"') {
        for (from++; *from && !(from[0] == '"' && from[1] != '"'); from++) {
            from += from[0] == '"';
            t->line += *from == '\n';
            *to++ = *from;
        }
        from += *from == '"';
    }
    while (*from && *from != ',' && *from != '\n')
        *to++ = *from++;
    bool more = *from == ',';
    t->line += *from == '\n';
    t->at = from + (*from != '\0');
    if (to > *cell && to[-1] == '\r')
        to--;
    *to = '\0';
    return more;
}

// The next row. Returns false at the end of the file, or with an error.
static bool next_row(struct table *t, struct err *err)
{
    t->n = 0;
    if (*t->at == '\0')
        return false;
    bool more = true;
    while (more) {
        if (t->n == COLUMNS_MAX) {
            err_set(err, ERR_LIMIT, "%s:%u: more than %u columns", t->path, t->line, COLUMNS_MAX);
            return false;
        }
        more = next_cell(t, &t->cells[t->n++]);
    }
    return true;
}

static enum err_code find_column(const struct table *t, const char *name, unsigned *index, struct err *err)
{
    for (*index = 0; *index < t->n; (*index)++)
        if (strcmp(t->cells[*index], name) == 0)
            return ERR_OK;
    const char *names[COLUMNS_MAX];
    for (unsigned i = 0; i < t->n; i++)
        names[i] = t->cells[i];
    const char *best = nearest(name, names, t->n);
    return err_set(err, ERR_MISSING_KEY, "%s:1: there is no column '%s'%s%s; name one with --x or --y",
                   t->path, name, best ? "; did you mean " : "", best ? best : "");
}

struct wanted {
    unsigned x, y, filter[FILTERS_MAX], highest;
};

static enum err_code find_columns(const struct table *t, const struct columns_request *r, struct wanted *w,
                                  struct err *err)
{
    if (find_column(t, r->x, &w->x, err) || find_column(t, r->y, &w->y, err))
        return err->code;
    w->highest = w->x > w->y ? w->x : w->y;
    for (size_t i = 0; i < r->n_filters; i++) {
        if (find_column(t, r->filters[i].column, &w->filter[i], err))
            return err->code;
        w->highest = w->filter[i] > w->highest ? w->filter[i] : w->highest;
    }
    return ERR_OK;
}

static enum err_code cell_number(const struct table *t, unsigned line, const char *column, const char *text,
                                 double *number, struct err *err)
{
    char *end;
    errno = 0;
    *number = strtod(text, &end);
    if (*text && !*end && !errno && isfinite(*number))
        return ERR_OK;
    return err_set(err, ERR_BAD_VALUE, "%s:%u: %s: '%.40s' is not a number", t->path, line, column, text);
}

static enum err_code take_row(const struct table *t, unsigned line, const struct columns_request *r,
                              const struct wanted *w, struct fit_point **points, size_t *n, struct err *err)
{
    struct fit_point point;
    if (t->n == 1 && !t->cells[0][0])
        return ERR_OK; // an empty line
    if (w->highest >= t->n)
        return err_set(err, ERR_BAD_VALUE, "%s:%u: only %u columns", t->path, line, t->n);
    for (size_t i = 0; i < r->n_filters; i++)
        if (strcmp(t->cells[w->filter[i]], r->filters[i].value) != 0)
            return ERR_OK;
    if (!t->cells[w->y][0])
        return ERR_OK;
    if (cell_number(t, line, r->x, t->cells[w->x], &point.cpus, err) ||
        cell_number(t, line, r->y, t->cells[w->y], &point.throughput, err))
        return err->code;
    if (!(point.cpus > 0))
        return err_set(err, ERR_BAD_VALUE, "%s:%u: %s: a number of CPUs is above 0", t->path, line, r->x);
    if ((*n & (*n - 1)) == 0) // full at every power of two
        *points = realloc(*points, (*n ? 2 * *n : 1) * sizeof **points);
    NP_ASSERT(*points);
    (*points)[(*n)++] = point;
    return ERR_OK;
}

enum err_code columns_read(const char *path, const struct columns_request *request, struct fit_point **points,
                           size_t *n, struct err *err)
{
    char *text;
    size_t size;
    struct wanted wanted = {0};
    *points = NULL;
    *n = 0;
    err_clear(err);
    if (file_read(path, COLUMNS_FILE_MAX, &text, &size, err))
        return err->code;
    struct table *t = calloc(1, sizeof *t);
    NP_ASSERT(t);
    *t = (struct table){.path = path, .at = text, .line = 1};
    if (!next_row(t, err) && !err->code)
        err_set(err, ERR_BAD_VALUE, "%s:1: the file is empty; its first line names the columns", path);
    if (!err->code)
        find_columns(t, request, &wanted, err);
    for (unsigned line = t->line; !err->code && next_row(t, err); line = t->line)
        take_row(t, line, request, &wanted, points, n, err);
    if (!err->code && *n == 0)
        err_set(err, ERR_BAD_VALUE, "%s: no row has a %s%s", path, request->y,
                request->n_filters ? " and what --where asks for" : "");
    free(t);
    free(text);
    if (err->code) {
        free(*points);
        *points = NULL;
    }
    return err->code;
}
