// SPDX-License-Identifier: Apache-2.0
#include "node/coherence/protocol.h"

#include <stddef.h>
#include <string.h>

#include "proto/base/assert.h"

// A cell given twice is an overridden initializer, which the compiler refuses.
#define STEP(state, event, next_state, ...) [state][event] = {CELL_STEP, next_state, {__VA_ARGS__}},
#define STALL(state, event)                 [state][event] = {CELL_STALL, state, {0}},

static const struct protocol protocols[] = {
    {
        .name = "mesi",
        .source = "Primer, 2nd ed., tables 8.3 and 8.4",
        .cache =
            {
#include "node/coherence/cache_mesi.def"
            },
        .directory =
            {
#include "node/coherence/directory_mesi.def"
            },
    },
    {
        .name = "moesi",
        .source = "Primer, 2nd ed., tables 8.5 and 8.6 with the E of 8.3 and 8.4",
        .cache =
            {
#include "node/coherence/cache_moesi.def"
            },
        .directory =
            {
#include "node/coherence/directory_moesi.def"
            },
    },
    {
        .name = "msi",
        .source = "Primer, 2nd ed., tables 8.1 and 8.2",
        .cache =
            {
#include "node/coherence/cache_msi.def"
            },
        .directory =
            {
#include "node/coherence/directory_msi.def"
            },
    },
    {
        .name = "sun",
        .source = "A. S. Tanenbaum, Structured Computer Organization, on the Sun Fire E25K",
        .four_hop = true,
        .cache =
            {
#include "node/coherence/cache_sun.def"
            },
        .directory =
            {
#include "node/coherence/directory_sun.def"
            },
    },
};

const struct protocol *protocol_by_name(const char *name)
{
    for (size_t i = 0; i < NP_ARRAY_LEN(protocols); i++)
        if (strcmp(protocols[i].name, name) == 0)
            return &protocols[i];
    return NULL;
}

const struct protocol *protocol_at(unsigned i)
{
    return i < NP_ARRAY_LEN(protocols) ? &protocols[i] : NULL;
}

#define PROTOCOL_NAME3(name, text, meaning)   text,
#define PROTOCOL_NAME2(name, text)            text,
#define PROTOCOL_MEANING(name, text, meaning) meaning,
#define NAME_FUNCTION(function, list, count)                                                                 \
    const char *function(unsigned i)                                                                         \
    {                                                                                                        \
        static const char *const names[] = {list};                                                           \
        return i < (count) ? names[i] : "?";                                                                 \
    }

NAME_FUNCTION(cache_state_name, CACHE_STATES(PROTOCOL_NAME3), CACHE_STATE_COUNT)
NAME_FUNCTION(cache_event_name, CACHE_EVENTS(PROTOCOL_NAME3), CACHE_EVENT_COUNT)
NAME_FUNCTION(cache_action_name, CACHE_ACTIONS(PROTOCOL_NAME2), CACHE_ACTION_COUNT)
NAME_FUNCTION(cache_state_meaning, CACHE_STATES(PROTOCOL_MEANING), CACHE_STATE_COUNT)
NAME_FUNCTION(dir_state_name, DIR_STATES(PROTOCOL_NAME3), DIR_STATE_COUNT)
NAME_FUNCTION(dir_event_name, DIR_EVENTS(PROTOCOL_NAME3), DIR_EVENT_COUNT)
NAME_FUNCTION(dir_action_name, DIR_ACTIONS(PROTOCOL_NAME2), DIR_ACTION_COUNT)
NAME_FUNCTION(dir_state_meaning, DIR_STATES(PROTOCOL_MEANING), DIR_STATE_COUNT)
