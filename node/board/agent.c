// SPDX-License-Identifier: Apache-2.0
// The board cache's controller: grants bus requests, runs transactions with homes, answers forwards.
#include <stdlib.h>
#include <string.h>

#include "node/board/internal.h"

static void *zeroed(size_t n, size_t size)
{
    void *bytes = calloc(n, size);
    NP_ASSERT(bytes);
    return bytes;
}

static void cache_init(struct board_cache *cache, const struct board_params *params)
{
    cache->ways = params->l2.ways;
    cache->line_bytes = params->line_bytes;
    cache->line_shift = (uint32_t)__builtin_ctz(params->line_bytes);
    cache->slots = (uint32_t)(params->l2.bytes / params->line_bytes);
    cache->sets = cache->slots / cache->ways;
    NP_ASSERT(cache->sets && (cache->sets & (cache->sets - 1)) == 0);
    cache->tag = zeroed(cache->slots, sizeof *cache->tag);
    cache->line = zeroed(cache->slots, sizeof *cache->line);
    cache->presence = zeroed(cache->slots, sizeof *cache->presence);
    cache->stamp = zeroed(cache->slots, sizeof *cache->stamp);
    cache->mshr = zeroed(cache->slots, sizeof *cache->mshr);
    cache->data = zeroed(cache->slots, cache->line_bytes);
    memset(cache->mshr, 0xff, cache->slots * sizeof *cache->mshr);
}

void agent_init(struct board *board)
{
    cache_init(&board->cache, board->params);
    board->n_mshrs = 2 * board->params->mshrs;
    board->mshrs = zeroed(board->n_mshrs, sizeof *board->mshrs);
    NP_ASSERT(board->n_mshrs <= MSHR_ENTRIES_MAX);
    for (uint32_t i = 0; i < board->n_mshrs; i++)
        board->mshrs[i].data = zeroed(1, board->params->line_bytes);
    mshr_index(board);
}

void agent_free(struct board *board)
{
    for (uint32_t i = 0; i < board->n_mshrs; i++)
        free(board->mshrs[i].data);
    free(board->mshrs);
    struct board_cache *cache = &board->cache;
    free(cache->tag);
    free(cache->line);
    free(cache->presence);
    free(cache->stamp);
    free(cache->mshr);
    free(cache->data);
}

static void send_all(struct board *board, const struct step_out *out, const uint8_t *data)
{
    for (unsigned i = 0; i < out->n; i++) {
        struct message message = out->send[i];
        message.src = board_unit(board, UNIT_AGENT);
        message.seq = board->agent_seq++;
        message.map_version = board->map.version;
        port_send(board, &message, message_carries_data(message.type) ? data : NULL,
                  board->now + board->params->agent_latency);
    }
}

// Everything the receive side needs to know of a line, wherever it lives.
struct subject {
    struct snoop_target target;
    struct mshr *mshr; // NULL: stable
    struct receive_view view;
};

static void subject_init(struct subject *subject, struct board *board, uint64_t line, struct mshr *mshr,
                         uint32_t slot, uint16_t home)
{
    bool evicted = mshr && mshr->eviction;
    subject->target = (struct snoop_target){board, evicted ? NO_SLOT : slot};
    subject->mshr = mshr;
    subject->view = (struct receive_view){
        .protocol = board->protocol,
        .line = evicted ? &mshr->line : &board->cache.line[slot],
        .parking = mshr ? &mshr->parking : NULL,
        .context = {.line = line,
                    .self = board->number,
                    .home = home,
                    .first_board = (uint16_t)board->system->first_board,
                    .txn = mshr ? mshr->txn : 0},
        .now = board->now,
        .put_refused = board->put_refused,
        .data = evicted ? mshr->data : board->cache.data + ((uint64_t)slot << board->cache.line_shift),
        .line_bytes = board->cache.line_bytes,
        .snoop = bus_snoop,
        .self = &subject->target,
    };
}

static void free_slot(struct board_cache *cache, uint32_t slot)
{
    NP_ASSERT(cache->presence[slot] == 0);
    cache->tag[slot] = 0;
    cache->line[slot] = (struct cache_line){0};
}

// By this board's map, which may be damaged.
static uint16_t home_of(const struct board *board, uint64_t line)
{
    struct location where = {board->number, 0};
    segment_map_find(&board->map, line, &where);
    return where.board;
}

