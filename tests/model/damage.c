// SPDX-License-Identifier: Apache-2.0
#include "tests/model/damage.h"

#include <string.h>

#include "proto/base/assert.h"

struct list {
    struct damage *out;
    unsigned n;
};

static void add(struct list *list, struct damage at, enum damage_kind kind, unsigned parameter)
{
    NP_ASSERT(list->n < DAMAGES_MAX);
    at.kind = (uint8_t)kind;
    at.parameter = (uint8_t)parameter;
    list->out[list->n++] = at;
}

static bool cache_state_is_used(const struct protocol *protocol, unsigned state)
{
    for (unsigned event = 0; event < CACHE_EVENT_COUNT; event++)
        if (protocol->cache[state][event].kind != CELL_IMPOSSIBLE)
            return true;
    return false;
}

static bool dir_state_is_used(const struct protocol *protocol, unsigned state)
{
    for (unsigned event = 0; event < DIR_EVENT_COUNT; event++)
        if (protocol->directory[state][event].kind != CELL_IMPOSSIBLE)
            return true;
    return false;
}

static unsigned action_count(const struct cell *cell)
{
    unsigned n = 0;
    while (n < CELL_ACTIONS_MAX && cell->actions[n])
        n++;
    return n;
}

static void list_actions(struct list *list, struct damage at, const struct cell *cell)
{
    unsigned n = action_count(cell);
    for (unsigned i = 0; i < n; i++) {
        add(list, at, DAMAGE_DROP, i);
        if (n < CELL_ACTIONS_MAX)
            add(list, at, DAMAGE_DOUBLE, i);
        if (i + 1 < n)
            add(list, at, DAMAGE_SWAP, i);
    }
}

static void list_cell(struct list *list, struct damage at, const struct cell *cell, uint64_t states_used)
{
    if (cell->kind == CELL_STALL)
        add(list, at, DAMAGE_STALL, 0);
    if (cell->kind != CELL_STEP)
        return;
    for (unsigned next = 0; states_used >> next; next++)
        if (states_used >> next & 1 && next != cell->next)
            add(list, at, DAMAGE_NEXT, next);
    list_actions(list, at, cell);
    if (at.table == TABLE_CACHE && (at.event == CE_ERROR || at.event == CE_PUT_ERROR))
        add(list, at, DAMAGE_NO_OP, 0);
}

// A local access hits or goes to the bus; any other event finds that the board became dirty, or does not.
static unsigned other_action(unsigned event, unsigned action)
{
    if (event == L_LOAD || event == L_STORE)
        return action == OA_HIT ? OA_BUS : OA_HIT;
    return action == OA_BOARD_DIRTY ? OA_NONE : OA_BOARD_DIRTY;
}

static void list_onboard(struct list *list)
{
    for (unsigned l1 = 0; l1 < L1_STATE_COUNT; l1++)
        for (unsigned class = 0; class < BOARD_CLASS_COUNT; class ++)
            for (unsigned event = 0; event < ONBOARD_EVENT_COUNT; event++) {
                const struct onboard_cell *cell = &onboard_table.cell[l1][class][event];
                struct damage at = {.table = TABLE_ONBOARD,
                                    .state = (uint8_t)l1,
                                    .event = (uint8_t)event,
                                    .class = (uint8_t) class};
                for (unsigned next = 0; cell->possible && next < L1_STATE_COUNT; next++)
                    if (next != cell->next)
                        add(list, at, DAMAGE_ONBOARD_NEXT, next);
                bool fills = event == L_FILL_SHARED || event == L_FILL_ALONE || event == L_FILL_STORE;
                if (cell->possible && !fills) // a fill's action is not asked for
                    add(list, at, DAMAGE_ONBOARD_ACTION, other_action(event, cell->action));
            }
}

unsigned damages_list(const struct protocol *protocol, bool onboard, struct damage out[DAMAGES_MAX])
{
    struct list list = {.out = out};
    uint64_t cache_states = 0, dir_states = 0;
    for (unsigned state = 0; state < CACHE_STATE_COUNT; state++)
        cache_states |= (uint64_t)cache_state_is_used(protocol, state) << state;
    for (unsigned state = 0; state < DIR_STATE_COUNT; state++)
        dir_states |= (uint64_t)dir_state_is_used(protocol, state) << state;
    struct damage at = {.table = TABLE_CACHE};
    for (at.state = 0; at.state < CACHE_STATE_COUNT; at.state++)
        for (at.event = 0; at.event < CACHE_EVENT_COUNT; at.event++)
            list_cell(&list, at, &protocol->cache[at.state][at.event], cache_states);
    at.table = TABLE_DIRECTORY;
    for (at.state = 0; at.state < DIR_STATE_COUNT; at.state++)
        for (at.event = 0; at.event < DIR_EVENT_COUNT; at.event++)
            list_cell(&list, at, &protocol->directory[at.state][at.event], dir_states);
    if (onboard)
        list_onboard(&list);
    return list.n;
}

