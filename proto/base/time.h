// SPDX-License-Identifier: Apache-2.0
// Simulated time: an unsigned 64-bit count of picoseconds (213 days), and clock domains that count cycles.
// Host time never enters here.
#ifndef NP_PROTO_BASE_TIME_H
#define NP_PROTO_BASE_TIME_H

#include <stdint.h>

typedef uint64_t sim_time; // picoseconds

#define SIM_NEVER     UINT64_MAX
#define SIM_PS_PER_NS UINT64_C(1000)
#define SIM_PS_PER_US UINT64_C(1000000)
#define SIM_PS_PER_S  UINT64_C(1000000000000)

// Saturating addition: 'never' plus anything is never.
static inline sim_time sim_add(sim_time a, sim_time b)
{
    return a > SIM_NEVER - b ? SIM_NEVER : a + b;
}

static inline sim_time sim_min(sim_time a, sim_time b)
{
    return a < b ? a : b;
}

static inline sim_time sim_max(sim_time a, sim_time b)
{
    return a > b ? a : b;
}

// A clock of `hz` cycles per second, positioned on an edge. Edge n is at floor(n x 10^12 / hz); rounded
// periods are never summed: the remainder is carried, so that a million single steps and one step of a
// million agree.
struct clock {
    uint64_t hz;       // 1 .. 10^12
    uint64_t step_ps;  // 10^12 / hz
    uint64_t step_rem; // 10^12 % hz
    uint64_t rem;      // remainder of the current edge, 0 .. hz-1
    sim_time now;      // time of the current edge
};

// Sets the clock to edge 0 at time 0. hz must lie in 1 .. 10^12.
void clock_init(struct clock *clock, uint64_t hz);

// Moves to the next edge.
static inline void clock_tick(struct clock *clock)
{
    clock->now += clock->step_ps;
    clock->rem += clock->step_rem;
    if (clock->rem >= clock->hz) {
        clock->rem -= clock->hz;
        clock->now++;
    }
}

// Moves a number of edges on that is small enough for 64 bits: cycles x hz below 2^63.
static inline void clock_skip(struct clock *clock, uint64_t cycles)
{
    uint64_t rem = clock->rem + cycles * clock->step_rem;
    clock->now += cycles * clock->step_ps;
    if (rem >= clock->hz) {
        clock->now += rem / clock->hz;
        rem %= clock->hz;
    }
    clock->rem = rem;
}

// Moves `cycles` edges on; stays at SIM_NEVER's last representable edge never: the caller keeps runs below
// 2^63 ps.
void clock_advance(struct clock *clock, uint64_t cycles);

// Moves forward to the first edge at or after `time`; does nothing when already there or beyond.
void clock_align(struct clock *clock, sim_time time);

// The time that `bytes` bytes take at `bytes_per_s`, rounded up to a picosecond. bytes_per_s 0 means
// unlimited: 0.
sim_time sim_transfer_time(uint64_t bytes, uint64_t bytes_per_s);

#endif
