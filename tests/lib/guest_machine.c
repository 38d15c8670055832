// SPDX-License-Identifier: Apache-2.0
#include "tests/lib/guest_machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node/isa/service.h"
#include "node/isa/signal.h"
#include "proto/base/assert.h"
#include "tests/lib/guest_console.h"

static void put_memory(FILE *file, const struct guest_setup *setup)
{
    fprintf(file, "        memory:\n");
    for (unsigned b = 0; b < setup->boards; b++)
        fprintf(file, "          - {size: 64MiB, interleave: none, boards: [A%u]}\n", b);
}

static char *describe(const struct guest_setup *setup, size_t *size)
{
    char *text;
    FILE *file = open_memstream(&text, size);
    NP_ASSERT(file);
    fprintf(file, "scenario: guest\nseed: 3\nuntil: %s\nsystems:\n  - name: m\n    preset: teaching-board\n",
            setup->beside ? "900us" : "5ms");
    fprintf(file, "    protocol: %s\n", setup->protocol);
    fprintf(file, "    directory_miss: recall\n    boards: [A0");
    for (unsigned b = 1; b < setup->boards; b++)
        fprintf(file, ", A%u", b);
    fprintf(file, "%s]\n    board: {%s}\n    partitions:\n      - name: P\n        boards: [A0",
            setup->beside ? ", B0, B1" : "", setup->board);
    for (unsigned b = 1; b < setup->boards; b++)
        fprintf(file, ", A%u", b);
    fprintf(file, "]\n");
    put_memory(file, setup);
    fprintf(file, "        programs:\n          - {on: [A0/0-1");
    for (unsigned b = 1; b < setup->boards; b++)
        fprintf(file, ", A%u/0-1", b);
    fprintf(file, "], load: guests/%s.elf, arguments: \"boards=%u %s\", timing: %s}\n%s", setup->kernel,
            setup->boards, setup->arguments, setup->timing, setup->beside ? setup->beside : "");
    fclose(file);
    return text;
}

void guest_machine_read(const struct guest_setup *setup, struct scenario *scenario)
{
    struct err err;
    size_t size;
    char *text = describe(setup, &size);
    if (scenario_read_text(text, size, setup->name, scenario, &err)) {
        fputs(text, stderr);
        exit(err_report(&err));
    }
    free(text);
}

// Situations: what a CPU does, and what it waits for meanwhile.
enum { WITH_GATHER = 1, WITH_PLAN = 2, WITH_STORES = 4, WITHS = 8 };
enum {
    SERVICES = ACTIVITY_COUNT * WITHS, // a service, its phase, whether it waits
    AFTER_PLAN =
        SERVICES + SERVICE_KIND_COUNT * PHASE_COUNT * 2, // what follows when a plan has been performed
    TAKING = AFTER_PLAN + ACTIVITY_COUNT,                // an interruption of this class
    ORDER = TAKING + INTERRUPTION_COUNT,
    TIMER, // a wait that the CPU timer will end
    COMPARATOR,
    CALL, // signals from a CPU other than 0
    EMERGENCY,
    SERVICE_SIGNAL,
    TAKING_SIGNAL,
    TAKING_SERVICE_SIGNAL,
    TAKING_DATA,
    PENDING,                                    // an access of this kind
    UPDATE_WAITS = PENDING + ACCESS_KIND_COUNT, // that is no COMPARE AND SWAP, and has not been performed
    UPDATE_DONE,                                // with something else than zeros there before
    PLAN_LATER,                                 // a plan at a piece that is not its first
    SITUATIONS
};
_Static_assert(SITUATIONS <= GUEST_SITUATIONS, "a place for each situation");

static const char *const activities[ACTIVITY_COUNT] = {"instructions", "interruption", "plan",    "wait",
                                                       "stopped",      "ended",        "service", "standby"};
