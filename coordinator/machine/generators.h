// SPDX-License-Identifier: Apache-2.0
// The keys of generators: which pattern understands which, with units, ranges and defaults. What the patterns
// do is described in node/cpu/README.md.
#ifndef NP_COORDINATOR_MACHINE_GENERATORS_H
#define NP_COORDINATOR_MACHINE_GENERATORS_H

#include "coordinator/machine/fields.h"
#include "proto/base/machine.h"

// X(enumerator, key, unit, member of struct cpu_desc, least, most, multiple of, default, patterns that have
// it)
#define GENERATOR_KEYS(X)                                                                                    \
    X(KEY_WRITES, "writes", UNIT_SHARE, write_permille, 0, 1000, 0, 300, WRITING)                            \
    X(KEY_STEP, "stride", UNIT_SIZE, stride, 8, STRIDE_MAX, 8, 8, P(STREAM))                                 \
    X(KEY_SPACING, "stride", UNIT_SIZE, stride, 8, STRIDE_MAX, 8, 64, P(POINTER_CHASE))                      \
    X(KEY_COUNT, "count", UNIT_COUNT, count, 0, COUNT_MAX, 0, 0, ALL_PATTERNS)                               \
    X(KEY_CRITICAL, "critical", UNIT_COUNT, critical, 1, 1000000, 0, 8, P(LOCK))                             \
    X(KEY_PARALLEL, "parallel", UNIT_COUNT, parallel, 0, 1000000000, 0, 200, P(LOCK))                        \
    X(KEY_SERVICE, "critical", UNIT_COUNT, critical, 0, 1000000, 0, 16, P(KERNEL))                           \
    X(KEY_OWN_WORK, "parallel", UNIT_COUNT, parallel, 1, 1000000000, 0, 10000, P(KERNEL))                    \
    X(KEY_LOCKS, "locks", UNIT_COUNT, locks, 1, 65536, 0, 1, P(KERNEL))                                      \
    X(KEY_PAUSE, "pause", UNIT_TIME, compute, 0, SIM_PS_PER_S, 0, 200000, P(KERNEL))                         \
    X(KEY_COMPUTE, "compute", UNIT_TIME, compute, 1, SIM_PS_PER_S, 0, SIM_PS_PER_US, P(BURST))               \
    X(KEY_FRAME, "frame", UNIT_SIZE, frame_bytes, 16, FRAME_BYTES_MAX, 0, 1024, P(FRAMES))

#define STRIDE_MAX   (UINT64_C(1) << 30)
#define COUNT_MAX    (UINT64_C(1) << 48)
#define P(pattern)   (1u << PATTERN_##pattern)
#define ALL_PATTERNS ((1u << PATTERN_COUNT) - 1)
#define WRITING      (P(PRIVATE) | P(STREAM) | P(RANDOM) | P(HOT_LINES) | P(BURST))

enum generator_key {
#define X(name, key, unit, member, min, max, multiple, normal, patterns) name,
    GENERATOR_KEYS(X)
#undef X
        GENERATOR_KEY_COUNT
};

const char *pattern_name(enum pattern pattern); // "pointer-chase"
bool pattern_has_key(enum pattern pattern, enum generator_key key);
const char *generator_key_name(enum generator_key key);

// The value of a key as text that the reader reads back. Returns `text`.
const char *generator_key_format(const struct cpu_desc *cpu, enum generator_key key,
                                 char text[UNIT_TEXT_SIZE]);

#endif
