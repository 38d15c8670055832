// SPDX-License-Identifier: Apache-2.0
// Seeded random numbers: SplitMix64 (Steele, Lea, Flood, OOPSLA 2014; public domain reference by Vigna). One
// state per component, never shared, 8 bytes to save. Not for secrets.
#ifndef NP_PROTO_BASE_RNG_H
#define NP_PROTO_BASE_RNG_H

#include <stdint.h>

struct rng {
    uint64_t state;
};

static inline uint64_t rng_mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static inline uint64_t rng_next(struct rng *rng)
{
    return rng_mix(rng->state += UINT64_C(0x9e3779b97f4a7c15));
}

// A number in 0 .. bound-1 (bound >= 1), by multiplication; the bias is below bound / 2^64.
static inline uint64_t rng_below(struct rng *rng, uint64_t bound)
{
    return (uint64_t)(((unsigned __int128)rng_next(rng) * bound) >> 64);
}

// The generator of one component: streams of different components or seeds do not overlap in practice.
static inline struct rng rng_for(uint64_t seed, uint64_t component)
{
    return (struct rng){rng_mix(rng_mix(seed) ^ (component * UINT64_C(0xd1342543de82ef95)))};
}

#endif
