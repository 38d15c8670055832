// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <string.h>

#include "coordinator/machine/generators.h"
#include "coordinator/machine/units.h"
#include "coordinator/run/claims.h"
#include "coordinator/run/guest_ends.h"
#include "coordinator/run/history_json.h"
#include "coordinator/run/report.h"
#include "proto/base/assert.h"
#include "proto/base/digest.h"

const char *grouped(uint64_t value, char text[GROUPED_SIZE])
{
    char digits[GROUPED_SIZE];
    int n = snprintf(digits, sizeof digits, "%" PRIu64, value);
    char *to = text;
    for (int i = 0; i < n; i++) {
        if (i && (n - i) % 3 == 0)
            *to++ = ',';
        *to++ = digits[i];
    }
    *to = '\0';
    return text;
}

static double share(uint64_t part, uint64_t whole)
{
    return whole ? 100.0 * (double)part / (double)whole : 0;
}

static const char *const served_texts[] = {
    [SERVED_L1] = "own L1",
    [SERVED_BOARD] = "this board (board cache, other L1)",
    [SERVED_HOME_LOCAL] = "memory of this board",
    [SERVED_HOME_REMOTE] = "memory of another board",
    [SERVED_OWNER] = "another board's cache (owner)",
};
_Static_assert(NP_ARRAY_LEN(served_texts) == SERVED_COUNT, "one text per place");

static void print_latencies(const struct partition_sum *sum, FILE *out)
{
    uint64_t all = 0;
    for (unsigned i = 0; i < SERVED_COUNT; i++)
        all += sum->latency[i].count;
    if (all == 0)
        return;
    fprintf(out, "  served by %40s %8s %12s %12s\n", "accesses", "share", "mean", "longest");
    for (unsigned i = 0; i < SERVED_COUNT; i++) {
        const struct latency_histogram *l = &sum->latency[i];
        char count[GROUPED_SIZE], mean[UNIT_TEXT_SIZE], most[UNIT_TEXT_SIZE];
        if (l->count)
            fprintf(out, "    %-34s %11s %6.1f %% %12s %12s\n", served_texts[i], grouped(l->count, count),
                    share(l->count, all), unit_pretty_time(l->sum_ps / l->count, mean),
                    unit_pretty_time(l->max_ps, most));
    }
}

static void print_accesses(const struct partition_sum *sum, FILE *out)
{
    char accesses[GROUPED_SIZE];
    const uint64_t *c = sum->counters;
    double seconds = (double)sum->end / (double)SIM_PS_PER_S;
    fprintf(out, "  accesses     %s, %.1f M per simulated second, %.1f %% L1 hits, %.1f %% merged\n",
            grouped(sum->done.accesses, accesses),
            seconds > 0 ? 1e-6 * (double)sum->done.accesses / seconds : 0,
            share(sum->done.hits, sum->done.accesses), share(c[CNT_MERGED], sum->done.accesses));
    print_latencies(sum, out);
    uint64_t misses = c[CNT_MISSES_LOCAL] + c[CNT_MISSES_REMOTE];
    char a[GROUPED_SIZE], b[GROUPED_SIZE], d[GROUPED_SIZE], e[GROUPED_SIZE];
    if (misses)
        fprintf(out, "  board misses %s (%.1f %% remote), upgrades %s, dirty transfers %s, evictions %s\n",
                grouped(misses, a), share(c[CNT_MISSES_REMOTE], misses), grouped(c[CNT_UPGRADES], b),
                grouped(c[CNT_DIRTY_TRANSFERS], d),
                grouped(c[CNT_EVICTIONS_CLEAN] + c[CNT_EVICTIONS_DIRTY], e));
}

// Mean over the boards of a partition, while they were in it, and the busiest.
static void print_busy(const struct run_report *report, uint32_t partition, const struct partition_sum *sum,
                       const char *what, enum counter counter, FILE *out)
{
    const struct machine *m = &report->scenario->machine;
    const struct stay *members[BOARDS_MAX], *busiest = NULL;
    uint32_t n = outcome_members(report->outcome, m, partition, members);
    sim_time time = 0;
    double most = 0;
    for (uint32_t i = 0; i < n; i++) {
        sim_time stayed = outcome_stayed(members[i], sum->end);
        double busy = share(members[i]->counters[counter], stayed);
        time += stayed;
        if (!busiest || busy > most) {
            busiest = members[i];
            most = busy;
        }
    }
    fprintf(out, "%s %.1f %%", what, share(sum->counters[counter], time));
    if (n > 1)
        fprintf(out, " (%s %.1f %%)", m->boards[busiest->board].name, most);
}

static void print_utilisation(const struct run_report *report, uint32_t partition,
                              const struct partition_sum *sum, FILE *out)
{
    if (sum->end == 0)
        return;
    fprintf(out, "  busy         ");
    print_busy(report, partition, sum, "homes", CNT_HOME_BUSY_PS, out);
    print_busy(report, partition, sum, ", ports out", CNT_EGRESS_BUSY_PS, out);
    print_busy(report, partition, sum, ", in", CNT_INGRESS_BUSY_PS, out);
    fputc('\n', out);
}

