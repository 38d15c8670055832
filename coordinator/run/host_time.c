// SPDX-License-Identifier: Apache-2.0
// Where host time went. "Parallel is slower than serial" is what users of simulators meet most; so every
// summary says how much of the time was simulation, and what to try when it was not the most of it.
#include <inttypes.h>
#include <unistd.h>

#include "coordinator/machine/units.h"
#include "coordinator/run/report.h"

struct host_sum {
    double simulating, exchanging, waiting; // seconds, over the processes of boards
    uint64_t resends, duplicates, damaged, foreign, bytes, max_rss;
};

static struct host_sum sum_hosts(const struct outcome *outcome, uint32_t nodes)
{
    struct host_sum sum = {0};
    for (uint32_t i = 0; i < outcome->n_hosts; i++) {
        const struct host_stats *h = &outcome->hosts[i];
        sum.resends += h->resends;
        sum.duplicates += h->duplicates;
        sum.damaged += h->damaged;
        sum.foreign += h->foreign;
        sum.max_rss = h->max_rss_bytes > sum.max_rss ? h->max_rss_bytes : sum.max_rss;
        if (i >= nodes) // the fabric waits for the nodes most of the time: it would hide where theirs goes
            continue;
        sum.bytes += h->bytes_out + h->bytes_in;
        sum.simulating += 1e-9 * (double)h->simulating_ns;
        sum.exchanging += 1e-9 * (double)h->exchanging_ns;
        sum.waiting += 1e-9 * (double)h->waiting_ns;
    }
    return sum;
}

static uint64_t all_grants(const struct run_report *report)
{
    uint64_t grants = 0;
    for (uint32_t p = 0; p < report->scenario->machine.n_partitions; p++)
        grants += report->outcome->groups[p].grants;
    return grants;
}

static void print_split(const struct run_report *report, const struct host_sum *sum, FILE *out)
{
    double all = sum->simulating + sum->exchanging + sum->waiting;
    if (all <= 0)
        return;
    fprintf(out,
            "  processes    %.0f %% simulating, %.0f %% exchanging, %.0f %% waiting (of %.1f s in %" PRIu32
            ")\n",
            100 * sum->simulating / all, 100 * sum->exchanging / all, 100 * sum->waiting / all, all,
            report->plan->nodes);
    if (report->plan->fabrics) {
        const struct host_stats *f = &report->outcome->hosts[report->plan->nodes];
        double busy = 1e-9 * (double)(f->simulating_ns + f->exchanging_ns),
               idle = 1e-9 * (double)f->waiting_ns;
        fprintf(out, "  fabric       busy %.1f s, waiting %.1f s\n", busy, idle);
    }
}

// Waiting counts with exchanging: with more processes than cores, to wait is to let another one simulate, but
// then there is nothing to win from more processes either.
static void print_advice(const struct run_report *report, const struct host_sum *sum, FILE *out)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    uint32_t nodes = report->plan->nodes, partitions = report->scenario->machine.n_partitions;
    double all = sum->simulating + sum->exchanging + sum->waiting;
    if (nodes > 1 && sum->simulating < 0.5 * all) {
        if ((long)nodes > cores)
            fprintf(out, "               (%" PRIu32 " processes share %ld core%s)\n", nodes, cores,
                    cores == 1 ? "" : "s");
        fprintf(out, "  to try       --nodes 1      exchanges in memory%s\n",
                cores > 1 ? "; with --threads 2 if cores are free" : "");
        if (partitions > 1 && nodes > partitions)
            fprintf(out, "               --nodes %-6" PRIu32 " keeps whole partitions in a process\n",
                    partitions);
        else if (nodes > 3)
            fprintf(out, "               --nodes %-6" PRIu32 " has fewer processes to exchange with\n",
                    nodes / 2);
        if (report->plan->fabrics && report->command->link == DATA_IPC)
            fprintf(out, "               --link unix    exchanges without ZeroMQ's threads, on this host\n");
    } else if (nodes == 1 && report->plan->threads > 1 && sum->waiting > sum->simulating) {
        fprintf(out,
                "  to try       --threads 1    the threads wait for each other more than they simulate\n");
    }
}

static void print_trouble(const struct run_report *report, const struct host_sum *sum, FILE *out)
{
    if (sum->resends + sum->duplicates + sum->damaged + sum->foreign)
        fprintf(out,
                "  link         %" PRIu64 " resends, %" PRIu64 " duplicates, %" PRIu64 " damaged, %" PRIu64
                " foreign messages; none reached a result\n",
                sum->resends, sum->duplicates, sum->damaged, sum->foreign);
    const struct control_stats *c = &report->outcome->control;
    if (c->foreign + c->malformed)
        fprintf(out,
                "  control      %" PRIu64 " foreign and %" PRIu64
                " malformed frames were refused (see log)\n",
                c->foreign, c->malformed);
}

// What waits for long simulates any time in none: the figure ends where times do.
static sim_time per_second(sim_time simulated, double seconds)
{
    const sim_time most = SIM_NEVER / 2;
    double speed = (double)simulated / seconds;
    return speed < (double)most ? (sim_time)speed : most;
}

void host_time_print(const struct run_report *report, FILE *out)
{
    const struct outcome *outcome = report->outcome;
    const struct machine *m = &report->scenario->machine;
    struct host_sum sum = sum_hosts(outcome, report->plan->nodes);
    uint64_t accesses = 0, grants = all_grants(report);
    sim_time end = 0;
    for (uint32_t p = 0; p < m->n_partitions; p++) {
        struct partition_sum of;
        outcome_sum(outcome, m, p, &of);
        accesses += of.done.accesses;
        end = sim_max(end, of.end);
    }
    double seconds = outcome->seconds > 1e-6 ? outcome->seconds : 1e-6;
    char speed[UNIT_TEXT_SIZE];
    fprintf(out, "\nHost time: %.2f s, %s simulated per second, %.2f M accesses/s\n", outcome->seconds,
            unit_pretty_time(per_second(end, seconds), speed), 1e-6 * (double)accesses / seconds);
    print_split(report, &sum, out);
    fprintf(out,
            "  grants       %" PRIu64 ", %.0f accesses each; %.1f MiB exchanged; largest process %.1f MiB\n",
            grants, grants ? (double)accesses / (double)grants : 0, (double)sum.bytes / (1 << 20),
            (double)sum.max_rss / (1 << 20));
    print_trouble(report, &sum, out);
    print_advice(report, &sum, out);
}
