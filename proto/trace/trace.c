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

bool trace_cpus_suffice(const struct trace_info *info, uint32_t cpus, uint32_t *needed)
{
    bool synchronises[TRACE_STREAMS_MAX] = {false}, begun[TRACE_STREAMS_MAX] = {false};
    uint32_t n = info->n_streams, taken = n ? cpus % n : 0; // streams 0 .. taken - 1 of the last round
    for (uint32_t i = 0; i < n; i++)
        synchronises[info->streams[i].process] |= info->streams[i].refs[TRACE_SYNC] > 0;
    for (uint32_t done = 0, i = 0; taken && i < n; i++) {
        if (begun[info->streams[i].process])
            taken = taken > i + 1 ? taken : i + 1;
        for (; done < taken; done++)
            begun[info->streams[done].process] |= synchronises[info->streams[done].process];
    }
    *needed = n ? cpus - cpus % n + taken : cpus;
    return *needed == cpus;
}

void trace_info_free(struct trace_info *info)
{
    free(info->streams);
    *info = (struct trace_info){0};
}
