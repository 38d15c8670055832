// SPDX-License-Identifier: Apache-2.0
// What stands against a board's memory leaving its partition, and where it goes.
#include <stdlib.h>

#include "coordinator/partition/controller.h"
#include "proto/base/assert.h"

// A CPU whose program is bound to real addresses: where? False: it has none, or is of another partition.
static bool region_of(const struct sc *sc, const struct cpu_desc *cpu, uint32_t partition, uint64_t *base,
                      uint64_t *size)
{
    bool here =
        sc_member(sc, partition, cpu->board) && sc->machine->boards[cpu->board].partition == partition;
    if (!here || cpu->kind == CPU_IDLE || cpu->kind == CPU_POOL)
        return false;
    bool known = cpu->kind == CPU_GENERATOR;
    *base = known ? cpu->base : 0;
    *size = known ? cpu->size : UINT64_MAX / 2; // scripts and recordings reach all there is
    return true;
}

// A bound program of the partition with memory in the range of the board's; NULL: there is none.
static const struct cpu_desc *bound_to(const struct sc *sc, uint32_t partition, uint16_t board,
                                       uint64_t offset, uint64_t size)
{
    const struct domain *domain = &sc->partitions[partition].domain;
    for (uint32_t i = 0; i < sc->machine->n_cpus && size; i++) {
        uint64_t base, bytes;
        const struct cpu_desc *cpu = &sc->machine->cpus[i];
        if (region_of(sc, cpu, partition, &base, &bytes) &&
            domain_touches(domain, base, bytes, board, offset, size))
            return cpu;
    }
    return NULL;
}

static uint64_t memory_of(const struct sc *sc, uint16_t board)
{
    return sc->machine->boards[board].params.memory_bytes;
}

// facts.md 1.5: a board of user memory without permanent memory, not floating unless forced, with at least as
// much memory as the one that leaves. A guest's memory goes to a board of whose own the guest has none.
static bool is_free(const struct sc *sc, uint32_t partition, uint16_t board)
{
    struct board_view view;
    if (!sc_has_guest(sc, partition))
        return true;
    sc->io.view(sc->io.self, board, &view);
    return view.guest_bytes == 0;
}

static bool can_take(const struct sc *sc, const struct operation *op, uint32_t partition, uint16_t board)
{
    const struct sc_board *b = &sc->boards[board];
    uint64_t offset, size;
    bool guest = sc_has_guest(sc, partition);
    uint64_t permanent = sc->machine->partitions[partition].permanent_bytes;
    const struct domain *domain = &sc->partitions[partition].domain;
    if (board == op->shown.command.board || !sc_member(sc, partition, board) ||
        b->occupant != SC_CONFIGURED || b->offline || !is_free(sc, partition, board) ||
        (b->floating && !op->shown.command.force && !guest))
        return false;
    if (domain_interleaved(domain, board) || domain->n_segments + 4 > SEGMENTS_MAX ||
        memory_of(sc, board) < memory_of(sc, op->shown.command.board))
        return false;
    bool cage = !domain_range(domain, board, permanent, &offset, &size) || size > 0;
    return !cage && (guest || !bound_to(sc, partition, board, op->copy_offset, op->copy_size));
}

static uint16_t copy_target(const struct sc *sc, const struct operation *op, uint32_t partition)
{
    for (uint16_t b = 0; b < sc->machine->n_boards; b++)
        if (can_take(sc, op, partition, b))
            return b;
    return NO_BOARD;
}

static enum err_code admit_copy(struct sc *sc, struct operation *op, uint32_t partition, struct err *err)
{
    const char *name = sc_board_name(sc, op->shown.command.board), *p = sc_partition_name(sc, partition);
    if (op->copy_size == 0)
        return ERR_OK;
    op->copy_target = copy_target(sc, op, partition);
    if (op->copy_target != NO_BOARD)
        return ERR_OK;
    if (sc_has_guest(sc, partition))
        return err_set(err, ERR_CONSENT, "%s: no other board of %s can take its memory", name, p);
    return err_set(err, ERR_PERMANENT,
                   "%s holds permanent memory of %s, and no other board there can take it; add one with at "
                   "least as much memory, without permanent memory or programs bound to its memory%s",
                   name, p, op->shown.command.force ? "" : " (a floating one only with force)");
}

static enum err_code refuse_bound(const struct sc *sc, const struct cpu_desc *cpu, uint16_t board,
                                  struct err *err)
{
    return err_set(
        err, ERR_BOUND,
        "%s: the program of CPU %s/%u is bound to memory of it; give programs memory of other boards, "
        "or use threads of a pool, which move",
        sc_board_name(sc, board), sc_board_name(sc, cpu->board), cpu->index);
}

