// SPDX-License-Identifier: Apache-2.0
// The orders of each step, and what follows when boards have done them.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "coordinator/partition/guests.h"
#include "coordinator/partition/steps.h"
#include "coordinator/partition/words.h"
#include "proto/base/assert.h"

#define DRAINS_QUEUED     2u  // orders that a board has at once, so that it never waits for the controller
#define DRAIN_PARTS       16u // progress is told so often, or more often when a part would be too large
#define DRAIN_PAGES_LEAST 64u
#define DRAIN_PAGES_MOST  4096u
// A self-test at power on goes over a part of the memory, one that is asked for and the longest (diag) over
// all of it. The part is ours: nothing is published.
#define QUICK_TEST_PART 16u

struct order order_for(struct operation *op, sim_time at, uint16_t board, enum order_kind kind)
{
    return (struct order){.id = op->shown.id << ORDER_ID_SHIFT | op->n_orders++,
                          .board = board,
                          .kind = kind,
                          .at = at,
                          .domain.partition = NO_PARTITION};
}

void order_give(struct sc *sc, struct operation *op, struct order *order)
{
    op->outstanding++;
    sc->io.order(sc->io.self, order);
}

static void order_simple(struct sc *sc, struct operation *op, sim_time at, uint16_t board,
                         enum order_kind kind, uint64_t number)
{
    struct order order = order_for(op, at, board, kind);
    order.number = number;
    order_give(sc, op, &order);
}

static void order_members(struct sc *sc, struct operation *op, sim_time at, uint32_t partition,
                          enum order_kind kind)
{
    for (uint16_t b = 0; b < sc->machine->n_boards; b++)
        if (sc_member(sc, partition, b))
            order_simple(sc, op, at, b, kind, 0);
}

void order_domain(struct sc *sc, struct operation *op, sim_time at, uint16_t board,
                  const struct domain *domain)
{
    struct order order = order_for(op, at, board, ORDER_DOMAIN);
    if (domain)
        order.domain = *domain;
    order_give(sc, op, &order);
}

// To all boards behind its gates.
static void tell_domain(struct sc *sc, struct operation *op, sim_time at, uint32_t partition)
{
    const struct domain *domain = &sc->partitions[partition].domain;
    const struct partition_desc *desc = &sc->machine->partitions[partition];
    uint16_t first = (uint16_t)sc->machine->systems[desc->system].first_board;
    for (uint16_t i = 0; i < BOARDS_PER_SYSTEM_MAX; i++)
        if (domain->members >> i & 1)
            order_domain(sc, op, at, (uint16_t)(first + i), domain);
}

static uint16_t leaving(const struct operation *op)
{
    return op->shown.command.board;
}

// Whose board it still is, or will be.
static uint32_t out_of(const struct operation *op)
{
    return op->shown.from;
}

static void begin_offline(struct sc *sc, struct operation *op, sim_time at)
{
    struct order order = order_for(op, at, leaving(op), ORDER_OFFLINE);
    order.shares = work_leaving(sc, out_of(op), leaving(op), &order.n_shares);
    states_board(sc, op, at, leaving(op), EV_OFFLINE, NO_PARTITION);
    order_give(sc, op, &order);
}

// Whoever is behind the gates knows what the guest is offered of the board.
static void tell_offer(struct sc *sc, struct operation *op, sim_time at, uint32_t partition, uint16_t first)
{
    struct domain *domain = &sc->partitions[partition].domain;
    domain->cpu_addresses[sc_in_system(sc, leaving(op))] = first;
    domain->map_version++;
    tell_domain(sc, op, at, partition);
}

static void begin_withdraw(struct sc *sc, struct operation *op, sim_time at)
{
    states_board(sc, op, at, leaving(op), EV_OFFLINE, NO_PARTITION);
    tell_offer(sc, op, at, out_of(op), CPU_ADDRESSES_NONE);
}

