// SPDX-License-Identifier: Apache-2.0
#include "proto/base/time.h"

#include "proto/base/assert.h"

typedef unsigned __int128 wide;

static void set_edge(struct clock *clock, wide edge)
{
    wide scaled = edge * SIM_PS_PER_S;
    clock->now = (sim_time)(scaled / clock->hz);
    clock->rem = (uint64_t)(scaled % clock->hz);
}

// The number of the current edge, recovered from its time and remainder: both came from n x 10^12 = now x hz
// + rem.
static wide current_edge(const struct clock *clock)
{
    return ((wide)clock->now * clock->hz + clock->rem) / SIM_PS_PER_S;
}

void clock_init(struct clock *clock, uint64_t hz)
{
    NP_ASSERT(hz >= 1 && hz <= SIM_PS_PER_S);
    clock->hz = hz;
    clock->step_ps = SIM_PS_PER_S / hz;
    clock->step_rem = SIM_PS_PER_S % hz;
    clock->rem = 0;
    clock->now = 0;
}

void clock_advance(struct clock *clock, uint64_t cycles)
{
    set_edge(clock, current_edge(clock) + cycles);
}

void clock_align(struct clock *clock, sim_time time)
{
    if (clock->now >= time)
        return;
    // The first n with floor(n x 10^12 / hz) >= time is the first with n x 10^12 >= time x hz.
    set_edge(clock, ((wide)time * clock->hz + SIM_PS_PER_S - 1) / SIM_PS_PER_S);
}

sim_time sim_transfer_time(uint64_t bytes, uint64_t bytes_per_s)
{
    if (bytes_per_s == 0)
        return 0;
    return (sim_time)(((wide)bytes * SIM_PS_PER_S + bytes_per_s - 1) / bytes_per_s);
}