// Bound programs: only what is copied may be theirs.
static enum err_code admit_bound(const struct sc *sc, const struct operation *op, uint32_t partition,
                                 struct err *err)
{
    uint16_t board = op->shown.command.board;
    uint64_t end = op->copy_offset + op->copy_size;
    const struct cpu_desc *below = bound_to(sc, partition, board, 0, op->copy_offset);
    const struct cpu_desc *above = bound_to(sc, partition, board, end, memory_of(sc, board) - end);
    if (below || above)
        return refuse_bound(sc, below ? below : above, board, err);
    return ERR_OK;
}

uint64_t memory_free_frames(struct sc *sc, uint32_t partition, uint16_t leaving)
{
    uint64_t sum = 0;
    for (uint16_t b = 0; b < sc->machine->n_boards; b++) {
        const struct sc_board *board = &sc->boards[b];
        if (b == leaving || !sc_member(sc, partition, b) || board->occupant != SC_CONFIGURED ||
            board->offline)
            continue;
        struct board_view view;
        sc->io.view(sc->io.self, b, &view);
        if (sc->frames_taken[b] < view.frames_used)
            sc->frames_taken[b] = view.frames_used;
        sum += view.frames - sc->frames_taken[b];
    }
    return sum;
}

static enum err_code admit_drain(struct sc *sc, struct operation *op, uint32_t partition, struct err *err)
{
    uint16_t board = op->shown.command.board;
    struct board_view view;
    sc->io.view(sc->io.self, board, &view);
    uint64_t free = memory_free_frames(sc, partition, board);
    op->drain_pages = view.frames_used;
    if (free < view.frames_used)
        return err_set(
            err, ERR_NO_FRAMES,
            "%s has %llu pages in use, and the other boards of %s have %llu frames free; add a board "
            "to it first",
            sc_board_name(sc, board), (unsigned long long)view.frames_used, sc_partition_name(sc, partition),
            (unsigned long long)free);
    return ERR_OK;
}

enum err_code memory_admit(struct sc *sc, struct operation *op, uint32_t partition, struct err *err)
{
    uint16_t board = op->shown.command.board;
    const struct domain *domain = &sc->partitions[partition].domain;
    bool guest = sc_has_guest(sc, partition);
    uint64_t limit = guest ? UINT64_MAX : sc->machine->partitions[partition].permanent_bytes;
    if (domain_interleaved(domain, board))
        return err_set(
            err, ERR_STATE,
            "%s: its memory is interleaved with that of other boards of %s, so it cannot leave while "
            "the partition runs; give the partition `interleave: none`",
            sc_board_name(sc, board), sc_partition_name(sc, partition));
    if (!domain_range(domain, board, limit, &op->copy_offset, &op->copy_size))
        return err_set(err, ERR_PERMANENT,
                       "%s: its permanent memory lies in several pieces and cannot be copied",
                       sc_board_name(sc, board));
    if (!guest && admit_bound(sc, op, partition, err))
        return err->code;
    if (admit_copy(sc, op, partition, err))
        return err->code;
    return admit_drain(sc, op, partition, err);
}

// Each target's part of `number`, from the frames that are free there.
struct order_share *memory_targets(struct sc *sc, uint32_t partition, uint16_t leaving, uint64_t number,
                                   uint32_t *n)
{
    struct order_share *shares = calloc(BOARDS_PER_SYSTEM_MAX, sizeof *shares);
    uint64_t free = memory_free_frames(sc, partition, leaving), left = number;
    NP_ASSERT(shares && free >= number);
    *n = 0;
    for (uint16_t b = 0; b < sc->machine->n_boards && left; b++) {
        const struct sc_board *board = &sc->boards[b];
        struct board_view view;
        if (b == leaving || !sc_member(sc, partition, b) || board->occupant != SC_CONFIGURED ||
            board->offline)
            continue;
        sc->io.view(sc->io.self, b, &view);
        uint64_t here = view.frames - sc->frames_taken[b];
        uint64_t part = (uint64_t)(((unsigned __int128)here * left + free - 1) / (free ? free : 1));
        part = part < left ? part : left;
        free -= here;
        if (part == 0)
            continue;
        shares[(*n)++] = (struct order_share){b, (uint32_t)sc->frames_taken[b], (uint32_t)part};
        sc->frames_taken[b] += part;
        left -= part;
    }
    NP_ASSERT(left == 0);
    return shares;
}