// Starts the eviction of a stable line: its L1 copies go at once, its bytes move to the eviction's entry.
// What there is to send is left in `put`.
static void evict(struct board *board, uint32_t slot, uint16_t home, struct mshr *mshr, struct step_out *put)
{
    struct board_cache *cache = &board->cache;
    struct subject subject;
    subject_init(&subject, board, mshr->address, NULL, slot, home);
    receive_snoop(&subject.view, L_INV);
    mshr->line = cache->line[slot];
    memcpy(mshr->data, subject.view.data, cache->line_bytes);
    subject.view.context.txn = mshr->txn;
    cache_step(board->protocol, &mshr->line, CE_REPLACEMENT, NULL, &subject.view.context, put);
    board_look(board, mshr->address);
    board_count(board, message_carries_data(put->send[0].type) ? CNT_EVICTIONS_DIRTY : CNT_EVICTIONS_CLEAN,
                1);
    free_slot(cache, slot);
}

// What an eviction sends once the request that needed its way is out: nobody waits for a Put, and somebody
// for the request.
struct victim {
    struct mshr *mshr; // NULL: the way was free
    struct step_out put;
};

// A way for a missing line, its present line evicted. NO_SLOT: every way or every eviction entry is in use.
static uint32_t make_room(struct board *board, uint64_t line, struct victim *victim)
{
    struct board_cache *cache = &board->cache;
    uint32_t slot = cache_choose(cache, line);
    if (slot == NO_SLOT || cache->tag[slot] == 0)
        return slot;
    victim->mshr = mshr_take(board, cache->tag[slot] & ~UINT64_C(1), true);
    if (!victim->mshr)
        return NO_SLOT;
    evict(board, slot, home_of(board, victim->mshr->address), victim->mshr, &victim->put);
    return slot;
}

bool agent_has(struct board *board, uint64_t line)
{
    bool stalled = false;
    for (uint32_t i = 0; i < board->n_stalled; i++)
        stalled |= board->stalled[i].line == line;
    return stalled || mshr_find(board, line);
}

bool agent_evict(struct board *board, uint32_t slot, bool own)
{
    struct step_out put;
    uint64_t line = board->cache.tag[slot] & ~UINT64_C(1);
    struct mshr *mshr = board->cache.mshr[slot] == NO_MSHR ? mshr_take(board, line, true) : NULL;
    if (!mshr)
        return false;
    evict(board, slot, own ? board->number : home_of(board, line), mshr, &put);
    send_all(board, &put, mshr->data);
    return true;
}

static void add_waiter(struct mshr *mshr, struct waiter waiter)
{
    NP_ASSERT(mshr && mshr->n_waiters < NP_ARRAY_LEN(mshr->waiters)); // who asks, asks once per line
    mshr->waiters[mshr->n_waiters++] = waiter;
}

static void stall_request(struct board *board, uint64_t line, struct waiter waiter)
{
    NP_ASSERT(board->n_stalled < NP_ARRAY_LEN(board->stalled));
    if (!board->retrying)
        board_count(board, CNT_MSHR_STALLS, 1);
    board->stalled[board->n_stalled++] = (struct stalled_request){line, waiter};
}

// Reserves a way for a line that is on its way. What the slot last held is no state: it is cleared.
static void claim_slot(struct board_cache *cache, uint64_t line, uint32_t slot)
{
    cache->tag[slot] = line | 1;
    cache_used(cache, slot);
    memset(cache->data + ((uint64_t)slot << cache->line_shift), 0, cache->line_bytes);
}

static void count_miss(struct board *board, bool upgrade, unsigned home)
{
    board_count(board, home == board->number ? CNT_MISSES_LOCAL : CNT_MISSES_REMOTE, 1);
    board_count(board, CNT_UPGRADES, upgrade);
}

// Asks the home. `mshr` is the transaction to use (an upgrade that follows a fill) or NULL for a new one.
static void start_transaction(struct board *board, uint64_t line, uint32_t slot, struct waiter waiter,
                              struct mshr *mshr)
{
    struct location where = {board->number, 0};
    if (waiter.l1 != CLEANER && !segment_map_find(&board->map, line, &where)) {
        bus_fail(board, line, waiter);
        return;
    }
    bool must_queue = !mshr && !board->retrying && board->n_stalled; // first come, first served
    bool no_entry = !mshr && board->misses == board->params->mshrs;
    bool upgrade = slot != NO_SLOT;
    struct victim victim;
    victim.mshr = NULL;
    if (must_queue || no_entry || (!upgrade && (slot = make_room(board, line, &victim)) == NO_SLOT)) {
        stall_request(board, line, waiter);
        return;
    }
    if (!mshr)
        mshr = mshr_take(board, line, false);
    if (!upgrade)
        claim_slot(&board->cache, line, slot);
    mshr->slot = slot;
    mshr->home = where.board;
    board->cache.mshr[slot] = (uint16_t)(mshr - board->mshrs);
    struct subject subject;
    subject_init(&subject, board, line, mshr, slot, where.board);
    struct step_out out;
    cache_step(board->protocol, subject.view.line, waiter.store ? CE_STORE : CE_LOAD, NULL,
               &subject.view.context, &out);
    board_look(board, line);
    count_miss(board, upgrade, where.board);
    add_waiter(mshr, waiter);
    send_all(board, &out, NULL);
    if (victim.mshr)
        send_all(board, &victim.put, victim.mshr->data);
}

