// SPDX-License-Identifier: Apache-2.0
#include "proto/base/timeline.h"

#include "proto/base/assert.h"

const char *timeline_resource_name(enum timeline_resource resource)
{
    static const char *const names[] = {
#define X(name, text) text,
        TIMELINE_RESOURCES(X)
#undef X
    };
    NP_ASSERT(resource < RESOURCE_COUNT);
    return names[resource];
}

const char *timeline_access_name(unsigned access)
{
    static const char *const names[TIMELINE_ACCESSES] = {"fetch", "load", "store", "atomic"};
    NP_ASSERT(access < TIMELINE_ACCESSES);
    return names[access];
}
