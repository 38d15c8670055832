// SPDX-License-Identifier: Apache-2.0
// Whether a board may leave a domain that goes on, and whether a domain may be halted or booted.
#include "coordinator/partition/admission.h"
#include "coordinator/partition/guests.h"
#include "coordinator/partition/states.h"
#include "coordinator/partition/words.h"

static bool stays(const struct sc *sc, uint32_t partition, uint16_t board, uint16_t leaving)
{
    const struct sc_board *b = &sc->boards[board];
    return board != leaving && sc_member(sc, partition, board) && b->assignment == SC_ACTIVE && !b->offline;
}

static enum err_code check_last(struct sc *sc, uint32_t partition, uint16_t leaving, struct err *err)
{
    uint32_t cpus = 0;
    uint64_t memory = 0;
    for (uint16_t b = 0; b < sc->machine->n_boards; b++) {
        if (!stays(sc, partition, b, leaving))
            continue;
        cpus += sc->machine->boards[b].params.cpus;
        memory += sc->machine->boards[b].params.memory_bytes;
    }
    if (cpus && memory)
        return ERR_OK;
    return err_set(err, ERR_LAST,
                   "%s has the last %s of %s; add another board first, or turn the keyswitch off",
                   sc_board_name(sc, leaving), cpus ? "memory" : "CPUs", sc_partition_name(sc, partition));
}

// Threads need a CPU that takes them, whatever else there is.
static enum err_code check_threads(struct sc *sc, uint32_t partition, uint16_t leaving, struct err *err)
{
    struct board_view view;
    uint32_t online = 0;
    for (uint16_t b = 0; b < sc->machine->n_boards; b++) {
        if (!stays(sc, partition, b, leaving))
            continue;
        sc->io.view(sc->io.self, b, &view);
        online += view.cpus_online;
    }
    sc->io.view(sc->io.self, leaving, &view);
    if (online || view.threads == 0)
        return ERR_OK;
    return err_set(err, ERR_LAST, "%s has the last CPUs of %s that take threads; add another board first",
                   sc_board_name(sc, leaving), sc_partition_name(sc, partition));
}

// The far end goes on sending: a board with a cable in it, or a domain with such a board, cannot stand still.
static enum err_code check_links(const struct sc *sc, uint32_t partition, uint16_t board, struct err *err)
{
    for (uint32_t i = 0; i < sc->machine->n_links; i++)
        for (unsigned end = 0; end < 2; end++) {
            uint16_t at = sc->machine->links[i].board[end];
            if (board == NO_BOARD ? sc_member(sc, partition, at) : at == board)
                return err_set(err, ERR_BOUND,
                               "the timed link %s ends at %s; a link cannot be unplugged while the machine "
                               "runs; leave it out of the scenario, or use another board",
                               sc->machine->links[i].name, sc_board_name(sc, at));
        }
    return ERR_OK;
}

enum err_code admission_leave(struct sc *sc, struct operation *op, struct err *err)
{
    uint16_t board = op->shown.command.board;
    uint32_t from = op->shown.from;
    struct board_view view;
    bool guest = sc_has_guest(sc, from);
    if (!guest && check_last(sc, from, board, err)) // what a guest has keeps its board
        return err->code;
    if (check_links(sc, from, board, err))
        return err->code;
    if (guest)
        return guest_admit_leave(sc, op, err);
    sc->io.view(sc->io.self, board, &view);
    if (view.bound)
        return err_set(
            err, ERR_BOUND,
            "%s: %u of its CPUs run programs of their own, which cannot go elsewhere; wait until they "
            "have ended, or use threads of a pool",
            sc_board_name(sc, board), view.bound);
    if (check_threads(sc, from, board, err))
        return err->code;
    return memory_admit(sc, op, from, err);
}

// Boards that a domain runs on when it boots: of those that are its own then, without those that must not be
// used. `now`: only those that are active now.
static uint64_t choose(const struct sc *sc, struct operation *op, uint32_t partition, bool now)
{
    const struct system_desc *system = &sc->machine->systems[sc->machine->partitions[partition].system];
    uint64_t members = 0;
    for (uint32_t i = 0; i < system->boards; i++) {
        const struct sc_board *b = &sc->boards[system->first_board + i];
        op->boots[i] = b->partition == partition && b->next_partition == partition && !b->blacklisted &&
                       b->use_on_next_boot && (!now || b->assignment == SC_ACTIVE);
        members |= (uint64_t)op->boots[i] << i;
    }
    return members;
}