static uint64_t drain_part(const struct operation *op)
{
    uint64_t part = op->drain_pages / DRAIN_PARTS, left = op->drain_pages - op->drain_given;
    part = part < DRAIN_PAGES_LEAST ? DRAIN_PAGES_LEAST : part > DRAIN_PAGES_MOST ? DRAIN_PAGES_MOST : part;
    return part < left ? part : left;
}

static void more_drains(struct sc *sc, struct operation *op, sim_time at)
{
    while (op->outstanding < DRAINS_QUEUED && op->drain_given < op->drain_pages) {
        struct order order = order_for(op, at, leaving(op), ORDER_DRAIN);
        order.number = drain_part(op);
        op->drain_given += order.number;
        order.shares = memory_targets(sc, out_of(op), leaving(op), order.number, &order.n_shares);
        order_give(sc, op, &order);
    }
}

static void begin_drain(struct sc *sc, struct operation *op, sim_time at)
{
    struct board_view view;
    sc->io.view(sc->io.self, leaving(op), &view);
    op->shown.pages_total = op->drain_pages = view.frames_used;
    more_drains(sc, op, at);
}

static void done_drain(struct sc *sc, struct operation *op, sim_time at)
{
    (void)at;
    sc->frames_taken[leaving(op)] = 0;
}

static void begin_quiesce(struct sc *sc, struct operation *op, sim_time at)
{
    states_domain(sc, op, at, out_of(op), SC_QUIESCING);
    order_members(sc, op, at, out_of(op), ORDER_QUIESCE);
}

static void done_quiesce(struct sc *sc, struct operation *op, sim_time at)
{
    states_domain(sc, op, at, out_of(op), SC_QUIESCED);
    if (op->copy_target != NO_BOARD && sc_has_guest(sc, out_of(op)) && !guest_may_copy(sc, op))
        step_failed(sc, op, at);
}

static void begin_copy(struct sc *sc, struct operation *op, sim_time at)
{
    struct order order = order_for(op, at, leaving(op), ORDER_COPY);
    order.offset = op->copy_offset;
    order.size = op->copy_size;
    order.target = op->copy_target;
    order_give(sc, op, &order);
}

static void begin_rename(struct sc *sc, struct operation *op, sim_time at)
{
    struct domain *domain = &sc->partitions[out_of(op)].domain;
    domain_renamed(domain, leaving(op), op->copy_target, op->copy_offset, op->copy_size);
    if (sc_has_guest(sc, out_of(op))) {
        domain->cpu_addresses[sc_in_system(sc, leaving(op))] = CPU_ADDRESSES_NONE;
        states_board(sc, op, at, leaving(op), EV_OFFLINE, NO_PARTITION);
    }
    tell_domain(sc, op, at, out_of(op));
}

static void begin_resume(struct sc *sc, struct operation *op, sim_time at)
{
    order_members(sc, op, at, out_of(op), ORDER_RESUME);
}

static void done_resume(struct sc *sc, struct operation *op, sim_time at)
{
    states_domain(sc, op, at, out_of(op), SC_RUNNING);
}

static void begin_flush(struct sc *sc, struct operation *op, sim_time at)
{
    if (!sc->boards[leaving(op)].offline)
        states_board(sc, op, at, leaving(op), EV_OFFLINE, NO_PARTITION);
    order_simple(sc, op, at, leaving(op), ORDER_FLUSH, 0);
}

static void done_flush(struct sc *sc, struct operation *op, sim_time at)
{
    states_board(sc, op, at, leaving(op), EV_UNCONFIGURE, NO_PARTITION);
}

// What must hold before gates are closed: nothing of others is cached there, and nothing of it elsewhere.
static bool is_clean(struct sc *sc, struct operation *op)
{
    struct board_view view;
    sc->io.view(sc->io.self, leaving(op), &view);
    if (view.lines_cached == 0 && view.cached_elsewhere == 0 && view.under_way == 0 &&
        view.frames_used == 0 && view.guest_cpus == 0 && view.guest_bytes == 0)
        return true;
    err_set(&op->shown.outcome, ERR_INTERNAL,
            "%s is not clean: %llu lines in its cache, %llu of its memory in others, %u transactions, %llu "
            "pages; "
            "its gates stay as they are. This is a mistake of numaplex",
            sc_board_name(sc, leaving(op)), (unsigned long long)view.lines_cached,
            (unsigned long long)view.cached_elsewhere, view.under_way, (unsigned long long)view.frames_used);
    return false;
}

