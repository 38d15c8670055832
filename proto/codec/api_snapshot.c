// SPDX-License-Identifier: Apache-2.0
// Snapshots and samples of the control API.
#include <string.h>

#include "proto/codec/api_wire.h"

#define SYSTEM_TEXTS(X)      X(name) X(family) X(protocol)
#define PARTITION_TEXTS(X)   X(name) X(system) X(tag) X(state) X(position)
#define PARTITION_NUMBERS(X) X(has_guest) X(threads) X(running) X(time_ps)
#define BOARD_TEXTS(X)                                                                                       \
    X(name) X(system) X(partition) X(assignment) X(receptacle) X(occupant) X(test) X(next_partition) X(target)
#define BOARD_FLAGS(X)       X(powered) X(blacklisted) X(floating) X(core) X(use_on_next_boot) X(standby)
#define BOARD_NUMBERS(X)     X(cpus) X(cpus_online) X(threads) X(clock_hz) X(cache_bytes) X(real_base)
#define BOARD_SIZES(X)       X(memory_bytes) X(permanent_bytes) X(used_bytes)
#define BOARD_DRAIN(X)       X(draining_bytes) X(drained_bytes)
#define OPERATION_TEXTS(X)   X(verb) X(board) X(from) X(to) X(step) X(user)
#define OPERATION_NUMBERS(X) X(id) X(began_ps) X(ended_ps) X(pages_done) X(pages_total)
#define SNAPSHOT_TEXTS(X)    X(scenario) X(folder) X(state)
#define SNAPSHOT_NUMBERS(X)  X(time_ps) X(until_ps) X(ps_per_s) X(last_seq)
// Columns of a sample, and how many numbers each has.
#define SAMPLE_COLUMNS(X, sample)                                                                            \
    X(partition_time_ps, (sample)->n_partitions)                                                             \
    X(partition_accesses, (sample)->n_partitions)                                                            \
    X(board_accesses, (sample)->n_boards)                                                                    \
    X(board_work, (sample)->n_boards)                                                                        \
    X(board_egress_busy_ps, (sample)->n_boards)                                                              \
    X(board_ingress_busy_ps, (sample)->n_boards)                                                             \
    X(board_time_ps, (sample)->n_boards)                                                                     \
    X(sent_bytes, (sample)->n_boards *(size_t)(sample)->n_boards)

static void systems_to_wire(const struct api_snapshot *snapshot, Np__ApiSnapshot *wire, struct arena *arena)
{
    wire->n_systems = snapshot->n_systems;
    wire->systems = WIRE_ARRAY(arena, Np__ApiSystem, np__api_system__init, snapshot->n_systems);
    for (uint32_t i = 0; i < snapshot->n_systems; i++) {
        const struct api_system *from = &snapshot->systems[i];
        Np__ApiSystem *to = wire->systems[i];
        SYSTEM_TEXTS(API_PUT_CLEAN)
        API_PUT(boards_per_crossbar)
    }
}

static enum err_code system_from_wire(const Np__ApiSystem *from, struct api_system *to, struct err *err)
{
    SYSTEM_TEXTS(API_GET_TEXT)
    API_GET(boards_per_crossbar)
    return ERR_OK;
}

static void partitions_to_wire(const struct api_snapshot *snapshot, Np__ApiSnapshot *wire,
                               struct arena *arena)
{
    wire->n_partitions = snapshot->n_partitions;
    wire->partitions = WIRE_ARRAY(arena, Np__ApiPartition, np__api_partition__init, snapshot->n_partitions);
    for (uint32_t i = 0; i < snapshot->n_partitions; i++) {
        const struct api_partition *from = &snapshot->partitions[i];
        Np__ApiPartition *to = wire->partitions[i];
        PARTITION_TEXTS(API_PUT_CLEAN)
        PARTITION_NUMBERS(API_PUT)
        to->available = arena_new(arena, snapshot->n_boards, sizeof *to->available);
        for (uint32_t b = 0; b < snapshot->n_boards; b++)
            if (from->available[b / 64] >> (b % 64) & 1)
                to->available[to->n_available++] = b;
    }
}

static enum err_code partition_from_wire(const Np__ApiPartition *from, struct api_partition *to,
                                         uint32_t boards, struct err *err)
{
    PARTITION_TEXTS(API_GET_TEXT)
    PARTITION_NUMBERS(API_GET)
    for (size_t i = 0; i < from->n_available; i++) {
        uint32_t board = from->available[i];
        if (board >= boards)
            return REFUSE(err, "board %u of %u is available", board, boards);
        to->available[board / 64] |= UINT64_C(1) << (board % 64);
    }
    return ERR_OK;
}

static void boards_to_wire(const struct api_snapshot *snapshot, Np__ApiSnapshot *wire, struct arena *arena)
{
    wire->n_boards = snapshot->n_boards;
    wire->boards = WIRE_ARRAY(arena, Np__ApiBoard, np__api_board__init, snapshot->n_boards);
    for (uint32_t i = 0; i < snapshot->n_boards; i++) {
        const struct api_board *from = &snapshot->boards[i];
        Np__ApiBoard *to = wire->boards[i];
        BOARD_TEXTS(API_PUT_CLEAN)
        BOARD_FLAGS(API_PUT)
        BOARD_NUMBERS(API_PUT)
        BOARD_SIZES(API_PUT)
        BOARD_DRAIN(API_PUT)
    }
}