static uint64_t described(const struct sc *sc, uint32_t partition)
{
    const struct partition_desc *desc = &sc->machine->partitions[partition];
    uint64_t members = 0;
    for (uint32_t i = 0; i < desc->n_boards; i++)
        members |= UINT64_C(1) << sc_in_system(sc, desc->boards[i]);
    return members;
}

static const struct cpu_desc *homeless(const struct sc *sc, uint32_t partition, uint64_t members)
{
    struct domain domain = {0};
    domain_original(&domain, sc->machine, partition, members);
    uint64_t end = 0;
    for (uint32_t i = 0; i < domain.n_segments; i++)
        end = domain.segments[i].base + domain.segments[i].size;
    for (uint32_t i = 0; i < sc->machine->n_cpus; i++) {
        const struct cpu_desc *cpu = &sc->machine->cpus[i];
        bool runs = sc->machine->boards[cpu->board].partition == partition &&
                    (members >> sc_in_system(sc, cpu->board) & 1) && cpu->kind != CPU_IDLE;
        if (runs && (cpu->kind != CPU_GENERATOR || cpu->base + cpu->size > end))
            return cpu;
    }
    return NULL;
}

// What its programs have in frames is the same whatever boards they begin on.
uint64_t admission_pages(const struct sc *sc, uint32_t partition)
{
    uint64_t pages = 0;
    if (sc->partitions[partition].domain.partition == NO_PARTITION)
        return sc->partitions[partition].pages;
    for (uint16_t b = 0; b < sc->machine->n_boards; b++) {
        struct board_view view;
        if (!sc_member(sc, partition, b))
            continue;
        sc->io.view(sc->io.self, b, &view);
        pages += view.frames_used;
    }
    return pages;
}

// CPUs of the board that have no program of their own.
static uint32_t pool_cpus(const struct machine *machine, uint16_t board)
{
    uint32_t n = machine->boards[board].params.cpus;
    for (uint32_t i = 0; i < machine->n_cpus; i++)
        n -= machine->cpus[i].board == board && machine->cpus[i].kind != CPU_IDLE;
    return n;
}

// Threads of pools and their pages are dealt out over the boards: there must be a CPU and frames for them.
static enum err_code check_pools(const struct sc *sc, uint32_t partition, uint64_t members, struct err *err)
{
    const struct partition_desc *desc = &sc->machine->partitions[partition];
    const struct system_desc *system = &sc->machine->systems[desc->system];
    uint64_t cpus = 0, frames = 0, pages = admission_pages(sc, partition);
    for (uint32_t i = 0; i < system->boards; i++) {
        uint16_t board = (uint16_t)(system->first_board + i);
        uint64_t memory = sc->machine->boards[board].params.memory_bytes;
        if (!(members >> i & 1))
            continue;
        cpus += pool_cpus(sc->machine, board);
        frames += memory > desc->frames_offset ? (memory - desc->frames_offset) / PAGE_BYTES : 0;
    }
    if (cpus == 0)
        return err_set(err, ERR_LAST,
                       "%s: none of the boards that it would boot has a CPU for its threads; "
                       "give it one more",
                       sc_partition_name(sc, partition));
    if (frames < pages)
        return err_set(
            err, ERR_NO_FRAMES,
            "%s has %llu pages, and the boards that it would boot have %llu frames; give it one more",
            sc_partition_name(sc, partition), (unsigned long long)pages, (unsigned long long)frames);
    return ERR_OK;
}

// Beyond those that its guest was described with, boards are offered to it: each has CPU addresses, or none.
static enum err_code check_offers(const struct sc *sc, uint32_t partition, uint64_t members, struct err *err)
{
    struct domain domain = {0};
    const struct system_desc *system = &sc->machine->systems[sc->machine->partitions[partition].system];
    domain_original(&domain, sc->machine, partition, members);
    for (uint32_t i = 0; i < system->boards; i++) {
        uint16_t board = (uint16_t)(system->first_board + i);
        if ((members >> i & 1) && domain.cpu_addresses[i] == CPU_ADDRESSES_NONE)
            return err_set(err, ERR_STATE,
                           "%s: no CPU addresses are left of %u for the CPUs of %s; delete it",
                           sc_partition_name(sc, partition), GUEST_CPUS_MAX, sc_board_name(sc, board));
    }
    return ERR_OK;
}