// Lets a waiter have a line whose controller state is stable, or asks the home for more.
static bool serve(struct board *board, uint64_t line, uint32_t slot, struct waiter waiter, struct mshr *mshr,
                  sim_time done_at, enum served served)
{
    struct cache_line *state = &board->cache.line[slot];
    const struct cell *cell = cache_cell(board->protocol, state->state, waiter.store ? CE_STORE : CE_LOAD);
    NP_ASSERT(cell->kind == CELL_STEP);
    if (cell->actions[0] != CA_HIT) {
        start_transaction(board, line, slot, waiter, mshr);
        return false;
    }
    state->state = cell->next;
    bus_grant(board, slot, waiter, done_at, served);
    return true;
}

void agent_request(struct board *board, uint64_t line, struct waiter waiter)
{
    const struct board_params *params = board->params;
    struct mshr *mshr = mshr_find(board, line);
    if (mshr && mshr->eviction) {
        add_waiter(mshr, waiter);
        return;
    }
    uint32_t slot = mshr ? mshr->slot : cache_find(&board->cache, line);
    if (slot == NO_SLOT) {
        start_transaction(board, line, NO_SLOT, waiter, NULL);
        return;
    }
    unsigned state = board->cache.line[slot].state;
    if (cache_cell(board->protocol, state, waiter.store ? CE_STORE : CE_LOAD)->kind == CELL_STALL) {
        add_waiter(mshr, waiter);
        return;
    }
    if (serve(board, line, slot, waiter, mshr, board->now + params->l2.latency + params->bus_return,
              SERVED_BOARD))
        board_count(board, CNT_L2_HITS, 1);
}

// Room was made: requests that had none try again, oldest first.
static void retry_stalled(struct board *board)
{
    if (board->n_stalled == 0 || board->retrying)
        return;
    static _Thread_local struct stalled_request waiting[STALLED_MAX];
    uint32_t n = board->n_stalled;
    memcpy(waiting, board->stalled, n * sizeof waiting[0]);
    board->n_stalled = 0;
    board->retrying = true;
    for (uint32_t i = 0; i < n; i++)
        agent_request(board, waiting[i].line, waiting[i].waiter);
    board->retrying = false;
}

static struct waiter first_waiter(struct mshr *mshr)
{
    struct waiter first = mshr->waiters[0];
    mshr->n_waiters--;
    memmove(mshr->waiters, mshr->waiters + 1, mshr->n_waiters * sizeof first);
    return first;
}

// The line has come to rest in its way: whoever waited is served, first come first served, until one needs
// more.
static void serve_waiters(struct board *board, struct mshr *mshr)
{
    sim_time done_at = board->now + board->params->bus_return;
    uint64_t line = mshr->address;
    while (mshr->n_waiters && cache_state_is_stable(board->cache.line[mshr->slot].state)) {
        struct waiter waiter = first_waiter(mshr);
        serve(board, line, mshr->slot, waiter, mshr, done_at, (enum served)mshr->served);
    }
}

static void end_miss(struct board *board, struct mshr *mshr)
{
    uint32_t slot = mshr->slot;
    board->cache.mshr[slot] = NO_MSHR;
    if (board->cache.line[slot].state == C_I)
        free_slot(&board->cache, slot);
    mshr_release(board, mshr);
    retry_stalled(board);
}

static void end_eviction(struct board *board, struct mshr *mshr)
{
    struct waiter waiters[NP_ARRAY_LEN(mshr->waiters)];
    unsigned n = mshr->n_waiters;
    uint64_t line = mshr->address;
    memcpy(waiters, mshr->waiters, n * sizeof waiters[0]);
    mshr->n_waiters = 0;
    mshr_release(board, mshr);
    for (unsigned i = 0; i < n; i++)
        agent_request(board, line, waiters[i]);
    retry_stalled(board);
}

static void fail_waiters(struct board *board, struct mshr *mshr)
{
    NP_ASSERT(mshr); // an error answers a transaction
    while (mshr->n_waiters)
        bus_fail(board, mshr->address, first_waiter(mshr));
}