static void unstall(struct cell *cell, const struct damage *damage)
{
    *cell = (struct cell){.kind = CELL_STEP, .next = damage->state};
    if (damage->table == TABLE_CACHE && (damage->event == CE_LOAD || damage->event == CE_STORE))
        cell->actions[0] = CA_HIT;
    if (damage->table == TABLE_CACHE && damage->event == CE_REPLACEMENT)
        cell->next = C_I;
}

static void damage_cell(struct cell *cell, const struct damage *damage)
{
    uint8_t *action = cell->actions + damage->parameter, first;
    size_t rest = CELL_ACTIONS_MAX - 1u - damage->parameter;
    switch (damage->kind) {
    case DAMAGE_NEXT:
        cell->next = damage->parameter;
        break;
    case DAMAGE_DROP:
        memmove(action, action + 1, rest);
        cell->actions[CELL_ACTIONS_MAX - 1] = 0;
        break;
    case DAMAGE_DOUBLE:
        memmove(action + 1, action, rest);
        break;
    case DAMAGE_SWAP:
        first = action[0];
        action[0] = action[1];
        action[1] = first;
        break;
    case DAMAGE_NO_OP:
        *cell = (struct cell){.kind = CELL_STEP, .next = damage->state};
        break;
    default:
        unstall(cell, damage);
    }
}

void damage_apply(const struct damage *damage, struct protocol *protocol, struct onboard_table *onboard)
{
    struct onboard_cell *row = &onboard->cell[damage->state][damage->class][damage->event];
    if (damage->kind == DAMAGE_ONBOARD_NEXT)
        row->next = damage->parameter;
    else if (damage->kind == DAMAGE_ONBOARD_ACTION)
        row->action = damage->parameter;
    else if (damage->table == TABLE_CACHE)
        damage_cell(&protocol->cache[damage->state][damage->event], damage);
    else
        damage_cell(&protocol->directory[damage->state][damage->event], damage);
}

static const char *action_text(const struct damage *damage, const struct protocol *protocol, unsigned place)
{
    if (damage->table == TABLE_CACHE)
        return cache_action_name(protocol->cache[damage->state][damage->event].actions[place]);
    return dir_action_name(protocol->directory[damage->state][damage->event].actions[place]);
}

static void describe_what(const struct damage *damage, const struct protocol *protocol, char *text,
                          size_t room)
{
    bool cache = damage->table == TABLE_CACHE;
    switch (damage->kind) {
    case DAMAGE_NEXT:
        snprintf(text, room, "next %s",
                 cache ? cache_state_name(damage->parameter) : dir_state_name(damage->parameter));
        break;
    case DAMAGE_DROP:
        snprintf(text, room, "without %s", action_text(damage, protocol, damage->parameter));
        break;
    case DAMAGE_DOUBLE:
        snprintf(text, room, "twice %s", action_text(damage, protocol, damage->parameter));
        break;
    case DAMAGE_SWAP:
        snprintf(text, room, "%s before %s", action_text(damage, protocol, damage->parameter + 1u),
                 action_text(damage, protocol, damage->parameter));
        break;
    case DAMAGE_NO_OP:
        snprintf(text, room, "ignored");
        break;
    case DAMAGE_STALL:
        snprintf(text, room, "not stalled");
        break;
    case DAMAGE_ONBOARD_NEXT:
        snprintf(text, room, "next %s", l1_state_name(damage->parameter));
        break;
    default:
        snprintf(text, room, "action %s", onboard_action_name(damage->parameter));
    }
}

void damage_describe(const struct damage *damage, const struct protocol *protocol, char text[DAMAGE_TEXT])
{
    char what[60];
    describe_what(damage, protocol, what, sizeof what);
    if (damage->table == TABLE_CACHE)
        snprintf(text, DAMAGE_TEXT, "%s cache %s %s: %s", protocol->name, cache_state_name(damage->state),
                 cache_event_name(damage->event), what);
    else if (damage->table == TABLE_DIRECTORY)
        snprintf(text, DAMAGE_TEXT, "%s directory %s %s: %s", protocol->name, dir_state_name(damage->state),
                 dir_event_name(damage->event), what);
    else
        snprintf(text, DAMAGE_TEXT, "%s onboard L1 %s board %s %s: %s", protocol->name,
                 l1_state_name(damage->state), board_class_name(damage->class),
                 onboard_event_name(damage->event), what);
}

bool damage_is_covered(const struct damage *damage, const struct coverage *coverage)
{
    if (damage->table == TABLE_CACHE)
        return coverage->cache[damage->state][damage->event];
    if (damage->table == TABLE_DIRECTORY)
        return coverage->directory[damage->state][damage->event];
    return coverage->onboard[damage->state][damage->class][damage->event];
}
