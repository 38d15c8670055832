// SPDX-License-Identifier: Apache-2.0
#include "node/board/watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/board/internal.h"

// A line and what was last seen of it.
struct watched {
    uint64_t line;
    uint32_t partition; // its
    bool here;          // it is of this board's partition
    bool home;          // its memory is this board's
    uint64_t offset;    // there
    uint8_t cache, directory, l1[L1S_PER_BOARD_MAX];
    uint64_t holders; // L1s whose state is not I
    uint32_t n, capacity;
    uint64_t dropped;
    struct watch_event *events;
};

struct watch {
    uint32_t n;
    bool began; // the first states have been seen
    struct order_key key;
    struct watched lines[WATCH_LINES_MAX];
};

static void place(const struct board *board, struct watched *w)
{
    struct location where;
    w->here = w->partition == board->domain.partition && w->partition != NO_PARTITION;
    w->home =
        w->here && segment_map_find(&board->home.decode, w->line, &where) && where.board == board->number;
    w->offset = w->home ? where.offset : 0;
}

// The board may join any partition of its system.
static bool may_come_here(const struct board *board, const struct watch_line *line)
{
    return line->partition < board->machine->n_partitions &&
           board->machine->partitions[line->partition].system == board->desc->system;
}

struct watch *watch_new(const struct board *board, const struct watch_list *list)
{
    struct watch *watch = calloc(1, sizeof *watch);
    bool any = false;
    NP_ASSERT(watch && list->n <= WATCH_LINES_MAX);
    watch->n = list->n;
    for (uint32_t i = 0; i < list->n; i++) {
        struct watched *w = &watch->lines[i];
        w->line = list->lines[i].line;
        w->partition = list->lines[i].partition;
        place(board, w);
        any |= may_come_here(board, &list->lines[i]);
    }
    if (any)
        return watch;
    free(watch);
    return NULL;
}

// A board that left its partition has nothing of it, and begins with nothing when it comes back.
static void forget(struct watched *w)
{
    w->cache = C_I;
    w->directory = D_I;
    memset(w->l1, L_I, sizeof w->l1);
    w->holders = 0;
}

void watch_domain(struct board *board)
{
    for (uint32_t i = 0; i < board->watch->n; i++) {
        struct watched *w = &board->watch->lines[i];
        place(board, w);
        if (!w->here)
            forget(w);
    }
}

void watch_free(struct watch *watch)
{
    for (uint32_t i = 0; watch && i < watch->n; i++)
        free(watch->lines[i].events);
    free(watch);
}

// A place for the next event; NULL when the line has as many as are kept.
static struct watch_event *add(struct watch *watch, struct watched *w, enum watch_kind kind)
{
    if (w->n == WATCH_EVENTS_MAX) {
        w->dropped++;
        return NULL;
    }
    if (w->n == w->capacity) {
        w->capacity = w->capacity ? 2 * w->capacity : 64;
        w->events = realloc(w->events, w->capacity * sizeof *w->events);
        NP_ASSERT(w->events);
    }
    struct watch_event *event = &w->events[w->n++];
    memset(event, 0, sizeof *event);
    event->key = watch->key;
    event->kind = (uint8_t)kind;
    return event;
}

static void add_change(struct watch *watch, struct watched *w, enum watch_unit unit, unsigned l1,
                       const char *before, const char *after)
{
    if (!watch->began)
        return;
    struct watch_event *event = add(watch, w, WATCH_STATE);
    if (!event)
        return;
    event->unit = (uint8_t)unit;
    event->l1 = (uint8_t)l1;
    snprintf(event->what, sizeof event->what, "%s -> %s", before, after);
}

static void look_at_home(const struct board *board, struct watched *w)
{
    const struct home_line *line = w->home ? memory_peek(&board->home.memory, w->offset) : NULL;
    uint8_t now = line ? line->dir.state : D_I;
    if (now == w->directory)
        return;
    add_change(board->watch, w, WATCH_HOME, 0, dir_state_name(w->directory), dir_state_name(now));
    w->directory = now;
}

static void look_at_l1s(struct board *board, struct watched *w, uint64_t holders)
{
    for (uint64_t rest = holders | w->holders; rest; rest &= rest - 1) {
        unsigned i = (unsigned)__builtin_ctzll(rest);
        const struct l1 *l1 = &board->cpus[i >> 1].l1[i & 1];
        int64_t index = holders >> i & 1 ? l1_locate(l1, w->line) : -1;
        uint8_t now = (uint8_t)(index >= 0 ? l1_state_of_tag(l1->tag[index]) : L_I);
        if (now == w->l1[i])
            continue;
        add_change(board->watch, w, WATCH_L1, i, l1_state_name(w->l1[i]), l1_state_name(now));
        w->l1[i] = now;
    }
    w->holders = holders;
}

// The board cache's state of a line is in its way, or in the transaction that evicts it.
static void look_at(struct board *board, struct watched *w)
{
    const struct mshr *mshr = mshr_find(board, w->line);
    uint32_t slot = cache_find(&board->cache, w->line);
    uint8_t now = C_I;
    if (mshr && mshr->eviction)
        now = mshr->line.state;
    else if (slot != NO_SLOT)
        now = board->cache.line[slot].state;
    if (now != w->cache)
        add_change(board->watch, w, WATCH_CACHE, 0, cache_state_name(w->cache), cache_state_name(now));
    w->cache = now;
    look_at_home(board, w);
    look_at_l1s(board, w, slot != NO_SLOT ? board->cache.presence[slot] : 0);
}

void watch_event(struct board *board, const struct event *event)
{
    struct watch *watch = board->watch;
    watch->key = event->key;
    for (uint32_t i = 0; i < watch->n; i++)
        if (watch->lines[i].here)
            look_at(board, &watch->lines[i]);
    watch->began = true;
}

void watch_look(struct board *board, uint64_t line)
{
    struct watch *watch = board->watch;
    for (uint32_t i = 0; i < watch->n; i++)
        if (watch->lines[i].here && watch->lines[i].line == line)
            look_at(board, &watch->lines[i]);
}

static void add_message(struct watch *watch, struct watched *w, const struct message *message,
                        enum watch_kind kind)
{
    struct watch_event *event = add(watch, w, kind);
    if (!event)
        return;
    component_id own = kind == WATCH_SEND ? message->src : message->dst;
    component_id peer = kind == WATCH_SEND ? message->dst : message->src;
    event->unit = (uint8_t)watch_unit_of(own);
    event->data = message_carries_data(message->type);
    event->peer = (uint16_t)component_board(peer);
    event->peer_unit = (uint8_t)watch_unit_of(peer);
    event->seq = message->seq;
    snprintf(event->what, sizeof event->what, "%s", message_name(message->type));
}

void watch_message(struct board *board, const struct message *message, enum watch_kind kind)
{
    struct watch *watch = board->watch;
    for (uint32_t i = 0; i < watch->n; i++)
        if (watch->lines[i].here && watch->lines[i].line == message->line)
            add_message(watch, &watch->lines[i], message, kind);
}

const struct watch_event *watch_events(const struct watch *watch, uint32_t index, uint32_t *n,
                                       uint64_t *dropped)
{
    NP_ASSERT(index < watch->n);
    *n = watch->lines[index].n;
    *dropped = watch->lines[index].dropped;
    return watch->lines[index].events;
}
