// SPDX-License-Identifier: Apache-2.0
// CONFIGURE: everything that a process must know to simulate its part of the machine.
#include "proto/codec/control_wire.h"

#define CONFIGURE_FIELDS(X) X(run_id) X(epoch) X(index) X(nodes) X(threads)
// clang-format off
#define OPTIONS_FIELDS(X) \
    X(chop_seed) X(host_fault_rate) X(host_fault_seed) X(reference) X(use_bounds) X(skip_idle) \
    X(pin_core) X(insecure) X(silence_ms)
// clang-format on

void configure_to_wire(const struct control *control, Np__Control *wire, struct arena *arena)
{
    const struct control_configure *from = &control->configure;
    NEW(Np__Configure, np__configure__init);
    CONFIGURE_FIELDS(COPY)
    to->machine = machine_to_wire(&from->machine, arena);
    to->role = from->role;
    to->n_node_of_board = from->machine.n_boards;
    to->node_of_board = wire_from_u16(from->node_of_board, from->machine.n_boards, arena);
    to->n_group_of_board = from->machine.n_boards;
    to->group_of_board = group_of_board_to_wire(from->group_of_board, from->machine.n_boards, arena);
    to->options = arena_new(arena, 1, sizeof *to->options);
    np__run_options__init(to->options);
#define OPTION_COPY(field) to->options->field = from->options.field;
    OPTIONS_FIELDS(OPTION_COPY)
    inside_options_to_wire(&from->options, to->options, arena);
    to->data_endpoint = arena_text(arena, from->data_endpoint, sizeof from->data_endpoint);
    to->run_folder = arena_text(arena, from->run_folder, sizeof from->run_folder);
    to->resume_folder = arena_text(arena, from->resume_folder, sizeof from->resume_folder);
    wire->configure = to;
}

static enum err_code options_from_wire(const Np__RunOptions *from, struct run_options *to, struct err *err)
{
    if (!from)
        return REFUSE(err, "no options");
    OPTIONS_FIELDS(COPY)
    if (inside_options_from_wire(from, to, err))
        return err->code;
    if (!(to->host_fault_rate >= 0 && to->host_fault_rate < 1)) // written so that NaN is refused
        return REFUSE(err, "a host fault rate that is not in 0 .. 1");
    return to->silence_ms ? ERR_OK : REFUSE(err, "a silence limit of 0");
}

static enum err_code placement_from_wire(const Np__Configure *from, struct control_configure *to,
                                         struct err *err)
{
    if (from->n_node_of_board != to->machine.n_boards || from->n_group_of_board != to->machine.n_boards)
        return REFUSE(err, "places for %zu boards and groups for %zu, of %u boards", from->n_node_of_board,
                      from->n_group_of_board, to->machine.n_boards);
    if (group_of_board_from_wire(from->group_of_board, from->n_group_of_board, to->group_of_board, err) ||
        wire_to_u16(from->node_of_board, from->n_node_of_board, to->node_of_board, "node", err))
        return err->code;
    for (uint32_t i = 0; i < to->machine.n_boards; i++) {
        bool free_board = to->machine.boards[i].partition == NO_PARTITION;
        if (to->node_of_board[i] >= to->nodes && !(free_board && to->node_of_board[i] == NO_NODE))
            return REFUSE(err, "board %u is placed on node %u of %u", i, to->node_of_board[i], to->nodes);
        if (to->node_of_board[i] == NO_NODE && to->group_of_board[i] != NO_GROUP)
            return REFUSE(err, "board %u is in group %u and on no node", i, to->group_of_board[i]);
    }
    return ERR_OK;
}

static enum err_code counts_from_wire(const Np__Configure *from, struct control_configure *to,
                                      struct err *err)
{
    CONFIGURE_FIELDS(COPY)
    if (role_from_wire(from->role, from->index, &to->role, err))
        return err->code;
    if (to->epoch == 0 || to->nodes == 0 || to->nodes > NODES_MAX || to->threads == 0 ||
        to->threads > THREADS_MAX || (to->role == ROLE_NODE && to->index >= to->nodes))
        return REFUSE(err, "epoch %u, node %u of %u, %u threads", to->epoch, to->index, to->nodes,
                      to->threads);
    return ERR_OK;
}

enum err_code configure_from_wire(const Np__Control *wire, struct control *control, struct err *err)
{
    const Np__Configure *from = wire->configure;
    struct control_configure *to = &control->configure;
    if (counts_from_wire(from, to, err) || options_from_wire(from->options, &to->options, err) ||
        wire_text(to->data_endpoint, sizeof to->data_endpoint, from->data_endpoint, "an endpoint", err) ||
        wire_text(to->run_folder, sizeof to->run_folder, from->run_folder, "a folder", err) ||
        wire_text(to->resume_folder, sizeof to->resume_folder, from->resume_folder, "a folder", err))
        return err->code;
    if (!from->machine)
        return REFUSE(err, "no machine description");
    if (machine_from_wire(from->machine, &to->machine, err))
        return err->code;
    if (placement_from_wire(from, to, err))
        machine_free(&to->machine);
    return err->code;
}
