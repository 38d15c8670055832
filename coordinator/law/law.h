// SPDX-License-Identifier: Apache-2.0
// How many CPUs' worth of work an SMP of N CPUs does: S(N), as named curves (facts 4, text 12.1.1, Abb.
// 12.1.1). All have the same S(2) = 2 (1 - n): at two CPUs each loses the share n of its power.
#ifndef NP_COORDINATOR_LAW_LAW_H
#define NP_COORDINATOR_LAW_LAW_H

#include <stdbool.h>
#include <stdint.h>

enum curve {
    CURVE_EXPONENTIAL, // N (1 - n)^(N-1)
    CURVE_QUADRATIC,   // N (1 - n (N-1)): each further CPU costs every other the same share
    CURVE_AMDAHL,      // N / (1 + s (N-1)), s = n / (1 - n): a serial share
    CURVE_GEOMETRIC,   // (1 - (1-g)^N) / g, g = 2 n: each CPU brings 1-g of the one before
    CURVE_USL, // universal scalability law without contention: N / (1 + k N (N-1)), k = n / (2 (1 - n))
    CURVE_COUNT
};

#define LAW_CPUS_MAX 4096u

const char *curve_name(enum curve curve);
const char *curve_formula(enum curve curve);
bool curve_find(const char *name, enum curve *curve);

// S(cpus) at a loss of n = `loss` of each of two CPUs, 0 < loss < 0.5. Never below 0: the quadratic curve
// would be beyond 1 + 1/n (law_absurd_beyond).
double law_speedup(enum curve curve, double loss, double cpus);

// What the last of so many CPUs brings: S(N) - S(N-1).
double law_gain(enum curve curve, double loss, uint32_t cpus);

// The loss of each CPU in the text's second reading, "twice minus n of one" (S(2) = 2 - n): half of it.
static inline double law_loss_of_total(double loss)
{
    return loss / 2;
}

// Which gain makes one more CPU worth while, in CPUs. 0.4 makes the exponential curve end at 4 CPUs for 10 %
// and 8 for 5 %, as the text says; the quadratic one needs 0.25 for that. The text does not decide for the
// others, which never reach a maximum or do not double from 10 % to 5 %: 0.4 too.
double law_rule(enum curve curve);

// The most CPUs of which each brings at least `rule`; at most `most`.
uint32_t law_useful(enum curve curve, double loss, double rule, uint32_t most);

// Where the curve has its maximum, in CPUs, as a real number; INFINITY when it grows for ever.
double law_peak(enum curve curve, double loss);

// What the curve never exceeds; INFINITY when it has a peak instead.
double law_limit(enum curve curve, double loss);

// CPUs beyond which the formula gives nothing sensible and S is held at 0; INFINITY: none.
double law_absurd_beyond(enum curve curve, double loss);

#endif
