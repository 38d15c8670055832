// SPDX-License-Identifier: Apache-2.0
#include <jansson.h>
#include <stdlib.h>

#include "coordinator/run/claims.h"
#include "coordinator/run/guest_ends.h"
#include "coordinator/run/history_json.h"
#include "coordinator/run/report.h"
#include "coordinator/run/sharing_json.h"
#include "proto/base/assert.h"
#include "proto/base/digest.h"

#define RESULTS_FORMAT  "numaplex-results"
#define RESULTS_VERSION 1

// Counts stay below 2^63 in any run that a person would wait for; a time that is never is null.
static json_t *number(uint64_t value)
{
    return value <= INT64_MAX ? json_integer((json_int_t)value) : json_null();
}

static void put(json_t *object, const char *key, json_t *value)
{
    NP_ASSERT(value && json_object_set_new(object, key, value) == 0);
}

static void put_digest(json_t *object, struct digest digest)
{
    char text[DIGEST_TEXT_SIZE];
    digest_text(digest, text);
    put(object, "digest", json_string(text));
}

static json_t *counters(const uint64_t *values)
{
    json_t *object = json_object();
    for (unsigned i = 0; i < COUNTER_COUNT; i++)
        put(object, counter_name((enum counter)i), number(values[i]));
    return object;
}

static json_t *messages(const uint64_t *sent)
{
    json_t *object = json_object();
    for (unsigned i = 0; i < MSG_TYPE_COUNT; i++)
        if (sent[i])
            put(object, message_name(i), number(sent[i]));
    return object;
}

static json_t *histogram(const struct latency_histogram *h)
{
    json_t *object = json_object(), *buckets = json_array();
    put(object, "count", number(h->count));
    put(object, "sum_ps", number(h->sum_ps));
    put(object, "mean_ps", h->count ? number(h->sum_ps / h->count) : json_null());
    put(object, "min_ps", number(h->min_ps));
    put(object, "max_ps", number(h->max_ps));
    for (unsigned i = 0; i < LATENCY_BUCKETS; i++)
        if (h->bucket[i])
            json_array_append_new(buckets,
                                  json_pack("[o, o]", number(latency_bucket_floor(i)), number(h->bucket[i])));
    put(object, "buckets", buckets);
    return object;
}

static json_t *latencies(const struct latency_histogram *latency)
{
    json_t *object = json_object();
    for (unsigned i = 0; i < SERVED_COUNT; i++)
        put(object, served_name((enum served)i), histogram(&latency[i]));
    return object;
}

static json_t *cpu(const struct cpu_results *c, uint32_t index)
{
    json_t *object = json_object();
    put(object, "cpu", number(index));
    put(object, "accesses", number(c->accesses));
    put(object, "hits", number(c->hits));
    put(object, "latency_sum_ps", number(c->latency_sum_ps));
    put(object, "wait_ps", number(c->wait_ps));
    put(object, "compute_ps", number(c->compute_ps));
    put(object, "sync_waits", number(c->sync_waits));
    put(object, "sync_wait_ps", number(c->sync_wait_ps));
    put(object, "work", number(c->work));
    put(object, "done_at_ps", number(c->done_at));
    return object;
}

static json_t *board(const struct machine *m, const struct board_results *b)
{
    json_t *object = json_object(), *cpus = json_array();
    put(object, "name", json_string(m->boards[b->board].name));
    put_digest(object, b->digest);
    put(object, "counters", counters(b->counters));
    put(object, "messages_sent", messages(b->sent_by_type));
    put(object, "sent_to", sharing_sent_to(m, b));
    put(object, "latency", latencies(b->latency));
    for (uint32_t i = 0; i < b->cpus && i < CPUS_PER_BOARD_MAX; i++)
        json_array_append_new(cpus, cpu(&b->cpu[i], i));
    put(object, "cpus", cpus);
    if (b->first_failure[0])
        put(object, "first_failure", json_string(b->first_failure));
    return object;
}

// What a board did while it was in a partition that ended at `end`.
static json_t *member(const struct machine *m, const struct stay *stay, sim_time end)
{
    json_t *object = json_object();
    put(object, "name", json_string(m->boards[stay->board].name));
    put(object, "joined_ps", number(stay->joined));
    put(object, "left_ps", number(stay->left));
    put(object, "stayed_ps", number(outcome_stayed(stay, end)));
    put(object, "accesses", number(stay->cpus.accesses));
    put(object, "hits", number(stay->cpus.hits));
    put(object, "work", number(stay->cpus.work));
    put(object, "counters", counters(stay->counters));
    put(object, "messages_sent", messages(stay->sent_by_type));
    put(object, "latency", latencies(stay->latency));
    return object;
}

