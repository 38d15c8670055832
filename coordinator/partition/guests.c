// SPDX-License-Identifier: Apache-2.0
// Boards of a guest's partition. A guest is offered CPUs and storage, takes into use what it likes, and gives
// it back by itself, so a board may leave only if its views say that the guest has nothing of it.
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "coordinator/partition/admission.h"
#include "coordinator/partition/guests.h"
#include "proto/base/assert.h"

// How many members of a domain have each CPU address.
struct addresses {
    uint8_t users[GUEST_CPUS_MAX];
};

// Of the board's CPUs, those with a bit set.
static void use(struct addresses *a, const struct machine *machine, uint16_t board, uint16_t first,
                uint32_t cpus)
{
    if (first == CPU_ADDRESSES_NONE)
        return;
    for (uint32_t i = 0; i < machine->n_cpus; i++) {
        const struct cpu_desc *cpu = &machine->cpus[i];
        if (first == CPU_ADDRESSES_DESCRIBED && cpu->board == board && cpu->kind == CPU_ZARCH)
            a->users[cpu->member] += cpus >> cpu->index & 1;
    }
    for (uint32_t i = 0; first != CPU_ADDRESSES_DESCRIBED && i < machine->boards[board].params.cpus; i++)
        a->users[first + i] += cpus >> i & 1;
}

static void count_users(struct addresses *a, const struct domain *domain, const struct machine *machine,
                        uint32_t partition)
{
    const struct system_desc *system = &machine->systems[machine->partitions[partition].system];
    memset(a, 0, sizeof *a);
    for (uint32_t i = 0; i < system->boards; i++)
        if (domain->members >> i & 1)
            use(a, machine, (uint16_t)(system->first_board + i), domain->cpu_addresses[i], UINT32_MAX);
}

bool guest_addresses_differ(const struct domain *domain, const struct machine *machine, uint32_t partition)
{
    struct addresses a;
    count_users(&a, domain, machine, partition);
    for (uint32_t i = 0; i < GUEST_CPUS_MAX; i++)
        if (a.users[i] > 1)
            return false;
    return true;
}

static bool free_block(const struct addresses *a, uint32_t first, uint32_t cpus)
{
    for (uint32_t i = 0; i < cpus; i++)
        if (a->users[first + i])
            return false;
    return true;
}

uint16_t guest_block(const struct domain *domain, const struct machine *machine, uint32_t partition,
                     uint16_t board)
{
    struct addresses a;
    uint32_t cpus = machine->boards[board].params.cpus;
    count_users(&a, domain, machine, partition);
    for (uint32_t first = cpus; first + cpus <= GUEST_CPUS_MAX; first += cpus)
        if (free_block(&a, first, cpus))
            return (uint16_t)first;
    return CPU_ADDRESSES_NONE;
}

bool guest_described(const struct sc *sc, uint32_t partition, uint16_t board)
{
    return sc->partitions[partition].domain.cpu_addresses[sc_in_system(sc, board)] == CPU_ADDRESSES_DESCRIBED;
}

const char *guest_cpus_text(const struct sc *sc, uint32_t partition, uint16_t board, uint32_t cpus,
                            char text[GUEST_TEXT_SIZE])
{
    struct addresses a = {0};
    size_t used = 0;
    use(&a, sc->machine, board, sc->partitions[partition].domain.cpu_addresses[sc_in_system(sc, board)],
        cpus);
    text[0] = '\0';
    for (uint32_t i = 0; i < GUEST_CPUS_MAX && used < GUEST_TEXT_SIZE; i++) {
        uint32_t last = i;
        if (!a.users[i])
            continue;
        while (last + 1 < GUEST_CPUS_MAX && a.users[last + 1])
            last++;
        int n = snprintf(text + used, GUEST_TEXT_SIZE - used, last > i ? "%s%u-%u" : "%s%u", used ? "," : "",
                         i, last);
        used += n > 0 ? (size_t)n : 0;
        i = last;
    }
    return text;
}

// "CPUs 4-7 and 16 MiB of storage element 3".
static void holdings(const struct sc *sc, uint32_t partition, const struct board_view *view,
                     char text[GUEST_TEXT_SIZE])
{
    char cpus[GUEST_TEXT_SIZE], of[32] = "memory";
    bool mib = view->guest_bytes % (UINT64_C(1) << 20) == 0;
    size_t used = 0;
    text[0] = '\0';
    if (!guest_described(sc, partition, view->board))
        snprintf(of, sizeof of, "storage element %u", guest_element(sc, view->board));
    if (view->guest_cpus) {
        guest_cpus_text(sc, partition, view->board, view->guest_cpus, cpus);
        used = (size_t)snprintf(text, GUEST_TEXT_SIZE, "CPU%s %.80s", strpbrk(cpus, "-,") ? "s" : "", cpus);
    }
    if (view->guest_bytes)
        snprintf(text + used, GUEST_TEXT_SIZE - used, "%s%" PRIu64 " %s of %s", used ? " and " : "",
                 view->guest_bytes >> (mib ? 20 : 10), mib ? "MiB" : "KiB", of);
}

