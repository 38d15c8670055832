// SPDX-License-Identifier: Apache-2.0
#include "tests/model/explore.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/assert.h"

// A list of numbers per state: the states that progress leads to.
struct edges {
    uint64_t n, room;
    uint32_t *to;
    uint64_t *start; // of each state's list in `to`, and the end
};

struct search {
    struct model *model;
    const struct explore_options *options;
    struct exploration *result;
    struct store store;
    uint32_t *parent;
    uint32_t parent_room;
    struct edges edges;
    uint32_t edge_states; // for which edges.start has room
    uint8_t *rest;        // per state: it is at rest
    uint32_t culprit;     // the state in which, or from which, something is wrong
    bool in_move;         // it is a move from there
};

static void *resized(void *old, uint64_t bytes)
{
    void *new = realloc(old, bytes);
    NP_ASSERT(new);
    return new;
}

static void reserve(struct search *search)
{
    if (search->store.n < search->parent_room)
        return;
    search->parent_room = search->parent_room ? 2 * search->parent_room : 1u << 10;
    search->parent = resized(search->parent, search->parent_room * sizeof *search->parent);
    search->rest = resized(search->rest, search->parent_room);
    search->edges.start = resized(search->edges.start, (search->parent_room + 1u) * sizeof(uint64_t));
}

static void add_edge(struct edges *edges, uint32_t to)
{
    if (edges->n == edges->room) {
        edges->room = edges->room ? 2 * edges->room : 1u << 12;
        edges->to = resized(edges->to, edges->room * sizeof *edges->to);
    }
    edges->to[edges->n++] = to;
}

static void blame(struct search *search, uint32_t number, bool in_move)
{
    search->culprit = number;
    search->in_move = in_move;
    search->result->violated = true;
}

// The state's number, or UINT32_MAX after a violation.
static uint32_t visit(struct search *search, const struct model_state *state, uint32_t parent)
{
    bool added;
    struct model_state canonical;
    const struct model_state *stored = state;
    if (!search->options->plain) {
        model_canonical(search->model, state, &canonical);
        stored = &canonical;
    }
    reserve(search);
    uint32_t number = store_add(&search->store, stored, &added);
    if (!added)
        return number;
    search->parent[number] = parent;
    search->rest[number] = model_at_rest(search->model, stored);
    if (model_check(search->model, stored))
        return number;
    blame(search, number, false);
    return UINT32_MAX;
}

// All ways in which one move may end. False: a violation.
static bool try_move(struct search *search, const struct model_state *from, const struct move *move,
                     uint32_t number, uint64_t *progress)
{
    struct model *model = search->model;
    choices_reset(&model->choices);
    do {
        struct model_state next = *from;
        if (!model_apply(model, &next, move)) {
            blame(search, number, true);
            return false;
        }
        if (memcmp(&next, from, sizeof next) == 0)
            continue;
        search->result->moves++;
        uint32_t to = visit(search, &next, number);
        if (to == UINT32_MAX)
            return false;
        if (move_is_progress(move)) {
            add_edge(&search->edges, to);
            ++*progress;
        }
    } while (choices_next(&model->choices));
    return true;
}

static bool expand(struct search *search, uint32_t number)
{
    struct model_state from;
    struct move moves[MODEL_MOVES_MAX];
    store_get(&search->store, number, &from);
    unsigned n = model_moves(search->model, &from, moves);
    uint64_t progress = 0;
    search->edges.start[number] = search->edges.n;
    for (unsigned i = 0; i < n; i++)
        if (!try_move(search, &from, &moves[i], number, &progress))
            return false;
    search->edges.start[number + 1] = search->edges.n;
    if (progress || search->rest[number])
        return true;
    snprintf(search->model->violation, sizeof search->model->violation,
             "deadlock: something is under way, and nothing can happen but new accesses");
    blame(search, number, false);
    return false;
}

// Reverses the edges: afterwards start[s]..start[s + 1] are the states from which progress leads to s.
static void reverse(const struct search *search, uint64_t *start, uint32_t *from)
{
    const struct edges *edges = &search->edges;
    uint32_t n = search->store.n;
    for (uint64_t i = 0; i < edges->n; i++)
        start[edges->to[i] + 1]++;
    for (uint32_t i = 0; i < n; i++)
        start[i + 1] += start[i];
    start[n + 1] = edges->n;
    for (uint32_t i = n; i-- > 0;)
        for (uint64_t j = edges->start[i]; j < edges->start[i + 1]; j++)
            from[--start[edges->to[j] + 1]] = i;
}

// Marks every state from which progress reaches rest; the first unmarked one, or UINT32_MAX.
static uint32_t first_without_rest(struct search *search)
{
    uint32_t n = search->store.n, queued = 0;
    uint64_t *start = calloc(n + UINT64_C(2), sizeof *start);
    uint32_t *from = resized(NULL, (search->edges.n + 1) * sizeof *from);
    uint32_t *queue = resized(NULL, n * sizeof *queue);
    NP_ASSERT(start);
    reverse(search, start, from);
    for (uint32_t i = 0; i < n; i++)
        if (search->rest[i])
            queue[queued++] = i;
    for (uint32_t head = 0; head < queued; head++) {
        uint32_t at = queue[head];
        for (uint64_t j = start[at + 1]; j < start[at + 2]; j++)
            if (!search->rest[from[j]]) {
                search->rest[from[j]] = 1;
                queue[queued++] = from[j];
            }
    }
    search->result->bytes += (n + 2ull) * sizeof *start + search->edges.n * 4 + n * 4ull;
    free(start);
    free(from);
    free(queue);
    uint32_t found = 0;
    while (found < n && search->rest[found])
        found++;
    return found < n ? found : UINT32_MAX;
}

static void report(struct search *search)
{
    snprintf(search->result->violation, sizeof search->result->violation, "%s", search->model->violation);
    if (!search->options->chart)
        return;
    fprintf(search->options->chart, "%s, %s: %s\n", search->model->protocol->name,
            search->model->config->name, search->result->violation);
    chart_draw(search->model, &search->store, search->parent, search->culprit, search->in_move,
               search->options->plain, search->options->chart);
}

static void finish(struct search *search)
{
    uint32_t stuck = first_without_rest(search);
    search->result->complete = true;
    if (stuck == UINT32_MAX)
        return;
    snprintf(search->model->violation, sizeof search->model->violation,
             "no state at rest can be reached any more");
    blame(search, stuck, false);
    report(search);
}

static void run(struct search *search)
{
    struct model_state first;
    model_start(search->model, &first);
    visit(search, &first, UINT32_MAX);
    uint32_t level_end = search->store.n;
    for (uint32_t at = 0; at < search->store.n; at++) {
        if (search->options->states_max && search->store.n > search->options->states_max)
            return;
        if (at == level_end) {
            search->result->depth++;
            level_end = search->store.n;
        }
        if (!expand(search, at)) {
            report(search);
            return;
        }
    }
    finish(search);
}

bool explore(struct model *model, const struct explore_options *options, struct exploration *result)
{
    struct search search = {.model = model, .options = options, .result = result};
    *result = (struct exploration){0};
    model->violation[0] = 0;
    store_init(&search.store, model->config);
    run(&search);
    result->states = search.store.n;
    result->bytes += store_bytes(&search.store) + search.parent_room * 13ull + search.edges.room * 4;
    store_free(&search.store);
    free(search.parent);
    free(search.rest);
    free(search.edges.to);
    free(search.edges.start);
    return result->complete && !result->violated;
}
