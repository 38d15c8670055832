// SPDX-License-Identifier: Apache-2.0
// The bus of a board and its order point. A request made at t takes effect at t + bus_order (later when the
// bus is busy): there all L1s, the board cache and presence change at once; what latency remains is charged
// to the requestor.
#include <string.h>

#include "node/board/internal.h"

static struct cpu *cpu_of(struct board *board, unsigned l1)
{
    return &board->cpus[l1 >> 1];
}

static struct l1 *l1_of(struct board *board, unsigned l1)
{
    return &board->cpus[l1 >> 1].l1[l1 & 1];
}

void bus_request(void *self, struct cpu *cpu, unsigned l1, uint64_t line, bool store, sim_time at)
{
    struct board *board = self;
    struct message request = {.line = line, .requestor = (uint16_t)(cpu->index * 2u + l1), .flags = store};
    uint32_t payload = board_hold(board, &request, NULL);
    struct order_key key = {at + board->params->bus_order, board_unit(board, UNIT_BUS), cpu->id, cpu->seq++};
    board_schedule(board, EV_BUS, key, payload);
}

// One order point at a time: a request that finds the bus taken gets the next free moment, in order of
// arrival.
static bool bus_take(struct board *board, uint32_t payload)
{
    sim_time occupancy = board->params->bus_occupancy;
    struct pool_item *item = pool_item(&board->pool, payload);
    if (occupancy == 0 || item->message.type) // type 1: its moment has been reserved before
        return true;
    sim_time moment = sim_max(board->now, board->bus_free_at);
    board->bus_free_at = moment + occupancy;
    board_count(board, CNT_BUS_BUSY_PS, occupancy);
    if (moment == board->now)
        return true;
    item->message.type = 1;
    struct cpu *cpu = cpu_of(board, item->message.requestor);
    struct order_key key = {moment, board_unit(board, UNIT_BUS), cpu->id, cpu->seq++};
    board_schedule(board, EV_BUS, key, payload);
    return false;
}

void bus_event(struct board *board, uint32_t payload)
{
    if (!bus_take(board, payload))
        return;
    struct message request = pool_item(&board->pool, payload)->message;
    pool_release(&board->pool, payload);
    board_count(board, CNT_BUS_REQUESTS, 1);
    agent_request(board, request.line, (struct waiter){(uint8_t)request.requestor, request.flags & 1});
}

// The holders of a line, gathered from their tags and written back after a step.
struct holders {
    struct onboard_view view;
    uint8_t number[L1S_PER_BOARD_MAX];
    uint32_t index[L1S_PER_BOARD_MAX];
};

static void gather(struct board *board, uint32_t slot, struct holders *holders)
{
    struct board_cache *cache = &board->cache;
    uint64_t line = cache->tag[slot] & ~UINT64_C(1);
    holders->view.board = (uint8_t)onboard_class(cache->line[slot].state);
    holders->view.n = 0;
    for (uint64_t rest = cache->presence[slot]; rest; rest &= rest - 1) {
        unsigned l1 = (unsigned)__builtin_ctzll(rest), i = holders->view.n++;
        int64_t index = l1_locate(l1_of(board, l1), line);
        NP_ASSERT(index >= 0); // presence is exact
        holders->number[i] = (uint8_t)l1;
        holders->index[i] = (uint32_t)index;
        holders->view.l1[i] = (uint8_t)l1_state_of_tag(l1_of(board, l1)->tag[index]);
    }
}

static void scatter(struct board *board, uint32_t slot, const struct holders *holders)
{
    struct board_cache *cache = &board->cache;
    uint64_t line = cache->tag[slot] & ~UINT64_C(1);
    for (unsigned i = 0; i < holders->view.n; i++) {
        unsigned l1 = holders->number[i];
        enum l1_state state = (enum l1_state)holders->view.l1[i];
        l1_of(board, l1)->tag[holders->index[i]] = l1_tag(line, state);
        if (state == L_I)
            cache->presence[slot] &= ~(UINT64_C(1) << l1);
    }
}

bool bus_snoop(void *self, enum onboard_event event)
{
    struct snoop_target *target = self;
    struct board *board = target->board;
    if (target->slot == NO_SLOT || board->cache.presence[target->slot] == 0)
        return false;
    struct holders holders;
    gather(board, target->slot, &holders);
    bool dirty = onboard_apply(&onboard_table, &holders.view, event, L1S_PER_BOARD_MAX);
    scatter(board, target->slot, &holders);
    return dirty;
}