// Who served a transaction: whoever sent the data, or the home that let an owner write.
static void note_server(const struct board *board, struct mshr *mshr, const struct message *message,
                        bool owner)
{
    NP_ASSERT(mshr); // data and AckCount answer a transaction
    bool local = component_board(message->src) == board->number;
    mshr->served = owner ? SERVED_OWNER : local ? SERVED_HOME_LOCAL : SERVED_HOME_REMOTE;
}

static void count_fill(struct board *board, struct mshr *mshr, const struct message *message)
{
    bool owner = message->flags & MSGF_OWNER;
    board_count(board, owner ? CNT_FILLS_OWNER : CNT_FILLS_CLEAN, 1);
    board_count(board, CNT_DIRTY_TRANSFERS, (message->flags & MSGF_DIRTY) != 0);
    note_server(board, mshr, message, owner);
}

// After a step of a line with a transaction: serve, let parked forwards go, end the transaction when nothing
// is left.
static void settle(struct board *board, struct subject *subject)
{
    struct mshr *mshr = subject->mshr;
    if (mshr->eviction) {
        if (mshr->line.state == C_I)
            end_eviction(board, mshr);
        return;
    }
    struct step_out out;
    if (cache_state_is_stable(subject->view.line->state))
        serve_waiters(board, mshr);
    while (receive_parked(&subject->view, &out)) {
        board_look(board, mshr->address);
        send_all(board, &out, subject->view.data);
    }
    if (cache_state_is_stable(subject->view.line->state))
        end_miss(board, mshr);
}

// `before`: the line's state when the message came.
static void count_loss(struct board *board, const struct message *message, unsigned before)
{
    bool asked = message->type == MSG_INV || message->type == MSG_RECALL;
    bool in_vain = before == C_I || before == C_IS_D || before == C_IM_AD || before == C_II_A;
    board_count(board, CNT_INVALIDATIONS, message->type == MSG_FWD_GETM || (asked && !in_vain));
    board_count(board, CNT_OVER_INVALIDATIONS, asked && in_vain);
}

// A message for a line of which this board knows nothing. A directory may name too many sharers; the line may
// also be gone because a Put was refused, which a damaged map of this board had led astray.
static void receive_unheld(struct board *board, const struct message *message)
{
    static const uint8_t lost[LINE_BYTES_MAX];
    struct step_context context = {.line = message->line,
                                   .self = board->number,
                                   .home = (uint16_t)component_board(message->src),
                                   .first_board = (uint16_t)board->system->first_board};
    struct step_out out;
    struct cache_line none = {.state = C_I};
    enum cache_event event = cache_event_of(&none, message);
    if (cache_cell(board->protocol, C_I, event)->kind == CELL_STEP)
        cache_step(board->protocol, &none, event, message, &context, &out);
    else if (board->put_refused)
        cache_answer_lost(message, &context, &out);
    else
        np_panic("NP0102: board %u does not hold line 0x%llx and received %s from %u/%u at %llu ps",
                 board->number, (unsigned long long)message->line, message_name(message->type),
                 component_board(message->src), component_unit(message->src), (unsigned long long)board->now);
    count_loss(board, message, C_I);
    send_all(board, &out, lost);
}

void agent_receive(struct board *board, const struct message *message, const uint8_t *data)
{
    struct mshr *mshr = mshr_find(board, message->line);
    uint32_t slot = mshr && !mshr->eviction ? mshr->slot : cache_find(&board->cache, message->line);
    if (slot == NO_SLOT && !mshr) {
        receive_unheld(board, message);
        return;
    }
    struct subject subject;
    bool miss = mshr && !mshr->eviction;
    uint16_t home = miss ? mshr->home : (uint16_t)component_board(message->src);
    subject_init(&subject, board, message->line, mshr, slot, home);
    unsigned before = subject.view.line->state;
    struct step_out out;
    if (receive(&subject.view, message, data, &out) == PARKED) {
        board_count(board, CNT_FORWARDS_PARKED, 1);
        return;
    }
    board_look(board, message->line);
    board->put_refused |= message->type == MSG_PUT_ERROR;
    count_loss(board, message, before);
    if (out.fill)
        count_fill(board, mshr, message);
    if (message->type == MSG_ACK_COUNT)
        note_server(board, mshr, message, false);
    send_all(board, &out, subject.view.data);
    if (out.fail)
        fail_waiters(board, mshr);
    if (mshr)
        settle(board, &subject);
    else if (board->cache.line[slot].state == C_I)
        free_slot(&board->cache, slot);
}
