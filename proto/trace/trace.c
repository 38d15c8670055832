// SPDX-License-Identifier: Apache-2.0
#include "proto/trace/trace.h"

#include <stdlib.h>

const char *trace_kind_name(unsigned kind)
{
    static const char *const names[TRACE_KIND_COUNT] = {"fetch", "load", "store", "modify", "sync", "peek"};
    return kind < TRACE_KIND_COUNT ? names[kind] : "?";
}

uint64_t trace_refs_total(const uint64_t refs[TRACE_KIND_COUNT])
{
    uint64_t total = 0;
    for (unsigned kind = 0; kind < TRACE_KIND_COUNT; kind++)
        total += refs[kind];
    return total;
}

void trace_info_free(struct trace_info *info)
{
    free(info->streams);
    *info = (struct trace_info){0};
}