// Replayed threads that waited for one another.
static void print_waits(const struct partition_sum *sum, FILE *out)
{
    char waits[GROUPED_SIZE], mean[UNIT_TEXT_SIZE];
    if (sum->done.sync_waits)
        fprintf(out, "  threads      %s waits for one another, of %s on average\n",
                grouped(sum->done.sync_waits, waits),
                unit_pretty_time(sum->done.sync_wait_ps / sum->done.sync_waits, mean));
}

static void print_checks(const struct run_report *report, const struct partition_sum *sum, FILE *out)
{
    char checks[GROUPED_SIZE], wrong[GROUPED_SIZE];
    const uint64_t *c = sum->counters;
    if (c[CNT_CHECKS_FAILED] == 0) {
        fprintf(out, "  checks       %s loaded values compared, all as they must be\n",
                grouped(c[CNT_CHECKS], checks));
        return;
    }
    fprintf(out, "  CHECKS       %s OF %s FAILED. The first, on board %s:\n               %s\n",
            grouped(c[CNT_CHECKS_FAILED], wrong), grouped(c[CNT_CHECKS], checks),
            sum->first_failure ? report->scenario->machine.boards[sum->first_failure_board].name : "?",
            sum->first_failure ? sum->first_failure : "(not kept)");
}

// What a healthy run has none of.
static void print_troubles(const struct partition_sum *sum, FILE *out)
{
    static const struct {
        enum counter counter;
        const char *text;
    } troubles[] = {{CNT_GATE_REFUSALS, "messages refused by a gate"},
                    {CNT_BUS_ERRORS, "accesses answered with a bus error"},
                    {CNT_POISONED, "accesses that touched lost data (poison)"},
                    {CNT_LATE, "late arrivals (--window)"}};
    char count[GROUPED_SIZE];
    for (size_t i = 0; i < NP_ARRAY_LEN(troubles); i++)
        if (sum->counters[troubles[i].counter])
            fprintf(out, "  trouble      %s %s\n", grouped(sum->counters[troubles[i].counter], count),
                    troubles[i].text);
}

static void print_weak_kind(unsigned kind, bool *any, FILE *out)
{
    fprintf(out, "%s%s", *any ? ", " : "  note         weakly ordered (several accesses outstanding): ",
            kind == PATTERN_COUNT ? "replayed programs" : pattern_name((enum pattern)kind));
    *any = true;
}

// Programs of the partition with more than one access outstanding, each kind once.
static void print_weak(const struct run_report *report, uint32_t partition, FILE *out)
{
    const struct machine *m = &report->scenario->machine;
    bool named[PATTERN_COUNT + 1] = {false};
    bool any = false;
    for (uint32_t i = 0; i < m->n_cpus; i++) {
        const struct cpu_desc *cpu = &m->cpus[i];
        unsigned kind = cpu->kind == CPU_GENERATOR ? cpu->pattern : PATTERN_COUNT;
        if (m->boards[cpu->board].partition != partition || cpu->outstanding <= 1 || named[kind])
            continue;
        named[kind] = true;
        print_weak_kind(kind, &any, out);
    }
    for (uint32_t i = 0; i < m->n_pools; i++) {
        const struct cpu_desc *what = &m->pools[i].what;
        unsigned kind = what->kind == CPU_GENERATOR ? what->pattern : PATTERN_COUNT;
        if (m->pools[i].partition != partition || what->outstanding <= 1 || named[kind])
            continue;
        named[kind] = true;
        print_weak_kind(kind, &any, out);
    }
    fputs(any ? "\n" : "", out);
}

// The boards' figure decides; CPUs with several accesses outstanding have no use for a store buffer.
static void print_store_order(const struct partition_sum *sum, FILE *out)
{
    char forwards[GROUPED_SIZE], waits[GROUPED_SIZE];
    if (sum->store_buffer)
        fprintf(out,
                "  note         total store order, %" PRIu32
                " stores: %s loads forwarded, %s accesses waited\n",
                sum->store_buffer, grouped(sum->counters[CNT_STORE_FORWARDS], forwards),
                grouped(sum->counters[CNT_STORE_WAITS], waits));
}

static void print_notes(const struct partition_sum *sum, FILE *out)
{
    char sent[GROUPED_SIZE], received[GROUPED_SIZE];
    if (sum->counters[CNT_FRAMES_SENT] || sum->counters[CNT_FRAMES_RECEIVED])
        fprintf(out, "  frames       %s sent, %s received over timed links\n",
                grouped(sum->counters[CNT_FRAMES_SENT], sent),
                grouped(sum->counters[CNT_FRAMES_RECEIVED], received));
    if (sum->traces)
        fprintf(out, "  note         recorded programs: addresses are real, values are synthetic\n");
}

