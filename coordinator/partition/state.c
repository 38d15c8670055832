// SPDX-License-Identifier: Apache-2.0
// The controller's state, saved with a run's, also in the middle of operations. What is loaded must obey all
// invariants, or it is refused: they would stop the process.
#include <stdlib.h>
#include <string.h>

#include "coordinator/partition/states.h"
#include "coordinator/partition/steps.h"
#include "coordinator/partition/words.h"
#include "proto/base/assert.h"

static void small(struct archive *ar, uint8_t *value, unsigned below, const char *what)
{
    ar_u8(ar, value);
    if (ar_loading(ar) && *value >= below) {
        ar_fail(ar, "the system controller's state names an unknown %s", what);
        *value = 0;
    }
}

#define ENUM(ar, field, below, what)                                                                         \
    do {                                                                                                     \
        uint8_t small_value = (uint8_t)(field);                                                              \
        small(ar, &small_value, below, what);                                                                \
        (field) = small_value;                                                                               \
    } while (0)

static void text(struct archive *ar, char *bytes, size_t size)
{
    ar_bytes(ar, bytes, size);
    if (ar_loading(ar))
        bytes[size - 1] = '\0';
}

// A partition's index, or none.
static void partition_index(const struct sc *sc, struct archive *ar, uint32_t *partition)
{
    ar_u32(ar, partition);
    if (ar_loading(ar) && *partition != NO_PARTITION && *partition >= sc->machine->n_partitions) {
        ar_fail(ar, "the system controller's state names a partition that the machine does not have");
        *partition = NO_PARTITION;
    }
}

static void board_index(const struct sc *sc, struct archive *ar, uint16_t *board)
{
    ar_u16(ar, board);
    if (ar_loading(ar) && *board != NO_BOARD && *board >= sc->machine->n_boards) {
        ar_fail(ar, "the system controller's state names a board that the machine does not have");
        *board = NO_BOARD;
    }
}

static void board_state(const struct sc *sc, struct sc_board *b, struct archive *ar)
{
    ENUM(ar, b->assignment, SC_ACTIVE + 1, "assignment");
    ENUM(ar, b->receptacle, SC_CONNECTED + 1, "receptacle");
    ENUM(ar, b->occupant, SC_CONFIGURED + 1, "occupant");
    ENUM(ar, b->test, SC_TEST_FAILED + 1, "test");
    ar_bool(ar, &b->powered);
    ar_bool(ar, &b->blacklisted);
    ar_bool(ar, &b->use_on_next_boot);
    ar_bool(ar, &b->offline);
    ar_bool(ar, &b->tables);
    partition_index(sc, ar, &b->partition);
    partition_index(sc, ar, &b->next_partition);
}

static void segment_state(const struct sc *sc, struct segment_desc *segment, struct archive *ar)
{
    ar_u64(ar, &segment->base);
    ar_u64(ar, &segment->size);
    ar_u64(ar, &segment->granule);
    ar_u64(ar, &segment->offset);
    ar_count(ar, &segment->n_boards, BOARDS_PER_SYSTEM_MAX);
    for (uint32_t i = 0; i < segment->n_boards; i++)
        board_index(sc, ar, &segment->boards[i]);
    if (segment->n_boards == 0)
        ar_fail(ar, "a segment lies on no board");
}

// CPU addresses that a guest is offered of a board, by number in the system.
static void addresses_state(const struct sc *sc, const struct partition_desc *desc, uint32_t number,
                            struct archive *ar, uint16_t *first)
{
    const struct system_desc *system = &sc->machine->systems[desc->system];
    uint32_t cpus =
        number < system->boards ? sc->machine->boards[system->first_board + number].params.cpus : 0;
    ar_u16(ar, first);
    if (ar_loading(ar) && *first != CPU_ADDRESSES_NONE && *first + cpus > GUEST_CPUS_MAX) {
        ar_fail(ar, "the system controller's state names CPU addresses that no guest has");
        *first = CPU_ADDRESSES_NONE;
    }
}

static void partition_state(const struct sc *sc, struct sc_partition *p, struct archive *ar)
{
    ENUM(ar, p->state, SC_HALTED + 1, "domain state");
    ENUM(ar, p->position, SC_POSITION_COUNT, "keyswitch position");
    text(ar, p->tag, sizeof p->tag);
    board_index(sc, ar, &p->core_board);
    for (unsigned i = 0; i < BOARDS_PER_SYSTEM_MAX; i++)
        ar_bool(ar, &p->available[i]);
    ar_u64(ar, &p->pages);
    partition_index(sc, ar, &p->domain.partition);
    ar_u64(ar, &p->domain.members);
    ar_u16(ar, &p->domain.map_version);
    ar_count(ar, &p->domain.n_segments, SEGMENTS_MAX);
    for (uint32_t i = 0; i < p->domain.n_segments; i++)
        segment_state(sc, &p->domain.segments[i], ar);
    for (uint32_t i = 0; i < BOARDS_PER_SYSTEM_MAX; i++)
        addresses_state(sc, &sc->machine->partitions[p - sc->partitions], i, ar, &p->domain.cpu_addresses[i]);
}

