// SPDX-License-Identifier: Apache-2.0
// START and REGROUP: how far sync groups run, and which boards they are.
#include <stdlib.h>

#include "proto/codec/control_wire.h"

#define START_FIELDS(X)  X(stop_at_grant) X(stop_at_time) X(pace) X(skew)
#define WANTED_FIELDS(X) X(group) X(reports) X(latency)

// On the wire a group's number is one more than here: 0 is NO_GROUP.
uint32_t *group_of_board_to_wire(const uint32_t *from, uint32_t n, struct arena *arena)
{
    uint32_t *to = arena_new(arena, n, sizeof *to);
    for (uint32_t i = 0; i < n; i++)
        to[i] = from[i] + 1;
    return to;
}

enum err_code group_of_board_from_wire(const uint32_t *from, size_t n, uint32_t *to, struct err *err)
{
    for (size_t i = 0; i < n; i++) {
        to[i] = from[i] - 1;
        if (to[i] != NO_GROUP && to[i] >= GROUPS_MAX)
            return REFUSE(err, "board %zu is in group %u, where %u is the most", i, to[i], GROUPS_MAX - 1);
    }
    return ERR_OK;
}

void start_to_wire(const struct control *control, Np__Control *wire, struct arena *arena)
{
    const struct control_start *from = &control->start;
    NP_ASSERT(from->n_wanted <= GROUPS_MAX);
    NEW(Np__Start, np__start__init);
    START_FIELDS(COPY)
    to->n_wanted = from->n_wanted;
    to->wanted = WIRE_ARRAY(arena, Np__Wanted, np__wanted__init, from->n_wanted);
#define WANTED_COPY(field) to->wanted[i]->field = from->wanted[i].field;
    for (uint32_t i = 0; i < from->n_wanted; i++) {
        WANTED_FIELDS(WANTED_COPY)
    }
    wire->start = to;
}

static enum err_code wanted_from_wire(const Np__Start *start, struct wanted_reports *wanted, struct err *err)
{
    bool named[GROUPS_MAX] = {false};
    for (size_t i = 0; i < start->n_wanted; i++) {
        const Np__Wanted *from = start->wanted[i];
        struct wanted_reports *to = &wanted[i];
        WANTED_FIELDS(COPY)
        if (to->group >= GROUPS_MAX || named[to->group] || to->reports == 0 || to->latency == 0)
            return REFUSE(err, "%u reports of group %u, heard %llu ps later", to->reports, to->group,
                          (unsigned long long)to->latency);
        named[to->group] = true;
    }
    return ERR_OK;
}

enum err_code start_from_wire(const Np__Control *wire, struct control *control, struct err *err)
{
    const Np__Start *from = wire->start;
    struct control_start *to = &control->start;
    START_FIELDS(COPY)
    if (from->n_wanted > GROUPS_MAX)
        return REFUSE(err, "reports of %zu groups, where %u is the most", from->n_wanted, GROUPS_MAX);
    to->n_wanted = (uint32_t)from->n_wanted;
    if (to->n_wanted == 0)
        return ERR_OK;
    to->wanted = calloc(to->n_wanted, sizeof *to->wanted);
    if (!to->wanted)
        return err_set(err, ERR_MEMORY, "no memory for the reports of %u groups", to->n_wanted);
    if (wanted_from_wire(from, to->wanted, err))
        free(to->wanted);
    return err->code;
}

void regroup_to_wire(const struct control *control, Np__Control *wire, struct arena *arena)
{
    const struct control_regroup *from = &control->regroup;
    NEW(Np__Regroup, np__regroup__init);
    to->at = from->at;
    to->n_group_of_board = from->n_boards;
    to->group_of_board = group_of_board_to_wire(from->group_of_board, from->n_boards, arena);
    wire->regroup = to;
}

enum err_code regroup_from_wire(const Np__Control *wire, struct control *control, struct err *err)
{
    const Np__Regroup *from = wire->regroup;
    struct control_regroup *to = &control->regroup;
    if (from->n_group_of_board == 0 || from->n_group_of_board > BOARDS_MAX || from->at == SIM_NEVER)
        return REFUSE(err, "groups of %zu boards at %llu ps", from->n_group_of_board,
                      (unsigned long long)from->at);
    to->at = from->at;
    to->n_boards = (uint32_t)from->n_group_of_board;
    return group_of_board_from_wire(from->group_of_board, to->n_boards, to->group_of_board, err);
}