static const char *const services[SERVICE_KIND_COUNT] = {"none", "SIGP", "store", "SCLP", "reset"};
static const char *const phases[PHASE_COUNT] = {"read", "ask", "write", "end"};
static const char *const classes[INTERRUPTION_COUNT] = {"restart", "external", "SVC",
                                                        "program", "machine",  "I/O"};
static const char *const others[] = {"order accepted",
                                     "CPU timer",
                                     "clock comparator",
                                     "call waits",
                                     "emergency signal waits",
                                     "service signal waits",
                                     "taking a signal",
                                     "taking a service signal",
                                     "taking a data exception",
                                     "pending fetch",
                                     "pending load",
                                     "pending store",
                                     "pending update",
                                     "update waits",
                                     "update done",
                                     "later piece of a plan"};

static void service_name(unsigned number, char name[64])
{
    snprintf(name, 64, "%s, %s%s", services[number / (2 * PHASE_COUNT)], phases[number / 2 % PHASE_COUNT],
             number % 2 ? ", waiting" : "");
}

bool guest_situation_name(unsigned situation, char name[64])
{
    if (situation < SERVICES)
        snprintf(name, 64, "%s%s%s%s", activities[situation / WITHS],
                 situation & WITH_GATHER ? ", gather" : "", situation & WITH_PLAN ? ", plan" : "",
                 situation & WITH_STORES ? ", store buffer" : "");
    else if (situation < AFTER_PLAN)
        service_name(situation - SERVICES, name);
    else if (situation < TAKING)
        snprintf(name, 64, "plan, then %s", activities[situation - AFTER_PLAN]);
    else if (situation < ORDER)
        snprintf(name, 64, "taking %s", classes[situation - TAKING]);
    else if (situation < SITUATIONS)
        snprintf(name, 64, "%s", others[situation - ORDER]);
    return situation < SITUATIONS;
}

struct observer {
    const struct machine *machine;
    struct guest_outcome *outcome;
};

static void note(struct guest_outcome *outcome, unsigned situation, uint64_t grants)
{
    if (!outcome->situation[situation])
        outcome->situation[situation] = grants;
}

static void note_activity(struct guest_outcome *outcome, const struct zcpu *z, uint64_t grants)
{
    const struct service *service = z->service;
    unsigned phase = ((unsigned)service->kind * PHASE_COUNT + service->phase) * 2;
    unsigned with = (z->gather.n ? WITH_GATHER : 0u) | (z->plan.n ? WITH_PLAN : 0u) |
                    (z->cpu->buffer.n ? WITH_STORES : 0u);
    note(outcome, (unsigned)z->activity * WITHS + with, grants);
    if (z->activity == DOING_SERVICE)
        note(outcome, SERVICES + phase + (service->waiting ? 1u : 0u), grants);
    if (z->activity == DOING_PLAN)
        note(outcome, AFTER_PLAN + z->after_plan, grants);
    if (z->activity == DOING_INTERRUPTION)
        note(outcome, TAKING + z->interruption, grants);
    if (z->activity == DOING_INTERRUPTION && z->interruption == INT_PROGRAM && z->program_code == PGM_DATA)
        note(outcome, TAKING_DATA, grants);
}

static void note_signals(struct guest_outcome *outcome, const struct signals *signals, bool taking,
                         uint64_t grants)
{
    if (signals->waiting & EXTERNAL_CALL && signals->call_from)
        note(outcome, CALL, grants);
    if (signals->waiting & EXTERNAL_EMERGENCY && signals->emergency_from[0] & ~UINT64_C(1))
        note(outcome, EMERGENCY, grants);
    if (signals->waiting & EXTERNAL_SERVICE)
        note(outcome, SERVICE_SIGNAL, grants);
    if (taking && signals->external_cpu)
        note(outcome, TAKING_SIGNAL, grants);
    if (taking && signals->external_parameter)
        note(outcome, TAKING_SERVICE_SIGNAL, grants);
}

