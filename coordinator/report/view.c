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

// What a partition's boards did while they were its own; where no board moved, that is all that they did.
static const json_t *members_of(const json_t *partition)
{
    const json_t *members = json_object_get(partition, "members");
    return members ? members : json_object_get(partition, "boards");
}

static bool has_member(const json_t *partition, const json_t *board)
{
    const json_t *members = members_of(partition);
    for (size_t i = 0; i < json_array_size(members); i++)
        if (strcmp(view_text(json_array_get(members, i), "name"), view_text(board, "name")) == 0)
            return true;
    return false;
}

// NULL: of all partitions that the board was in.
static char *label_of(const struct view *view, const json_t *partition, const json_t *board)
{
    char *label = NULL;
    size_t size, named = 0;
    FILE *out = open_memstream(&label, &size);
    NP_ASSERT(out);
    for (size_t i = 0; json_array_size(view->partitions) > 1 && i < json_array_size(view->partitions); i++) {
        const json_t *p = json_array_get(view->partitions, i);
        if (partition ? p == partition : has_member(p, board))
            fprintf(out, "%s%s", named++ ? "/" : "", view_text(p, "name"));
    }
    fprintf(out, "%s%s", named ? " " : "", view_text(board, "name"));
    fclose(out);
    NP_ASSERT(label);
    return label;
}

static void add(struct view_board **list, size_t *n, const struct view_board *board)
{
    *list = realloc(*list, (*n + 1) * sizeof **list);
    NP_ASSERT(*list);
    (*list)[(*n)++] = *board;
}

static void add_boards(struct view *view, const json_t *partition)
{
    const json_t *boards = json_object_get(partition, "boards"), *members = members_of(partition);
    for (size_t i = 0; i < json_array_size(boards); i++) {
        const json_t *board = json_array_get(boards, i);
        add(&view->boards, &view->n_boards,
            &(struct view_board){board, partition, label_of(view, NULL, board)});
    }
    for (size_t i = 0; i < json_array_size(members); i++) {
        const json_t *board = json_array_get(members, i);
        add(&view->members, &view->n_members,
            &(struct view_board){board, partition, label_of(view, partition, board)});
    }
}

// Boards that began in no partition, and were in one later.
static void add_joined(struct view *view)
{
    const json_t *boards = json_object_get(view->results, "free_boards");
    for (size_t i = 0; i < json_array_size(boards); i++) {
        const json_t *board = json_array_get(boards, i), *in = NULL;
        for (size_t p = 0; !in && p < json_array_size(view->partitions); p++)
            if (has_member(json_array_get(view->partitions, p), board))
                in = json_array_get(view->partitions, p);
        if (in)
            add(&view->boards, &view->n_boards, &(struct view_board){board, in, label_of(view, NULL, board)});
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
    add_joined(view);
    return ERR_OK;
}

void view_free(struct view *view)
{
    for (size_t i = 0; i < view->n_boards; i++)
        free(view->boards[i].label);
    for (size_t i = 0; i < view->n_members; i++)
        free(view->members[i].label);
    free(view->boards);
    free(view->members);
    *view = (struct view){0};
}