static void begin_leave(struct sc *sc, struct operation *op, sim_time at)
{
    struct domain *domain = &sc->partitions[out_of(op)].domain;
    if (!is_clean(sc, op)) {
        step_failed(sc, op, at);
        return;
    }
    domain_without(domain, sc->machine, leaving(op));
    states_board(sc, op, at, leaving(op), EV_DISCONNECT, NO_PARTITION);
    order_domain(sc, op, at, leaving(op), NULL);
    tell_domain(sc, op, at, out_of(op));
}

static void done_leave(struct sc *sc, struct operation *op, sim_time at)
{
    if (op->shown.command.verb == SC_MOVE)
        states_board(sc, op, at, leaving(op), EV_REASSIGN, op->shown.to);
}

static void begin_power(struct sc *sc, struct operation *op, sim_time at)
{
    bool on = op->steps[op->at_step] == STEP_POWER_ON;
    uint16_t board = leaving(op);
    if (on && sc->boards[board].powered && op->shown.command.verb == SC_MOVE)
        states_board(sc, op, at, board, EV_POWER_OFF,
                     NO_PARTITION); // it is cycled: whose it was stays secret
    if (!on)
        states_board(sc, op, at, board, EV_POWER_OFF, NO_PARTITION);
    order_simple(sc, op, at, board, ORDER_POWER, on);
}

static void done_power_on(struct sc *sc, struct operation *op, sim_time at)
{
    states_board(sc, op, at, leaving(op), EV_POWER_ON, NO_PARTITION);
}

void order_test(struct sc *sc, struct operation *op, sim_time at, uint16_t board, bool all)
{
    struct order order = order_for(op, at, board, ORDER_TEST);
    uint64_t memory = sc->machine->boards[board].params.memory_bytes;
    order.size = (all ? memory : memory / QUICK_TEST_PART) / PAGE_BYTES * PAGE_BYTES;
    order.size = order.size ? order.size : PAGE_BYTES;
    states_board(sc, op, at, board, EV_TEST, NO_PARTITION);
    order_give(sc, op, &order);
}

static void begin_test(struct sc *sc, struct operation *op, sim_time at)
{
    order_test(sc, op, at, leaving(op), op->shown.command.verb == SC_TEST);
}

static void begin_join(struct sc *sc, struct operation *op, sim_time at)
{
    uint32_t to = op->shown.to;
    bool room = domain_with(&sc->partitions[to].domain, sc->machine, to, leaving(op));
    NP_ASSERT(room); // admission looked
    sc->frames_taken[leaving(op)] = 0;
    states_board(sc, op, at, leaving(op), EV_CONNECT, NO_PARTITION);
    tell_domain(sc, op, at, to);
}

static void begin_tables(struct sc *sc, struct operation *op, sim_time at)
{
    struct order order = order_for(op, at, leaving(op), ORDER_TABLES);
    uint16_t from = tables_source(sc, op);
    NP_ASSERT(from != NO_BOARD);
    sc->io.tables(sc->io.self, from, &order.bytes, &order.n_bytes);
    order_give(sc, op, &order);
}

static void done_tables(struct sc *sc, struct operation *op, sim_time at)
{
    (void)at;
    sc->boards[leaving(op)].tables = true;
}

static void begin_online(struct sc *sc, struct operation *op, sim_time at)
{
    order_simple(sc, op, at, leaving(op), ORDER_ONLINE, 0);
}

static void done_online(struct sc *sc, struct operation *op, sim_time at)
{
    bool offline = sc->boards[leaving(op)].offline;
    states_board(sc, op, at, leaving(op), offline ? EV_ONLINE : EV_CONFIGURE, NO_PARTITION);
}