bool guest_runs(const struct sc *sc, uint32_t partition)
{
    for (uint16_t b = 0; b < sc->machine->n_boards; b++) {
        struct board_view view;
        if (!sc_member(sc, partition, b))
            continue;
        sc->io.view(sc->io.self, b, &view);
        if (view.bound)
            return true;
    }
    return false;
}

// What a person may type at the guest's console, and whether another board could help. `target`: it can take
// the memory.
static void remedies(const struct sc *sc, uint32_t partition, const struct board_view *view, uint16_t target,
                     char *text, size_t size)
{
    char cpus[GUEST_TEXT_SIZE];
    const char *name = sc_partition_name(sc, partition), *ask = "ask it, if it understands that: ";
    bool memory = view->guest_bytes && target == NO_BOARD;
    size_t used = 0;
    text[0] = '\0';
    if (view->guest_cpus)
        used += (size_t)snprintf(text, size, "%snumaplex type %s 'CF CPU(%.80s),OFFLINE'", ask, name,
                                 guest_cpus_text(sc, partition, view->board, view->guest_cpus, cpus));
    if (memory && !guest_described(sc, partition, view->board))
        used += (size_t)snprintf(text + used, size - used, "%snumaplex type %s 'CF STOR(E=%u),OFFLINE'",
                                 used ? " and " : ask, name, guest_element(sc, view->board));
    if (view->guest_bytes && target != NO_BOARD)
        snprintf(text + used, size - used, "; %s can then take the place of its memory",
                 sc_board_name(sc, target));
    if (memory)
        snprintf(text + used, size - used,
                 "%sadd a board with at least as much memory first, which can take the place of this memory",
                 !used                                         ? ""
                 : guest_described(sc, partition, view->board) ? ", and "
                                                               : "; or ");
}

enum err_code guest_refuse(const struct sc *sc, uint32_t partition, const struct board_view *view,
                           uint16_t target, struct err *err)
{
    char has[GUEST_TEXT_SIZE], way[3 * GUEST_TEXT_SIZE];
    struct board_view held = *view;
    if (!guest_runs(sc, partition))
        held.guest_cpus = 0;
    holdings(sc, partition, &held, has);
    remedies(sc, partition, &held, target, way, sizeof way);
    return err_set(err, ERR_CONSENT, "%s: the guest of %s has %s and does not give that back; %s",
                   sc_board_name(sc, view->board), sc_partition_name(sc, partition), has, way);
}

// A program for z/Architecture finds its CPUs again where it was described; others of a board run elsewhere.
enum err_code guest_admit_join(const struct sc *sc, uint32_t partition, uint16_t board, struct err *err)
{
    for (uint32_t i = 0; i < sc->machine->n_cpus; i++) {
        const struct cpu_desc *cpu = &sc->machine->cpus[i];
        if (cpu->board == board && cpu->kind != CPU_IDLE && cpu->kind != CPU_ZARCH)
            return err_set(err, ERR_BOUND,
                           "%s: CPU %u has a program of its own, and cannot run the guest of %s; use a board "
                           "without such programs",
                           sc_board_name(sc, board), cpu->index, sc_partition_name(sc, partition));
    }
    if (guest_block(&sc->partitions[partition].domain, sc->machine, partition, board) != CPU_ADDRESSES_NONE)
        return ERR_OK;
    return err_set(err, ERR_STATE,
                   "%s has no %" PRIu32 " CPU addresses in a row left of %u; delete another board first",
                   sc_partition_name(sc, partition), sc->machine->boards[board].params.cpus, GUEST_CPUS_MAX);
}

// Its service element keeps the guest's console, and what was typed there.
static enum err_code check_service(const struct sc *sc, uint32_t partition, uint16_t board, struct err *err)
{
    if (sc->machine->partitions[partition].boards[0] != board)
        return ERR_OK;
    return err_set(
        err, ERR_BOUND,
        "%s has the service element of the guest of %s; move another board, or turn the keyswitch off",
        sc_board_name(sc, board), sc_partition_name(sc, partition));
}

enum err_code guest_admit_leave(struct sc *sc, struct operation *op, struct err *err)
{
    struct board_view view;
    uint32_t from = op->shown.from;
    uint16_t board = op->shown.command.board;
    if (check_service(sc, from, board, err))
        return err->code;
    sc->io.view(sc->io.self, board, &view);
    if (view.guest_bytes && memory_admit(sc, op, from, err))
        return err->code == ERR_CONSENT ? guest_refuse(sc, from, &view, NO_BOARD, err) : err->code;
    return view.guest_cpus && guest_runs(sc, from) ? guest_refuse(sc, from, &view, op->copy_target, err)
                                                   : ERR_OK;
}

// CPUs of the board or memory of the target may have become the guest's just before all stood still.
bool guest_may_copy(struct sc *sc, struct operation *op)
{
    struct board_view view, target;
    sc->io.view(sc->io.self, op->shown.command.board, &view);
    sc->io.view(sc->io.self, op->copy_target, &target);
    if (target.guest_bytes == 0 && !(view.guest_cpus && guest_runs(sc, op->shown.from)))
        return true;
    guest_refuse(sc, op->shown.from, &view, target.guest_bytes ? NO_BOARD : op->copy_target,
                 &op->shown.outcome);
    return false;
}