static void command_state(const struct sc *sc, struct sc_command *c, struct archive *ar)
{
    ENUM(ar, c->verb, SC_VERB_COUNT, "command");
    board_index(sc, ar, &c->board);
    partition_index(sc, ar, &c->partition);
    ENUM(ar, c->level, SC_LEVEL_COUNT, "level");
    ENUM(ar, c->position, SC_POSITION_COUNT, "keyswitch position");
    ar_bool(ar, &c->on);
    ar_bool(ar, &c->force);
    ar_bool(ar, &c->restricted);
    text(ar, c->name, sizeof c->name);
    text(ar, c->user, sizeof c->user);
}

static void steps_state(struct operation *op, struct archive *ar)
{
    ar_count(ar, &op->n_steps, STEPS_MAX);
    for (uint32_t i = 0; i < op->n_steps; i++)
        small(ar, &op->steps[i], STEP_COUNT, "step");
    ar_count(ar, &op->at_step, op->n_steps);
    ar_u64(ar, &op->n_orders);
    ar_u32(ar, &op->outstanding);
    ar_bool(ar, &op->failing);
    for (unsigned i = 0; i < BOARDS_PER_SYSTEM_MAX; i++)
        ar_bool(ar, &op->boots[i]);
    ar_u64(ar, &op->copy_offset);
    ar_u64(ar, &op->copy_size);
    ar_u64(ar, &op->drain_pages);
    ar_u64(ar, &op->drain_given);
}

static const char *word_of(const struct operation *op)
{
    bool over = op->shown.ended != SIM_NEVER;
    if (over && op->shown.outcome.code == ERR_OK)
        return "done";
    return op->n_steps && op->at_step < op->n_steps ? step_word((enum step)op->steps[op->at_step])
                                                    : "refused";
}

static void operation_state(const struct sc *sc, struct operation *op, struct archive *ar)
{
    struct sc_operation *o = &op->shown;
    ar_u64(ar, &o->id);
    ar_u32(ar, &o->group);
    command_state(sc, &o->command, ar);
    partition_index(sc, ar, &o->from);
    partition_index(sc, ar, &o->to);
    ar_u64(ar, &o->began);
    ar_u64(ar, &o->ended);
    ar_u64(ar, &o->pages_done);
    ar_u64(ar, &o->pages_total);
    ENUM(ar, o->outcome.code, ERR_CODE_COUNT, "outcome");
    text(ar, o->outcome.text, sizeof o->outcome.text);
    steps_state(op, ar);
    board_index(sc, ar, &op->copy_target);
    o->step = word_of(op);
}

static void operations_state(struct sc *sc, struct archive *ar)
{
    uint32_t n = (uint32_t)sc->n_operations;
    ar_count(ar, &n, SC_OPERATIONS_MAX);
    for (uint32_t i = 0; i < n && !ar_failed(ar); i++) {
        if (ar_loading(ar)) {
            sc->operations = realloc(sc->operations, (i + 1) * sizeof *sc->operations);
            NP_ASSERT(sc->operations);
            sc->operations[i] = calloc(1, sizeof **sc->operations);
            NP_ASSERT(sc->operations[i]);
            sc->n_operations = i + 1;
        }
        operation_state(sc, sc->operations[i], ar);
        if (sc->operations[i]->shown.id != i + 1)
            ar_fail(ar, "operations of the system controller are out of order");
    }
    sc->first_open = 0;
    while (sc->first_open < sc->n_operations && sc->operations[sc->first_open]->shown.ended != SIM_NEVER)
        sc->first_open++;
}

// What could not be followed by anything that a controller does.
static bool makes_sense(const struct sc *sc)
{
    for (uint16_t b = 0; b < sc->machine->n_boards; b++)
        if (board_state_of(&sc->boards[b]) == BOARD_IMPOSSIBLE)
            return false;
    for (uint32_t p = 0; p < sc->machine->n_partitions; p++)
        if (!domain_state_fits(sc->partitions[p].position, sc->partitions[p].state))
            return false;
    for (uint64_t i = sc->first_open; i < sc->n_operations; i++) {
        const struct operation *op = sc->operations[i];
        bool open = op->shown.ended == SIM_NEVER;
        if (open && (op->at_step >= op->n_steps || op->outstanding == 0 ||
                     op->shown.group >= sc->machine->n_partitions))
            return false;
    }
    return true;
}

void sc_state(struct sc *sc, struct archive *ar)
{
    NP_ASSERT(!ar_loading(ar) || sc->n_operations == 0);
    ar_mark(ar, "SYSC");
    for (uint16_t b = 0; b < sc->machine->n_boards; b++) {
        board_state(sc, &sc->boards[b], ar);
        partition_index(sc, ar, &sc->groups[b]);
        ar_u64(ar, &sc->frames_taken[b]);
    }
    for (uint32_t p = 0; p < sc->machine->n_partitions; p++)
        partition_state(sc, &sc->partitions[p], ar);
    ar_u64(ar, &sc->next_event);
    operations_state(sc, ar);
    ar_mark(ar, "CSYS");
    if (ar_loading(ar) && !ar_failed(ar) && !makes_sense(sc))
        ar_fail(ar, "the system controller's state contradicts itself");
    if (ar_loading(ar) && !ar_failed(ar))
        invariants_check(sc);
}
