// SPDX-License-Identifier: Apache-2.0
#include "proto/base/results.h"

#include "proto/base/assert.h"

static const struct {
    const char *name, *unit;
} counters[] = {
#define X(name, text, unit, what) {text, unit},
    COUNTERS(X)
#undef X
};

const char *counter_name(enum counter counter)
{
    NP_ASSERT(counter < COUNTER_COUNT);
    return counters[counter].name;
}

const char *counter_unit(enum counter counter)
{
    NP_ASSERT(counter < COUNTER_COUNT);
    return counters[counter].unit;
}

const char *served_name(enum served served)
{
    static const char *const names[] = {"l1", "board", "home_local", "home_remote", "owner"};
    NP_ASSERT(served < SERVED_COUNT);
    return names[served];
}

enum { BUCKET_SHIFT = 8, BUCKETS_PER_OCTAVE_LOG2 = 2 };

unsigned latency_bucket(uint64_t ps)
{
    if (ps < UINT64_C(1) << BUCKET_SHIFT)
        return 0;
    unsigned octave = 63u - (unsigned)__builtin_clzll(ps);
    unsigned quarter = (unsigned)(ps >> (octave - BUCKETS_PER_OCTAVE_LOG2)) & 3u;
    unsigned bucket = 1 + ((octave - BUCKET_SHIFT) << BUCKETS_PER_OCTAVE_LOG2) + quarter;
    return bucket < LATENCY_BUCKETS ? bucket : LATENCY_BUCKETS - 1;
}

uint64_t latency_bucket_floor(unsigned bucket)
{
    NP_ASSERT(bucket < LATENCY_BUCKETS);
    if (bucket == 0)
        return 0;
    unsigned octave = (bucket - 1) >> BUCKETS_PER_OCTAVE_LOG2, quarter = (bucket - 1) & 3u;
    return (UINT64_C(4) + quarter) << (octave + BUCKET_SHIFT - BUCKETS_PER_OCTAVE_LOG2);
}

void latency_add(struct latency_histogram *histogram, uint64_t ps)
{
    if (histogram->count == 0 || ps < histogram->min_ps)
        histogram->min_ps = ps;
    if (ps > histogram->max_ps)
        histogram->max_ps = ps;
    histogram->count++;
    histogram->sum_ps += ps;
    histogram->bucket[latency_bucket(ps)]++;
}

void latency_merge(struct latency_histogram *to, const struct latency_histogram *from)
{
    if (from->count && (to->count == 0 || from->min_ps < to->min_ps))
        to->min_ps = from->min_ps;
    if (from->max_ps > to->max_ps)
        to->max_ps = from->max_ps;
    to->count += from->count;
    to->sum_ps += from->sum_ps;
    for (unsigned i = 0; i < LATENCY_BUCKETS; i++)
        to->bucket[i] += from->bucket[i];
}

void latency_state(struct latency_histogram *h, struct archive *ar)
{
    ar_u64(ar, &h->count);
    ar_u64(ar, &h->sum_ps);
    ar_u64(ar, &h->min_ps);
    ar_u64(ar, &h->max_ps);
    for (unsigned i = 0; i < LATENCY_BUCKETS; i++)
        ar_u64(ar, &h->bucket[i]);
}