// Where boards came or went: who is there at the end.
static void print_members(const struct run_report *report, uint32_t number, FILE *out)
{
    const struct machine *m = &report->scenario->machine;
    const struct stay *members[BOARDS_MAX];
    uint32_t n = outcome_members(report->outcome, m, number, members), cpus = 0;
    bool others = false;
    for (uint32_t i = 0; i < n; i++)
        others |= outcome_is_there(members[i]) != (m->boards[members[i]->board].partition == number);
    if (!others)
        return;
    fprintf(out, "  at the end   boards");
    for (uint32_t i = 0; i < n; i++)
        if (outcome_is_there(members[i])) {
            fprintf(out, " %s", m->boards[members[i]->board].name);
            cpus += m->boards[members[i]->board].params.cpus;
        }
    fprintf(out, "%s; %" PRIu32 " CPUs (below: each board while it was in this partition)\n",
            cpus ? "" : " none", cpus);
}

static void print_partition(const struct run_report *report, uint32_t number, FILE *out)
{
    const struct machine *m = &report->scenario->machine;
    const struct partition_desc *p = &m->partitions[number];
    struct partition_sum sum;
    char time[UNIT_TEXT_SIZE], digest[DIGEST_TEXT_SIZE];
    outcome_sum(report->outcome, m, number, &sum);
    digest_text(report->outcome->partitions[number], digest);
    fprintf(out, "\nPartition %s: boards", p->name);
    for (uint32_t i = 0; i < p->n_boards; i++)
        fprintf(out, " %s", m->boards[p->boards[i]].name);
    fprintf(out, "; %" PRIu32 " CPUs, %" PRIu32 " with programs\n", sum.cpus, sum.cpus - sum.idle_cpus);
    fprintf(out, "  simulated    %s, %s\n", unit_pretty_time(sum.end, time),
            sum.running_cpus == 0          ? "all programs done"
            : report->outcome->interrupted ? "interrupted"
                                           : "the end time, with programs not done");
    if (sum.threads)
        fprintf(out, "  threads      %" PRIu32 ", on whatever CPUs the partition has\n", sum.threads);
    print_members(report, number, out);
    guest_ends_print(report, number, sum.end, out);
    print_accesses(&sum, out);
    print_utilisation(report, number, &sum, out);
    print_waits(&sum, out);
    print_checks(report, &sum, out);
    print_troubles(&sum, out);
    print_notes(&sum, out);
    print_weak(report, number, out);
    print_store_order(&sum, out);
    fprintf(out, "  digest       %s\n", digest);
}

static void print_groups(const struct machine *m, FILE *out)
{
    fprintf(out, "Sync groups:");
    for (uint32_t p = 0; p < m->n_partitions; p++)
        fprintf(out, "%s %s", p ? "," : "", m->partitions[p].name);
    fprintf(out, " (each runs at its own pace%s)\n",
            m->n_links ? "; linked ones within the link's latency" : "");
}

static void print_head(const struct run_report *report, FILE *out)
{
    const struct machine *m = &report->scenario->machine;
    const struct plan *plan = report->plan;
    static const char *const ends[] = {"all programs are done", "the end time is reached", "saved",
                                       "INTERRUPTED: partial results"};
    static const char *const shown[] = {"ipc", "tcp of loopback (not encrypted)", "unix sockets"};
    fprintf(out, "%s, seed %" PRIu64 ": %s\n", m->name, m->seed, ends[report->outcome->reason]);
    if (plan->nodes == 1)
        fprintf(out, "1 process, %" PRIu32 " thread%s", plan->threads, plan->threads == 1 ? "" : "s");
    else
        fprintf(out, "%" PRIu32 " processes of boards and the fabric over %s", plan->nodes,
                shown[report->command->link]);
    fprintf(out, "; run folder %s\n", report->folder->shown);
    print_groups(m, out);
    for (uint32_t i = 0; i < m->n_systems; i++) {
        struct provenances found = scenario_provenances(report->scenario, i);
        char text[PROVENANCES_TEXT_SIZE];
        fprintf(out, "Figures of %s: %s\n", m->systems[i].name, provenances_text(&found, text));
    }
    for (uint32_t i = 0; i < report->scenario->n_warnings; i++)
        fprintf(out, "warning: %s\n", report->scenario->warnings[i].text);
}

void summary_print(const struct run_report *report, FILE *out)
{
    char digest[DIGEST_TEXT_SIZE];
    print_head(report, out);
    for (uint32_t p = 0; p < report->scenario->machine.n_partitions; p++)
        print_partition(report, p, out);
    json_t *document = results_document(report);
    history_print(document, out);
    claims_print(document, out);
    json_decref(document);
    host_time_print(report, out);
    digest_text(report->outcome->run, digest);
    fprintf(out, "\nDigest of the run: %s\n", digest);
}

enum err_code report_checks(const struct run_report *report, struct err *err)
{
    const struct machine *m = &report->scenario->machine;
    uint64_t wrong = outcome_total(report->outcome, m, CNT_CHECKS_FAILED);
    if (wrong == 0)
        return ERR_OK;
    for (uint32_t b = 0; b < m->n_boards; b++) {
        const struct board_results *board = &report->outcome->boards[b];
        if (report->outcome->present[b] && board->counters[CNT_CHECKS_FAILED])
            return err_set(err, ERR_CHECK, "%" PRIu64 " checks failed; the first of board %s: %s", wrong,
                           m->boards[b].name, board->first_failure);
    }
    return ERR_OK;
}
