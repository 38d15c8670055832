// SPDX-License-Identifier: Apache-2.0
// Seeded references with what programs do (loops, strides, calls) and what they hardly do (the ends of the
// address space, odd sizes), and traces made of them.
#ifndef NP_TESTS_LIB_RANDOM_TRACE_H
#define NP_TESTS_LIB_RANDOM_TRACE_H

#include "proto/base/rng.h"
#include "proto/trace/trace.h"

// Gives reference after reference; equal seeds give equal references.
struct random_trace {
    struct rng rng;
    uint64_t fetch, data;
    uint32_t version;
};

struct random_trace random_trace(uint64_t seed);
struct trace_ref random_trace_next(struct random_trace *trace);

bool trace_refs_equal(const struct trace_ref *a, const struct trace_ref *b);

// A fresh folder for a test's files below $TMPDIR or /tmp; the caller removes what it puts there, and it.
void test_folder(char path[PATH_MAX_BYTES]);

// Writes a trace of `streams` streams; stream i has refs[i] references of random_trace(seed + i), and they
// are written in turns of random lengths. Two streams are one process, each of which has two symbols. Stops
// the test process when that fails.
void write_random_trace(const char *path, uint64_t seed, uint32_t streams, const uint64_t *refs);

#endif
