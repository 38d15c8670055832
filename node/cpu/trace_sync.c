// SPDX-License-Identifier: Apache-2.0
#include "node/cpu/trace_sync.h"

// Long enough for a store of another CPU of the board to come between two looks.
#define SHORTEST_CYCLES 4u

void sync_init(struct sync_wait *wait, const struct cpu *cpu)
{
    sim_time cycles = SHORTEST_CYCLES * SIM_PS_PER_S / cpu->clock.hz;
    *wait = (struct sync_wait){.shortest = sim_min(cycles ? cycles : 1, cpu->desc->backoff)};
}

static void note_version(struct sync_wait *wait, uint32_t found, sim_time at)
{
    wait->found = found;
    wait->changed_at = at;
    wait->pause = wait->shortest;
}

static enum sync_outcome done(struct sync_wait *wait, struct cpu *cpu, sim_time at)
{
    if (wait->waiting)
        cpu->results.sync_wait_ps += at - wait->since;
    wait->waiting = wait->looks = false;
    return SYNC_DONE;
}

static enum sync_outcome give_up(struct sync_wait *wait, struct cpu *cpu, const struct trace_ref *ref,
                                 sim_time at)
{
    cpu->results.sync_wait_ps += at - wait->since;
    cpu_fail(cpu,
             "synchronisation word 0x%llx has version %u and has kept it for %llu us; this thread waits for "
             "version %u to make %u of it, gives up and ends its replay",
             (unsigned long long)ref->address, wait->found,
             (unsigned long long)((at - wait->changed_at) / SIM_PS_PER_US), ref->version - 1, ref->version);
    return SYNC_OVER;
}

enum sync_outcome sync_found(struct sync_wait *wait, struct cpu *cpu, const struct trace_ref *ref,
                             uint32_t found, sim_time at)
{
    bool ready = found == ref->version - 1;
    if (!wait->looks && (ready || ref->version == 1))
        return done(wait, cpu, at);
    if (!wait->waiting) {
        wait->waiting = true;
        wait->since = at;
        cpu->results.sync_waits++;
        note_version(wait, found, at);
    } else if (found != wait->found) {
        note_version(wait, found, at);
    } else if (at - wait->changed_at > cpu->desc->give_up) {
        return give_up(wait, cpu, ref, at);
    } else {
        wait->pause = sim_min(2 * wait->pause, cpu->desc->backoff);
    }
    wait->looks = !ready;
    wait->rests = !ready;
    return SYNC_WAITS;
}

void sync_state(struct sync_wait *wait, struct archive *ar)
{
    ar_bool(ar, &wait->waiting);
    ar_bool(ar, &wait->looks);
    ar_bool(ar, &wait->rests);
    ar_u32(ar, &wait->found);
    ar_u64(ar, &wait->since);
    ar_u64(ar, &wait->changed_at);
    ar_u64(ar, &wait->pause);
}