static void note_update(struct guest_outcome *outcome, const struct zcpu *z, sim_time done_at,
                        uint64_t grants)
{
    static const uint8_t zeros[sizeof z->update.old];
    if (done_at == SIM_NEVER && z->update.op != UPDATE_COMPARE_SWAP)
        note(outcome, UPDATE_WAITS, grants);
    if (done_at != SIM_NEVER && memcmp(z->update.old, zeros, z->update.size) != 0)
        note(outcome, UPDATE_DONE, grants);
}

static void note_cpu(struct guest_outcome *outcome, const struct zcpu *z, uint64_t grants)
{
    note_activity(outcome, z, grants);
    for (uint32_t i = 0; i < z->cpu->n_pending; i++)
        note(outcome, PENDING + z->cpu->pending[i].access.kind, grants);
    if (z->cpu->n_pending && z->cpu->pending[0].access.kind == ACCESS_RMW)
        note_update(outcome, z, z->cpu->pending[0].done_at, grants);
    if (z->plan.at)
        note(outcome, PLAN_LATER, grants);
    if (z->signals->order)
        note(outcome, ORDER, grants);
    if (z->activity == DOING_WAIT && z->cpu->wake_at != SIM_NEVER)
        note(outcome, z->cpu->wake_at == z->signals->timer_at ? TIMER : COMPARATOR, grants);
    note_signals(outcome, z->signals, z->activity == DOING_INTERRUPTION && z->interruption == INT_EXTERNAL,
                 grants);
}

static const struct zcpu *guest_cpu(const struct packed *packed, unsigned board, unsigned index)
{
    const struct cpu *cpu = board_cpu(packed->crew.boards[board], index);
    return cpu && cpu->ops == &program_zarch ? zcpu_of(cpu) : NULL;
}

static void look(void *self, const struct packed *packed, uint64_t grants)
{
    const struct observer *observer = self;
    for (unsigned b = 0; b < observer->machine->n_boards; b++)
        for (unsigned c = 0; c < CPUS_PER_BOARD_MAX; c++)
            if (guest_cpu(packed, b, c))
                note_cpu(observer->outcome, guest_cpu(packed, b, c), grants);
}

static void take(void *self, const struct packed *packed)
{
    static struct board_results results;
    const struct observer *observer = self;
    const struct machine *machine = observer->machine;
    for (unsigned b = 0; b < machine->n_boards; b++) {
        board_results(packed->crew.boards[b], &results);
        memcpy(observer->outcome->cpu[b], results.guest, sizeof results.guest);
    }
    for (unsigned p = 0; p < machine->n_partitions; p++)
        if (machine->partitions[p].guest.image[0])
            observer->outcome->console[p] = guest_console(packed->crew.boards, machine, p);
}

void guest_run(const struct machine *machine, const struct whole_options *options,
               struct guest_outcome *outcome)
{
    struct observer observer = {machine, outcome};
    struct whole_options with = *options;
    *outcome = (struct guest_outcome){0};
    // Only where no other thread is at work, not even after a save.
    with.between = options->threads == 1 && options->save_at == 0 ? look : NULL;
    with.ended = take;
    with.self = &observer;
    whole_run(machine, &with, &outcome->whole);
}

void guest_outcome_free(struct guest_outcome *outcome)
{
    for (unsigned p = 0; p < PARTITIONS_MAX; p++)
        free(outcome->console[p]);
}

bool guest_clean(const struct machine *machine, const struct guest_outcome *outcome)
{
    for (unsigned p = 0; p < machine->n_partitions; p++) {
        const struct guest_cpu_results *first = NULL;
        for (unsigned i = 0; i < machine->n_cpus; i++) {
            const struct cpu_desc *cpu = &machine->cpus[i];
            if (cpu->kind == CPU_ZARCH && cpu->member == 0 && machine->boards[cpu->board].partition == p)
                first = &outcome->cpu[cpu->board][cpu->index];
        }
        if (first && (first->end != GUEST_ENDED || (first->psw_address & 0xfff) != 0xfff)) {
            printf("\n  %s: end %u at 0x%llx\n%s", machine->partitions[p].name, first->end,
                   (unsigned long long)first->psw_address, outcome->console[p]);
            return false;
        }
    }
    return true;
}

