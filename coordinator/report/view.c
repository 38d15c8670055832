// SPDX-License-Identifier: Apache-2.0
#include "coordinator/report/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/assert.h"

#define FORMAT  "numaplex-results"
#define VERSION 1

uint64_t view_count(const json_t *object, const char *key)
{
    json_int_t value = json_integer_value(json_object_get(object, key));
    return value > 0 ? (uint64_t)value : 0;
}

const char *view_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

bool view_true(const json_t *object, const char *key)
{
    return json_is_true(json_object_get(object, key));
}

uint64_t view_counter(const json_t *object, const char *name)
{
    return view_count(json_object_get(object, "counters"), name);
}

bool view_has_counter(const json_t *object, const char *name)
{
    return json_object_get(json_object_get(object, "counters"), name) != NULL;
}

uint64_t view_total(const struct view *view, const char *name)
{
    uint64_t total = 0;
    for (size_t i = 0; i < json_array_size(view->partitions); i++)
        total += view_counter(json_array_get(view->partitions, i), name);
    return total;
}

uint64_t view_latency(const json_t *object, const char *served, const char *key)
{
    return view_count(json_object_get(json_object_get(object, "latency"), served), key);
}

static char *label_of(const struct view *view, const json_t *partition, const json_t *board)
{
    char *label = NULL;
    bool several = json_array_size(view->partitions) > 1;
    int n = asprintf(&label, "%s%s%s", several ? view_text(partition, "name") : "", several ? " " : "",
                     view_text(board, "name"));
    NP_ASSERT(n >= 0);
    return label;
}

static void add_boards(struct view *view, const json_t *partition)
{
    const json_t *boards = json_object_get(partition, "boards");
    size_t n = json_array_size(boards);
    view->boards = realloc(view->boards, (view->n_boards + n + 1) * sizeof *view->boards);
    NP_ASSERT(view->boards);
    for (size_t i = 0; i < n; i++) {
        const json_t *board = json_array_get(boards, i);
        view->boards[view->n_boards++] =
            (struct view_board){board, partition, label_of(view, partition, board)};
    }
}

enum err_code view_open(struct view *view, const json_t *results, const char *resolved, struct err *err)
{
    if (strcmp(view_text(results, "format"), FORMAT) != 0)
        return err_set(err, ERR_BAD_VALUE, "these are not the results of a run; name its run folder");
    if (view_count(results, "version") != VERSION)
        return err_set(err, ERR_BAD_VALUE,
                       "the results are of version %llu, and this program reads version %d; use the program "
                       "that wrote them",
                       (unsigned long long)view_count(results, "version"), VERSION);
    *view = (struct view){
        .results = results, .partitions = json_object_get(results, "partitions"), .resolved = resolved};
    for (size_t i = 0; i < json_array_size(view->partitions); i++)
        add_boards(view, json_array_get(view->partitions, i));
    return ERR_OK;
}

void view_free(struct view *view)
{
    for (size_t i = 0; i < view->n_boards; i++)
        free(view->boards[i].label);
    free(view->boards);
    *view = (struct view){0};
}
