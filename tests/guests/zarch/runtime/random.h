// SPDX-License-Identifier: Apache-2.0
// Random numbers that are the same everywhere: SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom
// Number Generators, 2014).
#ifndef TESTS_GUESTS_ZARCH_RUNTIME_RANDOM_H
#define TESTS_GUESTS_ZARCH_RUNTIME_RANDOM_H

#include <stdint.h>

// Number i of the sequence that seed begins.
static inline uint64_t random_at(uint64_t seed, uint64_t i)
{
    uint64_t z = seed + (i + 1) * 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

#endif