// An L1 had written silently: the board's state takes its store cell now.
static void board_written(struct board *board, uint32_t slot)
{
    struct cache_line *line = &board->cache.line[slot];
    const struct cell *cell = cache_cell(board->protocol, line->state, CE_STORE);
    NP_ASSERT(cell->kind == CELL_STEP && cell->actions[0] == CA_HIT);
    line->state = cell->next;
}

static void evict_from_l1(struct board *board, struct l1 *l1, unsigned number, uint32_t index)
{
    if (l1->tag[index] == 0)
        return;
    uint32_t slot = l1->slot[index];
    struct onboard_cell cell = onboard_step(&onboard_table, l1_state_of_tag(l1->tag[index]),
                                            onboard_class(board->cache.line[slot].state), L_EVICT);
    if (cell.action == OA_BOARD_DIRTY)
        board_written(board, slot);
    board->cache.presence[slot] &= ~(UINT64_C(1) << number);
    l1->tag[index] = 0;
    board_look(board, board->cache.tag[slot] & ~UINT64_C(1));
}

// Others of the board give way; returns whether any still holds the line.
static bool others_give_way(struct board *board, uint32_t slot, struct waiter waiter)
{
    uint64_t others = board->cache.presence[slot] & ~(UINT64_C(1) << waiter.l1);
    if (!others)
        return false;
    struct holders holders;
    gather(board, slot, &holders);
    unsigned except = L1S_PER_BOARD_MAX;
    for (unsigned i = 0; i < holders.view.n; i++)
        if (holders.number[i] == waiter.l1)
            except = i;
    if (onboard_apply(&onboard_table, &holders.view, waiter.store ? L_OTHER_STORE : L_OTHER_LOAD, except))
        board_written(board, slot);
    scatter(board, slot, &holders);
    return !waiter.store;
}

// Puts the line with its new permission into the requestor's L1 and returns its index there.
static uint32_t fill_l1(struct board *board, uint32_t slot, struct waiter waiter, bool shared)
{
    struct board_cache *cache = &board->cache;
    struct l1 *l1 = l1_of(board, waiter.l1);
    uint64_t line = cache->tag[slot] & ~UINT64_C(1);
    int64_t found = l1_locate(l1, line);
    enum l1_state before = found >= 0 ? l1_state_of_tag(l1->tag[found]) : L_I;
    enum onboard_event event = waiter.store ? L_FILL_STORE : shared ? L_FILL_SHARED : L_FILL_ALONE;
    struct onboard_cell cell =
        onboard_step(&onboard_table, before, onboard_class(cache->line[slot].state), event);
    uint32_t index = found >= 0 ? (uint32_t)found : l1_victim(l1, line);
    if (found < 0)
        evict_from_l1(board, l1, waiter.l1, index);
    l1->tag[index] = l1_tag(line, (enum l1_state)cell.next);
    l1->slot[index] = slot;
    cache->presence[slot] |= UINT64_C(1) << waiter.l1;
    return index;
}

void bus_grant(struct board *board, uint32_t slot, struct waiter waiter, sim_time done_at, enum served served)
{
    if (NP_UNLIKELY(waiter.l1 == CLEANER))
        return; // it evicts the line when it looks again (clean.c)
    bool shared = others_give_way(board, slot, waiter);
    uint32_t index = fill_l1(board, slot, waiter, shared);
    cache_used(&board->cache, slot);
    struct cpu *cpu = cpu_of(board, waiter.l1);
    uint64_t line = board->cache.tag[slot] & ~UINT64_C(1);
    board_look(board, line);
    enum access_status status = board->cache.line[slot].poison ? ACCESS_POISONED : ACCESS_OK;
    if (cpu_granted(cpu, waiter.l1 & 1u, line, index, done_at, status, served))
        bus_request(board, cpu, waiter.l1 & 1u, line, true, board->now);
}

void bus_fail(struct board *board, uint64_t line, struct waiter waiter)
{
    if (waiter.l1 == CLEANER)
        return;
    struct cpu *cpu = cpu_of(board, waiter.l1);
    cpu_granted(cpu, waiter.l1 & 1u, line, -1, board->now + board->params->bus_return, ACCESS_BUS_ERROR,
                SERVED_BOARD);
}