// Only where boards changed their partitions: else it is what `boards` says.
static void put_members(json_t *object, const struct run_report *report, uint32_t partition, sim_time end)
{
    const struct machine *m = &report->scenario->machine;
    const struct stay *members[BOARDS_MAX];
    json_t *list = json_array(), *at_end = json_array();
    uint32_t n = outcome_members(report->outcome, m, partition, members), cpus = 0;
    for (uint32_t i = 0; i < n; i++) {
        json_array_append_new(list, member(m, members[i], end));
        if (!outcome_is_there(members[i]))
            continue;
        json_array_append_new(at_end, json_string(m->boards[members[i]->board].name));
        cpus += m->boards[members[i]->board].params.cpus;
    }
    put(object, "boards_at_end", at_end);
    put(object, "cpus_at_end", number(cpus));
    put(object, "members", list);
}

// Of simulated time, rounded down.
static json_t *per_second(uint64_t n, sim_time time)
{
    return time ? number((uint64_t)((unsigned __int128)n * SIM_PS_PER_S / time)) : json_null();
}

static json_t *partition(const struct run_report *report, uint32_t number_of)
{
    const struct machine *m = &report->scenario->machine;
    const struct partition_desc *p = &m->partitions[number_of];
    json_t *object = json_object(), *boards = json_array();
    struct partition_sum sum;
    outcome_sum(report->outcome, m, number_of, &sum);
    put(object, "name", json_string(p->name));
    put(object, "system", json_string(m->systems[p->system].name));
    put_digest(object, report->outcome->partitions[number_of]);
    put(object, "end_ps", number(sum.end));
    put(object, "cpus", number(sum.cpus));
    put(object, "cpus_with_programs", number(sum.cpus - sum.idle_cpus));
    put(object, "cpus_running", number(sum.running_cpus));
    if (sum.threads)
        put(object, "threads", number(sum.threads));
    put(object, "accesses", number(sum.done.accesses));
    put(object, "hits", number(sum.done.hits));
    put(object, "work", number(sum.done.work));
    put(object, "latency_sum_ps", number(sum.done.latency_sum_ps));
    put(object, "wait_ps", number(sum.done.wait_ps));
    put(object, "compute_ps", number(sum.done.compute_ps));
    put(object, "accesses_per_s", per_second(sum.done.accesses, sum.end));
    put(object, "work_per_s", per_second(sum.done.work, sum.end));
    put(object, "values_synthetic", json_boolean(sum.traces));
    put(object, "weakly_ordered", json_boolean(sum.weak));
    put(object, "store_buffer", number(sum.store_buffer));
    if (outcome_has_moves(report->outcome))
        put_members(object, report, number_of, sum.end);
    json_t *guest = guest_ends_json(report, number_of, sum.end);
    if (guest)
        put(object, "guest", guest);
    put(object, "counters", counters(sum.counters));
    put(object, "latency", latencies(sum.latency));
    for (uint32_t i = 0; i < p->n_boards; i++)
        json_array_append_new(boards, board(m, &report->outcome->boards[p->boards[i]]));
    put(object, "boards", boards);
    put(object, "pages", sharing_pages(m, report->outcome, number_of));
    return object;
}

static json_t *host_of(const struct run_report *report, uint32_t index)
{
    const struct host_stats *h = &report->outcome->hosts[index];
    bool node = index < report->plan->nodes;
    json_t *object = json_object();
    put(object, "process", node ? json_sprintf("node %u", index) : json_string("fabric"));
    put(object, "simulating_ns", number(h->simulating_ns));
    put(object, "exchanging_ns", number(h->exchanging_ns));
    put(object, "waiting_ns", number(h->waiting_ns));
    put(object, "grants", number(h->grants));
    put(object, "resends", number(h->resends));
    put(object, "duplicates", number(h->duplicates));
    put(object, "damaged", number(h->damaged));
    put(object, "foreign", number(h->foreign));
    put(object, "bytes_out", number(h->bytes_out));
    put(object, "bytes_in", number(h->bytes_in));
    put(object, "max_rss_bytes", number(h->max_rss_bytes));
    return object;
}

