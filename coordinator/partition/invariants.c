// SPDX-License-Identifier: Apache-2.0
// What holds whenever the controller has done something. Broken, it is a mistake of numaplex, and nothing
// that follows could be trusted.
#include <string.h>

#include "coordinator/partition/guests.h"
#include "coordinator/partition/states.h"
#include "proto/base/assert.h"

static void check_board(const struct sc *sc, uint16_t board)
{
    const struct sc_board *b = &sc->boards[board];
    if (board_state_of(b) == BOARD_IMPOSSIBLE)
        np_panic("%s is in no state that a board can be in", sc_board_name(sc, board));
    if ((b->partition == NO_PARTITION) != (b->assignment == SC_AVAILABLE_BOARD))
        np_panic("%s: assigned to a partition, or available: it is both or neither",
                 sc_board_name(sc, board));
}

// Behind the gates of a domain are its connected boards and no other; each is in one domain at most.
static void check_members(const struct sc *sc, uint32_t partition)
{
    const struct domain *domain = &sc->partitions[partition].domain;
    const struct system_desc *system = &sc->machine->systems[sc->machine->partitions[partition].system];
    for (uint32_t i = 0; i < system->boards; i++) {
        uint16_t board = (uint16_t)(system->first_board + i);
        if ((domain->members >> i & 1) != sc_member(sc, partition, board))
            np_panic("%s: its gates and its receptacle disagree about %s", sc_board_name(sc, board),
                     sc_partition_name(sc, partition));
    }
    NP_ASSERT((domain->members != 0) == (domain->partition == partition));
}

static void check_map(const struct sc *sc, uint32_t partition)
{
    const struct domain *domain = &sc->partitions[partition].domain;
    uint64_t end = 0;
    for (uint32_t i = 0; i < domain->n_segments; i++) {
        const struct segment_desc *s = &domain->segments[i];
        NP_ASSERT(s->base >= end && s->size > 0 && s->base % PAGE_BYTES == 0 && s->size % PAGE_BYTES == 0);
        end = s->base + s->size;
        for (uint32_t j = 0; j < s->n_boards; j++) {
            NP_ASSERT(sc_member(sc, partition, s->boards[j]));
            NP_ASSERT(s->offset + s->size / s->n_boards <=
                      sc->machine->boards[s->boards[j]].params.memory_bytes);
        }
    }
}

// No byte of a board has two real addresses. Interleaved segments stay as the machine was read.
static void check_disjoint(const struct domain *domain)
{
    for (uint32_t i = 0; i < domain->n_segments; i++)
        for (uint32_t j = 0; j < i; j++) {
            const struct segment_desc *a = &domain->segments[i], *b = &domain->segments[j];
            bool apart = a->offset + a->size <= b->offset || b->offset + b->size <= a->offset;
            NP_ASSERT(a->n_boards > 1 || b->n_boards > 1 || a->boards[0] != b->boards[0] || apart);
        }
}

// A guest is offered its active boards and no other, each CPU under an address of its own.
static void check_offers(const struct sc *sc, uint32_t partition)
{
    const struct domain *domain = &sc->partitions[partition].domain;
    const struct system_desc *system = &sc->machine->systems[sc->machine->partitions[partition].system];
    bool guest = sc_has_guest(sc, partition), boots = sc->partitions[partition].state == SC_RUNNING_POST;
    for (uint32_t i = 0; i < system->boards; i++) {
        const struct sc_board *b = &sc->boards[system->first_board + i];
        bool offered = domain->cpu_addresses[i] != CPU_ADDRESSES_NONE, member = domain->members >> i & 1;
        if (!guest || !member)
            NP_ASSERT(domain->cpu_addresses[i] == CPU_ADDRESSES_DESCRIBED); // it means nothing
        else if (!boots && offered != (b->assignment == SC_ACTIVE && !b->offline))
            np_panic("%s: what the guest of %s is offered of it disagrees with its state",
                     sc_board_name(sc, (uint16_t)(system->first_board + i)),
                     sc_partition_name(sc, partition));
    }
    NP_ASSERT(guest_addresses_differ(domain, sc->machine, partition));
}

static void check_domain(const struct sc *sc, uint32_t partition)
{
    const struct sc_partition *p = &sc->partitions[partition];
    if (!domain_state_fits(p->position, p->state))
        np_panic("%s: its state does not fit its keyswitch", sc_partition_name(sc, partition));
    bool dark = p->state == SC_POWERED_OFF || p->state == SC_STANDBY || p->state == SC_HALTED;
    NP_ASSERT(!dark || p->domain.members == 0);
    check_members(sc, partition);
    check_map(sc, partition);
    check_disjoint(&p->domain);
    check_offers(sc, partition);
}

// Those behind common gates share a group; so do those of an operation under way.
static void check_groups(const struct sc *sc)
{
    for (uint16_t a = 0; a < sc->machine->n_boards; a++)
        for (uint16_t b = 0; b < a; b++)
            if (sc->boards[a].receptacle == SC_CONNECTED && sc->boards[b].receptacle == SC_CONNECTED &&
                sc->boards[a].partition == sc->boards[b].partition)
                NP_ASSERT(sc->groups[a] == sc->groups[b] && sc->groups[a] != NO_GROUP);
}

// One operation at a time has a board or a partition.
static void check_operations(const struct sc *sc)
{
    bool taken[PARTITIONS_MAX] = {false}, board[BOARDS_MAX] = {false}, group[PARTITIONS_MAX] = {false};
    for (uint64_t i = sc->first_open; i < sc->n_operations; i++) {
        const struct sc_operation *op = &sc->operations[i]->shown;
        if (op->ended != SIM_NEVER)
            continue;
        const uint32_t of[2] = {op->from, op->to == op->from ? NO_PARTITION : op->to};
        for (unsigned k = 0; k < 2; k++)
            if (of[k] != NO_PARTITION) {
                NP_ASSERT(!taken[of[k]]);
                taken[of[k]] = true;
            }
        NP_ASSERT(!group[op->group]);
        group[op->group] = true;
        if (op->command.board != NO_BOARD) {
            NP_ASSERT(!board[op->command.board]);
            board[op->command.board] = true;
        }
    }
}

void invariants_check(const struct sc *sc)
{
    for (uint16_t b = 0; b < sc->machine->n_boards; b++)
        check_board(sc, b);
    for (uint32_t p = 0; p < sc->machine->n_partitions; p++)
        check_domain(sc, p);
    check_groups(sc);
    check_operations(sc);
}