static void begin_spread(struct sc *sc, struct operation *op, sim_time at)
{
    for (uint16_t b = 0; b < sc->machine->n_boards; b++) {
        uint32_t n = sc_member(sc, op->shown.to, b) ? work_for(sc, op->shown.to, leaving(op), b) : 0;
        if (n == 0)
            continue;
        struct order order = order_for(op, at, b, ORDER_SPREAD);
        order.shares = calloc(1, sizeof *order.shares);
        NP_ASSERT(order.shares);
        order.shares[0] = (struct order_share){.board = leaving(op), .number = n};
        order.n_shares = 1;
        order_give(sc, op, &order);
    }
}

// A guest takes into use what it likes, by itself.
static void begin_offer(struct sc *sc, struct operation *op, sim_time at)
{
    uint32_t to = op->shown.to;
    uint16_t board = leaving(op);
    char cpus[GUEST_TEXT_SIZE];
    uint16_t first = guest_block(&sc->partitions[to].domain, sc->machine, to, board);
    NP_ASSERT(first != CPU_ADDRESSES_NONE); // admission looked
    states_board(sc, op, at, board, sc->boards[board].offline ? EV_ONLINE : EV_CONFIGURE, NO_PARTITION);
    tell_offer(sc, op, at, to, first);
    guest_cpus_text(sc, to, board, UINT32_MAX, cpus);
    event_tell(sc, op, at, "state", board, to, "%s: standby for the guest: CPUs %.60s, storage element %u",
               sc_board_name(sc, board), cpus, guest_element(sc, board));
}

static const struct {
    const char *word, *failed, *guest;
} words[STEP_COUNT] = {
#define STEP(step, word, failed)                 [step] = {word, failed, failed},
#define STEP_OF_GUEST(step, word, failed, guest) [step] = {word, failed, guest},
#include "coordinator/partition/steps.def"
};

const char *step_word(enum step step)
{
    return words[step].word;
}

const char *step_way_out(const struct sc *sc, const struct operation *op, enum step step)
{
    bool guest = op->shown.from != NO_PARTITION && sc_has_guest(sc, op->shown.from);
    return guest ? words[step].guest : words[step].failed;
}

uint16_t tables_source(const struct sc *sc, const struct operation *op)
{
    uint32_t partition = op->shown.to == NO_PARTITION ? op->shown.from : op->shown.to;
    for (uint16_t b = 0; b < sc->machine->n_boards; b++)
        if (b != leaving(op) && sc_member(sc, partition, b) && sc->boards[b].tables)
            return b;
    return NO_BOARD;
}

static const struct {
    void (*begin)(struct sc *sc, struct operation *op, sim_time at);
    void (*done)(struct sc *sc, struct operation *op, sim_time at); // NULL: nothing follows
} steps[STEP_COUNT] = {
    [STEP_OFFLINE] = {begin_offline, NULL},
    [STEP_WITHDRAW] = {begin_withdraw, NULL},
    [STEP_DRAIN] = {begin_drain, done_drain},
    [STEP_QUIESCE] = {begin_quiesce, done_quiesce},
    [STEP_COPY] = {begin_copy, NULL},
    [STEP_RENAME] = {begin_rename, NULL},
    [STEP_RESUME] = {begin_resume, done_resume},
    [STEP_FLUSH] = {begin_flush, done_flush},
    [STEP_LEAVE] = {begin_leave, done_leave},
    [STEP_POWER_OFF] = {begin_power, NULL},
    [STEP_POWER_ON] = {begin_power, done_power_on},
    [STEP_TEST] = {begin_test, NULL},
    [STEP_JOIN] = {begin_join, NULL},
    [STEP_TABLES] = {begin_tables, done_tables},
    [STEP_ONLINE] = {begin_online, done_online},
    [STEP_SPREAD] = {begin_spread, NULL},
    [STEP_OFFER] = {begin_offer, NULL},
    [STEP_STOP] = {begin_quiesce, done_quiesce},
    [STEP_DARK] = {begin_dark, done_dark},
    [STEP_DOWN] = {begin_down, NULL},
    [STEP_UP] = {begin_up, NULL},
    [STEP_POST] = {begin_post, done_post},
    [STEP_BOOT] = {begin_boot, NULL},
    [STEP_RESET] = {begin_reset, done_reset},
};