// Programs that are bound to CPUs were checked against the partition as it was described.
enum err_code admission_boot(const struct sc *sc, uint32_t partition, uint64_t members, struct err *err)
{
    if (members == 0)
        return err_set(
            err, ERR_STATE,
            "%s has no board to run on; add one that is not blacklisted and is used on the next boot",
            sc_partition_name(sc, partition));
    if (members == described(sc, partition))
        return ERR_OK;
    if (sc_has_guest(sc, partition) && (members & described(sc, partition)) == described(sc, partition))
        return check_offers(sc, partition, members, err);
    const struct cpu_desc *cpu = homeless(sc, partition, members);
    if (!cpu && !sc_has_guest(sc, partition))
        return sc_has_pools(sc, partition) ? check_pools(sc, partition, members, err) : ERR_OK;
    return err_set(
        err, ERR_BOUND,
        "%s: %s bound to the boards that the partition was described with; give it these boards first",
        sc_partition_name(sc, partition), sc_has_guest(sc, partition) ? "its guest is" : "a program is");
}

static void take_boot(struct operation *op, bool dark)
{
    if (!dark) {
        admission_take(op, STEP_STOP);
        admission_take(op, STEP_DARK);
    }
    for (enum step s = STEP_UP; s <= STEP_RESET; s++)
        admission_take(op, s);
}

static bool is_running_position(enum sc_position position)
{
    return position >= SC_KEY_ON;
}

// From running, or halted, to off or standby; or between these two.
static void take_down(struct operation *op, const struct sc_partition *p, enum sc_position to)
{
    if (p->state == SC_RUNNING) {
        admission_take(op, STEP_STOP);
        admission_take(op, STEP_DARK);
    }
    if (to == SC_KEY_OFF)
        admission_take(op, STEP_DOWN);
    else if (p->state == SC_POWERED_OFF)
        admission_take(op, STEP_UP);
}

enum err_code admission_keyswitch(struct sc *sc, struct operation *op, struct err *err)
{
    uint32_t partition = op->shown.from;
    enum sc_position to = op->shown.command.position;
    const struct sc_partition *p = &sc->partitions[partition];
    if (to >= SC_POSITION_COUNT)
        return err_set(err, ERR_BAD_VALUE, "a keyswitch is off, standby, on, diag or secure");
    if (p->position == to)
        return err_set(err, ERR_STATE, "the keyswitch of %s is %s already; nothing is to be done",
                       sc_partition_name(sc, partition), sc_position_name(to));
    uint64_t members = choose(sc, op, partition, false);
    if (!is_running_position(to)) {
        if (check_links(sc, partition, NO_BOARD, err))
            return err->code;
        take_down(op, p, to);
        return ERR_OK;
    }
    if (is_running_position(p->position))
        return ERR_OK; // takes effect at the next boot
    if (admission_boot(sc, partition, members, err))
        return err->code;
    take_boot(op, true);
    return ERR_OK;
}

enum err_code admission_reboot(struct sc *sc, struct operation *op, struct err *err)
{
    uint32_t partition = op->shown.from;
    const struct sc_partition *p = &sc->partitions[partition];
    if (p->state != SC_RUNNING)
        return err_set(err, ERR_STATE, "%s does not run (%s); turn its keyswitch on",
                       sc_partition_name(sc, partition), sc_domain_state_name(p->state));
    if (p->position == SC_KEY_SECURE)
        return err_set(err, ERR_STATE,
                       "%s: its keyswitch is secure, where resets are ignored; turn it on first",
                       sc_partition_name(sc, partition));
    uint64_t members = choose(sc, op, partition, !op->shown.command.on);
    if (check_links(sc, partition, NO_BOARD, err))
        return err->code;
    if (admission_boot(sc, partition, members, err))
        return err->code;
    take_boot(op, false);
    return ERR_OK;
}
