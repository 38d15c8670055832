// SPDX-License-Identifier: Apache-2.0
#include "proto/base/watch.h"

#include "proto/base/assert.h"

const char *watch_unit_name(enum watch_unit unit)
{
    static const char *const names[] = {
#define X(name, text) text,
        WATCH_UNITS(X)
#undef X
    };
    NP_ASSERT(unit < WATCH_UNIT_COUNT);
    return names[unit];
}

enum watch_unit watch_unit_of(component_id id)
{
    switch (component_unit(id)) {
    case UNIT_HOME:
        return WATCH_HOME;
    case UNIT_PORT:
        return WATCH_GATE;
    default:
        return WATCH_CACHE;
    }
}