// All that differs from run to run stands here and nowhere else.
static json_t *host(const struct run_report *report)
{
    const struct outcome *outcome = report->outcome;
    json_t *object = json_object(), *processes = json_array();
    uint64_t grants = 0;
    for (uint32_t p = 0; p < report->scenario->machine.n_partitions; p++)
        grants += outcome->groups[p].grants;
    for (uint32_t i = 0; i < outcome->n_hosts; i++)
        json_array_append_new(processes, host_of(report, i));
    put(object, "seconds", json_real(outcome->seconds));
    put(object, "nodes", number(report->plan->nodes));
    put(object, "threads", number(report->plan->threads));
    put(object, "link",
        json_string(report->plan->fabrics ? data_link_names[report->command->link] : "memory"));
    put(object, "epoch", number(report->folder->epoch));
    put(object, "grants", number(grants));
    put(object, "control_foreign", number(outcome->control.foreign));
    put(object, "control_malformed", number(outcome->control.malformed));
    put(object, "processes", processes);
    return object;
}

static json_t *options(const struct run_report *report)
{
    const struct run_command *c = report->command;
    json_t *object = json_object();
    put(object, "chop", number(c->chop));
    put(object, "host_faults", json_real(c->host_faults));
    put(object, "reference", json_boolean(c->reference));
    put(object, "bounds", json_boolean(!c->no_bounds));
    put(object, "pin", json_boolean(c->pin));
    put(object, "continued_from", c->resume ? json_string(c->resume) : json_null());
    return object;
}

// Boards that were in no partition at first, and may have joined one since.
static void put_free_boards(json_t *object, const struct run_report *report)
{
    const struct machine *m = &report->scenario->machine;
    json_t *boards = json_array();
    for (uint32_t b = 0; b < m->n_boards; b++)
        if (m->boards[b].partition == NO_PARTITION && report->outcome->present[b])
            json_array_append_new(boards, board(m, &report->outcome->boards[b]));
    if (json_array_size(boards))
        put(object, "free_boards", boards);
    else
        json_decref(boards);
}

// How far the figures behind the results can be trusted.
static json_t *system_of(const struct scenario *scenario, uint32_t number_of)
{
    const struct system_desc *s = &scenario->machine.systems[number_of];
    struct provenances found = scenario_provenances(scenario, number_of);
    json_t *object = json_object(), *sources = json_object();
    put(object, "name", json_string(s->name));
    put(object, "protocol", json_string(s->protocol));
    put(object, "figures", json_string(provenances_flag(&found)));
    for (unsigned i = 0; i < PROVENANCE_COUNT; i++)
        put(sources, provenance_name((enum provenance)i), number(found.count[i]));
    put(object, "sources", sources);
    return object;
}

json_t *results_document(const struct run_report *report)
{
    static const char *const ends[] = {"done", "until", "saved", "interrupted"};
    const struct machine *m = &report->scenario->machine;
    json_t *object = json_object(), *partitions = json_array(), *parameters = json_object();
    json_t *systems = json_array();
    put(object, "format", json_string(RESULTS_FORMAT));
    put(object, "version", number(RESULTS_VERSION));
    put(object, "scenario", json_string(m->name));
    put(object, "seed",
        m->seed <= INT64_MAX ? number(m->seed) : json_sprintf("%llu", (unsigned long long)m->seed));
    for (uint32_t i = 0; i < report->scenario->n_parameters; i++)
        put(parameters, report->scenario->parameters[i].name,
            json_string(report->scenario->parameters[i].value));
    put(object, "parameters", parameters);
    put(object, "until_ps", number(m->until));
    put(object, "end", json_string(ends[report->outcome->reason]));
    put(object, "interrupted", json_boolean(report->outcome->interrupted));
    put_digest(object, report->outcome->run);
    for (uint32_t i = 0; i < m->n_systems; i++)
        json_array_append_new(systems, system_of(report->scenario, i));
    put(object, "systems", systems);
    for (uint32_t p = 0; p < m->n_partitions; p++)
        json_array_append_new(partitions, partition(report, p));
    put(object, "partitions", partitions);
    put_free_boards(object, report);
    if (report->outcome->history)
        history_put(object, report->outcome->history);
    put(object, "claims", claims_judge(report->scenario, object));
    if (report->watch->n)
        put(object, "watch", watch_json(report->outcome, m, report->watch));
    put(object, "options", options(report));
    put(object, "host", host(report));
    return object;
}

enum err_code results_json_write(const struct run_report *report, FILE *out, struct err *err)
{
    json_t *json = results_document(report);
    char *text = json ? json_dumps(json, JSON_INDENT(1) | JSON_REAL_PRECISION(9)) : NULL;
    json_decref(json);
    if (!text)
        return err_set(err, ERR_MEMORY, "results.json: out of memory");
    fprintf(out, "%s\n", text); // whether it could be written shows when the file is finished
    free(text);
    return ERR_OK;
}