static enum err_code board_from_wire(const Np__ApiBoard *from, struct api_board *to, struct err *err)
{
    BOARD_TEXTS(API_GET_TEXT)
    BOARD_FLAGS(API_GET)
    BOARD_NUMBERS(API_GET)
    BOARD_SIZES(API_GET)
    BOARD_DRAIN(API_GET)
    return ERR_OK;
}

static void operations_to_wire(const struct api_snapshot *snapshot, Np__ApiSnapshot *wire,
                               struct arena *arena)
{
    wire->n_operations = snapshot->n_operations;
    wire->operations = WIRE_ARRAY(arena, Np__ApiOperation, np__api_operation__init, snapshot->n_operations);
    for (uint32_t i = 0; i < snapshot->n_operations; i++) {
        const struct api_operation *from = &snapshot->operations[i];
        Np__ApiOperation *to = wire->operations[i];
        OPERATION_TEXTS(API_PUT_CLEAN)
        OPERATION_NUMBERS(API_PUT)
        to->code = api_code_to_wire(&from->outcome, arena);
        to->text = api_clean(arena, from->outcome.text, sizeof from->outcome.text);
    }
}

static enum err_code operation_from_wire(const Np__ApiOperation *from, struct api_operation *to,
                                         struct err *err)
{
    OPERATION_TEXTS(API_GET_TEXT)
    OPERATION_NUMBERS(API_GET)
    return api_outcome_from_wire(from->code, from->text, &to->outcome, err);
}

Np__ApiSnapshot *api_snapshot_to_wire(const struct api_snapshot *from, struct arena *arena)
{
    Np__ApiSnapshot *to = arena_new(arena, 1, sizeof *to);
    np__api_snapshot__init(to);
    SNAPSHOT_TEXTS(API_PUT_CLEAN)
    SNAPSHOT_NUMBERS(API_PUT)
    systems_to_wire(from, to, arena);
    partitions_to_wire(from, to, arena);
    boards_to_wire(from, to, arena);
    operations_to_wire(from, to, arena);
    return to;
}

static enum err_code rows_from_wire(const Np__ApiSnapshot *from, struct api_snapshot *to, struct err *err)
{
    for (uint32_t i = 0; i < to->n_systems; i++)
        if (system_from_wire(from->systems[i], &to->systems[i], err))
            return err_wrap(err, "system %u", i);
    for (uint32_t i = 0; i < to->n_partitions; i++)
        if (partition_from_wire(from->partitions[i], &to->partitions[i], to->n_boards, err))
            return err_wrap(err, "partition %u", i);
    for (uint32_t i = 0; i < to->n_boards; i++)
        if (board_from_wire(from->boards[i], &to->boards[i], err))
            return err_wrap(err, "board %u", i);
    for (uint32_t i = 0; i < to->n_operations; i++)
        if (operation_from_wire(from->operations[i], &to->operations[i], err))
            return err_wrap(err, "operation %u", i);
    return ERR_OK;
}

enum err_code api_snapshot_from_wire(const Np__ApiSnapshot *from, struct api_snapshot *to, struct err *err)
{
    SNAPSHOT_TEXTS(API_GET_TEXT)
    SNAPSHOT_NUMBERS(API_GET)
    if (from->n_systems > SYSTEMS_MAX || from->n_partitions > PARTITIONS_MAX || from->n_boards > BOARDS_MAX ||
        from->n_operations > API_OPERATIONS_MAX)
        return REFUSE(err, "%zu systems, %zu partitions, %zu boards and %zu operations", from->n_systems,
                      from->n_partitions, from->n_boards, from->n_operations);
    api_snapshot_init(to, (uint32_t)from->n_systems, (uint32_t)from->n_partitions, (uint32_t)from->n_boards,
                      (uint32_t)from->n_operations);
    return rows_from_wire(from, to, err);
}

Np__ApiSample *api_sample_to_wire(const struct api_sample *from, struct arena *arena)
{
    Np__ApiSample *to = arena_new(arena, 1, sizeof *to);
    np__api_sample__init(to);
    API_PUT(time_ps)
    API_PUT_CLEAN(state)
#define COLUMN(column, count)                                                                                \
    to->n_##column = (count);                                                                                \
    to->column = from->column; // packing only reads it
    SAMPLE_COLUMNS(COLUMN, from)
#undef COLUMN
    return to;
}

enum err_code api_sample_from_wire(const Np__ApiSample *from, struct api_sample *to, struct err *err)
{
    API_GET(time_ps)
    API_GET_TEXT(state)
    if (from->n_partition_time_ps > PARTITIONS_MAX || from->n_board_time_ps > BOARDS_MAX)
        return REFUSE(err, "a sample of %zu partitions and %zu boards", from->n_partition_time_ps,
                      from->n_board_time_ps);
    api_sample_init(to, (uint32_t)from->n_partition_time_ps, (uint32_t)from->n_board_time_ps);
#define COLUMN(column, count)                                                                                \
    if (from->n_##column != (count))                                                                         \
        return REFUSE(err, #column " has %zu entries", from->n_##column);                                    \
    if ((count) > 0)                                                                                         \
        memcpy(to->column, from->column, (count) * sizeof *to->column);
    SAMPLE_COLUMNS(COLUMN, to)
#undef COLUMN
    return ERR_OK;
}