static const char *difference(const struct machine *machine, const struct guest_outcome *a,
                              const struct guest_outcome *b)
{
    for (unsigned p = 0; p < machine->n_partitions; p++)
        if (a->console[p] && strcmp(a->console[p], b->console[p]) != 0)
            return "a console";
    for (unsigned i = 0; i < machine->n_boards; i++)
        for (unsigned c = 0; c < CPUS_PER_BOARD_MAX; c++) {
            const struct guest_cpu_results *x = &a->cpu[i][c], *y = &b->cpu[i][c];
            if (x->end != y->end || x->instructions != y->instructions || x->busy_ps != y->busy_ps ||
                x->psw_mask != y->psw_mask || x->psw_address != y->psw_address ||
                memcmp(x->gr, y->gr, sizeof x->gr) != 0)
                return "a CPU";
        }
    if (memcmp(a->whole.counters, b->whole.counters, sizeof a->whole.counters) != 0)
        return "a counter";
    if (memcmp(a->whole.partition, b->whole.partition, sizeof a->whole.partition) != 0)
        return "a partition's digest";
    return memcmp(&a->whole.digest, &b->whole.digest, sizeof a->whole.digest) != 0 ? "the digest" : NULL;
}

bool guest_same(const struct machine *machine, const struct guest_outcome *a, const struct guest_outcome *b,
                const char *how)
{
    const char *what = difference(machine, a, b);
    if (what)
        printf("\n  %s: %s differs\n", how, what);
    return !what;
}

static bool runs_the_same(const struct machine *machine, const struct guest_outcome *expected,
                          const struct whole_options *options)
{
    static struct guest_outcome outcome;
    char how[128];
    snprintf(how, sizeof how, "%u threads, chop %llu%s%s, saved at %llu, %u threads then", options->threads,
             (unsigned long long)options->chop, options->reference ? ", reference" : "",
             options->no_bounds ? ", no bounds" : "", (unsigned long long)options->save_at,
             options->threads_after_save);
    guest_run(machine, options, &outcome);
    bool same = guest_same(machine, expected, &outcome, how);
    guest_outcome_free(&outcome);
    return same;
}

static bool saved_in_situations(const struct machine *machine, const struct guest_outcome *expected,
                                bool seen[GUEST_SITUATIONS])
{
    bool same = true;
    for (unsigned i = 0; i < GUEST_SITUATIONS; i++) {
        if (seen[i] || !expected->situation[i])
            continue;
        seen[i] = true;
        same &= runs_the_same(machine, expected,
                              &(struct whole_options){.threads = 1,
                                                      .threads_after_save = 1 + i % 2,
                                                      .save_at = expected->situation[i]});
    }
    return same;
}

bool guest_same_everywhere(const struct machine *machine, const struct guest_outcome *expected,
                           unsigned saves, uint64_t seed, bool seen[GUEST_SITUATIONS])
{
    static const struct whole_options ways[] = {
        {.threads = 2},
        {.threads = 3, .chop = 1},
        {.threads = 1, .chop = 2},
        {.threads = 2, .chop = 3, .no_bounds = true},
        {.threads = 2, .reference = true},
    };
    struct rng rng = rng_for(seed, 1);
    bool same = true;
    for (size_t i = 0; i < NP_ARRAY_LEN(ways); i++)
        same &= runs_the_same(machine, expected, &ways[i]);
    for (unsigned i = 0; i < saves; i++)
        same &=
            runs_the_same(machine, expected,
                          &(struct whole_options){.threads = 1 + i % 2,
                                                  .threads_after_save = 2 - i % 2,
                                                  .chop = i,
                                                  .reference = i % 3 == 2,
                                                  .save_at = 1 + rng_below(&rng, expected->whole.grants)});
    return saved_in_situations(machine, expected, seen) && same;
}