void step_begin(struct sc *sc, struct operation *op, sim_time at)
{
    enum step step = (enum step)op->steps[op->at_step];
    op->shown.step = step_word(step);
    event_tell(sc, op, at, "step", op->shown.command.board, op->shown.from, "%s", op->shown.step);
    steps[step].begin(sc, op, at);
}

void step_done(struct sc *sc, struct operation *op, sim_time at)
{
    enum step step = (enum step)op->steps[op->at_step];
    if (steps[step].done)
        steps[step].done(sc, op, at);
}

void step_failed(struct sc *sc, struct operation *op, sim_time at)
{
    enum step step = (enum step)op->steps[op->at_step];
    char board[NAME_MAX_BYTES + 2] = "";
    if (op->failing)
        return;
    op->failing = true;
    const char *way_out = step_way_out(sc, op, step);
    NP_ASSERT(op->shown.outcome.code != ERR_OK && way_out);
    if (op->shown.command.board != NO_BOARD)
        snprintf(board, sizeof board, "%s: ", sc_board_name(sc, op->shown.command.board));
    size_t used = strlen(op->shown.outcome.text);
    snprintf(op->shown.outcome.text + used, sizeof op->shown.outcome.text - used, "; %sat step %s: %s", board,
             step_word(step), way_out);
    event_tell(sc, op, at, "failed", op->shown.command.board, op->shown.from, "%.140s",
               op->shown.outcome.text);
}

// What a board reports that it could not do what it was ordered.
static void report_failure(struct sc *sc, struct operation *op, sim_time at, const struct report *report)
{
    static const enum err_code codes[REPORT_STATUS_COUNT] = {
        [REPORT_FAILED_TEST] = ERR_SELF_TEST, [REPORT_NO_FRAMES] = ERR_NO_FRAMES, [REPORT_LOST] = ERR_STATE};
    static const char *const texts[REPORT_STATUS_COUNT] = {
        [REPORT_FAILED_TEST] = "it failed its self-test",
        [REPORT_NO_FRAMES] = "the frames of the other boards are used up",
        [REPORT_LOST] = "data was lost by a fault of the machine",
    };
    if (op->failing)
        return;
    err_set(&op->shown.outcome, codes[report->status], "%s: %s", sc_board_name(sc, report->board),
            texts[report->status]);
    step_failed(sc, op, at);
}

static void report_test(struct sc *sc, struct operation *op, sim_time at, const struct report *report)
{
    bool passed = report->status == REPORT_DONE;
    states_board(sc, op, at, report->board, passed ? EV_PASSED : EV_FAILED, NO_PARTITION);
    if (!passed && op->steps[op->at_step] != STEP_POST)
        report_failure(sc, op, at, report);
}

static void report_drain(struct sc *sc, struct operation *op, sim_time at, const struct report *report)
{
    op->shown.pages_done += report->done;
    event_tell(sc, op, at, "drained", report->board, op->shown.from, "%s: %llu of %llu pages have moved",
               sc_board_name(sc, report->board), (unsigned long long)op->shown.pages_done,
               (unsigned long long)op->shown.pages_total);
    if (!op->failing && report->status == REPORT_DONE)
        more_drains(sc, op, at);
}

void step_report(struct sc *sc, struct operation *op, sim_time at, const struct report *report)
{
    NP_ASSERT(op->outstanding > 0);
    op->outstanding--;
    if (report->kind == ORDER_TEST)
        report_test(sc, op, at, report);
    else if (report->status != REPORT_DONE)
        report_failure(sc, op, at, report);
    if (report->kind == ORDER_DRAIN)
        report_drain(sc, op, at, report);
}
