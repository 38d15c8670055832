// SPDX-License-Identifier: Apache-2.0
#include "tests/lib/moving_run.h"

#include <stdlib.h>
#include <string.h>

#include "proto/base/assert.h"
#include "proto/base/digest.h"

struct moving {
    const struct machine *machine;
    const struct moving_options *options;
    struct moving_result *result;
    struct packed packed;
    struct agenda *agenda;
    const struct agenda_command *commands;
    uint32_t n_commands;
};

static void must(enum err_code code, const struct err *err)
{
    if (code)
        exit(err_report(err));
}

// Events of different groups come as groups take turns; a sum does not know of turns.
static void on_event(void *self, const struct sc_event *event, const struct sc_operation *operation)
{
    struct moving *m = self;
    struct sc_event e = *event;
    struct archive ar;
    (void)operation;
    ar_init_hash(&ar);
    ar_u64(&ar, &e.at);
    ar_u64(&ar, &e.operation);
    ar_u16(&ar, &e.board);
    ar_bytes(&ar, e.text, strlen(e.text));
    m->result->history += ar_digest(&ar).low;
    ar_free(&ar);
}

static void open_packed(struct moving *m)
{
    const struct moving_options *o = m->options;
    const struct packed_options options = {
        .threads = o->threads ? o->threads : 1,
        .group_of_board = sc_groups(agenda_sc(m->agenda)),
        .board = {.reference = o->reference, .watch = o->watch, .timeline = o->timeline},
        .conductor = {.horizon = {.no_bounds = o->no_bounds, .stride = 100 * SIM_PS_PER_US, .chop = o->chop},
                      .epoch = 1,
                      .events_without_progress = 50000000}};
    struct err err;
    must(packed_open(&m->packed, m->machine, &options, &err), &err);
}

static void open_agenda(struct moving *m)
{
    const struct agenda_hooks hooks = {.self = m, .event = on_event};
    m->agenda = agenda_new(m->machine, m->commands, m->n_commands, &hooks);
}

static void load(struct archive *saved, struct archive *loaded)
{
    ar_init_load(loaded, saved->bytes, saved->at);
}

// Takes everything through its saved form into a fresh complex and a fresh controller.
static void reopen(struct moving *m)
{
    struct archive boards, agenda, loaded;
    ar_init_save(&boards);
    ar_init_save(&agenda);
    packed_state(&m->packed, &boards);
    agenda_state(m->agenda, &agenda);
    packed_close(&m->packed);
    agenda_free(m->agenda);
    open_agenda(m);
    load(&agenda, &loaded);
    agenda_state(m->agenda, &loaded);
    must(loaded.err.code, &loaded.err);
    open_packed(m);
    load(&boards, &loaded);
    packed_state(&m->packed, &loaded);
    must(loaded.err.code, &loaded.err);
    ar_free(&boards);
    ar_free(&agenda);
}

static void progress_of(struct moving *m, struct group_progress groups[PARTITIONS_MAX])
{
    memset(groups, 0, PARTITIONS_MAX * sizeof *groups);
    for (uint32_t g = 0; g < m->packed.groups.n && g < PARTITIONS_MAX; g++)
        conductor_progress(m->packed.conductor, g, &groups[g]);
}

static sim_time common_time(struct moving *m, const struct group_progress *groups, sim_time *furthest)
{
    const uint32_t *group = sc_groups(agenda_sc(m->agenda));
    sim_time time = SIM_NEVER;
    bool common = true;
    *furthest = 0;
    for (uint32_t b = 0; b < m->machine->n_boards; b++) {
        if (group[b] == NO_GROUP)
            continue;
        sim_time at = groups[group[b]].time;
        common &= time == SIM_NEVER || time == at;
        time = at;
        *furthest = sim_max(*furthest, at);
    }
    return common ? time : SIM_NEVER;
}

static void look(struct moving *m)
{
    static struct board_view views[BOARDS_MAX];
    struct agenda_look wish;
    struct report *reports = NULL;
    struct archive tables;
    uint32_t n = 0, n_views = 0;
    agenda_look(m->agenda, &wish);
    for (uint32_t b = 0; b < m->machine->n_boards; b++) {
        struct board *board = m->packed.crew.boards[b];
        struct report report;
        while (wish.take[b] && board_take_report(board, &report)) {
            if (m->options->report)
                m->options->report(m->options->self, &report);
            struct report *more = realloc(reports, (n + 1) * sizeof *reports);
            NP_ASSERT(more);
            reports = more;
            reports[n++] = report;
        }
        if (wish.view[b])
            board_view(board, wish.lines, &views[n_views++]);
    }
    ar_init_save(&tables);
    if (wish.tables != NO_BOARD)
        board_tables(m->packed.crew.boards[wish.tables], &tables);
    agenda_looked(m->agenda, reports, n, views, n_views, tables.bytes, tables.at);
    free(reports);
}

static void give_orders(struct moving *m)
{
    uint32_t n;
    const struct order *orders = agenda_orders(m->agenda, &n);
    for (uint32_t i = 0; i < n; i++)
        board_order(m->packed.crew.boards[orders[i].board], &orders[i]);
    agenda_ordered(m->agenda);
}

static void regroup(struct moving *m)
{
    sim_time at;
    struct err err;
    const uint32_t *groups = agenda_groups(m->agenda, &at);
    must(packed_regroup(&m->packed, groups, at, &err), &err);
    agenda_regrouped(m->agenda);
}

static void do_cut(struct moving *m)
{
    static struct group_progress groups[PARTITIONS_MAX];
    sim_time furthest;
    progress_of(m, groups);
    sim_time at = common_time(m, groups, &furthest);
    if (m->options->at_cut)
        m->options->at_cut(m->options->self, m->agenda, furthest);
    agenda_cut(m->agenda, groups, PARTITIONS_MAX, at);
    for (enum agenda_wish wish; (wish = agenda_next(m->agenda)) != AGENDA_GO;)
        if (wish == AGENDA_LOOK)
            look(m);
        else if (wish == AGENDA_REGROUP)
            regroup(m);
        else
            give_orders(m);
    m->result->cuts++;
    if (m->options->reopen_every && m->result->cuts % m->options->reopen_every == 0)
        reopen(m);
}

static uint64_t grants_so_far(struct moving *m)
{
    static struct group_progress groups[PARTITIONS_MAX];
    uint64_t sum = 0;
    progress_of(m, groups);
    for (uint32_t g = 0; g < PARTITIONS_MAX; g++)
        sum += groups[g].grants;
    return sum;
}

static void run(struct moving *m)
{
    struct wanted_reports wanted[PARTITIONS_MAX];
    struct err err;
    do_cut(m);
    for (;;) {
        struct conductor_stop stop = {
            .time = agenda_stop(m->agenda), .wanted = wanted, .skew = m->options->skew};
        if (m->options->grants_every)
            stop.grants = grants_so_far(m) + m->options->grants_every;
        stop.n_wanted = agenda_wanted(m->agenda, wanted);
        must(packed_run(&m->packed, &stop, &m->result->reason, &err), &err);
        if (m->result->reason == PAUSE_DONE || m->result->reason == PAUSE_UNTIL)
            return;
        do_cut(m);
    }
}

// What a board did in each partition, and in none, is what it did.
static bool adds_up(struct moving *m, const struct board *board, const struct board_results *results)
{
    struct board_results sum = {.n_pages = 0};
    uint64_t count[2] = {0}, latency[2] = {0}, stayed = 0;
    for (uint32_t i = 0; i < board_stays(board); i++) {
        static struct stay stay;
        board_stay(board, i, &stay);
        if (stay.partition != NO_PARTITION)
            m->result->accesses_of[stay.partition] += stay.cpus.accesses;
        for (unsigned c = 0; c < COUNTER_COUNT; c++)
            sum.counters[c] += stay.counters[c];
        for (unsigned s = 0; s < SERVED_COUNT; s++)
            latency_merge(&sum.latency[s], &stay.latency[s]);
        count[0] += stay.cpus.accesses;
        stayed += stay.earlier_ps + (stay.left == SIM_NEVER ? m->machine->until - stay.joined : 0);
    }
    for (unsigned s = 0; s < SERVED_COUNT; s++)
        latency[0] += sum.latency[s].sum_ps;
    for (uint32_t c = 0; c < results->cpus; c++) {
        count[1] += results->cpu[c].accesses;
        latency[1] += results->cpu[c].latency_sum_ps;
    }
    if (board_stays(board) == 0 && board_partition(board) != NO_PARTITION)
        m->result->accesses_of[board_partition(board)] += count[1];
    return board_stays(board) == 0 ||
           (memcmp(sum.counters, results->counters, sizeof sum.counters) == 0 &&
            memcmp(sum.latency, results->latency, sizeof sum.latency) == 0 && latency[0] == latency[1] &&
            count[0] == count[1] && (stayed == m->machine->until || m->machine->until == SIM_NEVER));
}

static void take_boards(struct moving *m)
{
    static struct board_results results;
    for (uint32_t b = 0; b < m->machine->n_boards; b++) {
        struct board *board = m->packed.crew.boards[b];
        struct archive ar;
        ar_init_hash(&ar);
        board_state(board, &ar);
        m->result->board[b] = ar_digest(&ar);
        ar_free(&ar);
        board_results(board, &results);
        m->result->checks += results.counters[CNT_CHECKS];
        m->result->accesses += board_accesses(board);
        m->result->uneven += !adds_up(m, board, &results);
        if (results.first_failure[0] && !m->result->first_failure[0])
            memcpy(m->result->first_failure, results.first_failure, sizeof m->result->first_failure);
    }
    m->result->digest = digest_combine(m->result->board, m->machine->n_boards);
}

static void take_commands(struct moving *m)
{
    struct sc *sc = agenda_sc(m->agenda);
    for (uint64_t id = 1; id <= sc_operations(sc); id++) {
        const struct sc_operation *op = sc_operation(sc, id);
        m->result->pages += op->pages_done;
        if (id <= NP_ARRAY_LEN(m->result->outcome))
            m->result->outcome[id - 1] = op->outcome.code;
        if (op->ended == SIM_NEVER)
            m->result->under_way++;
        else if (op->outcome.code == ERR_OK)
            m->result->done++;
        else if (strcmp(op->step, "refused") == 0)
            m->result->refused++;
        else
            m->result->failed++;
    }
    for (uint32_t p = 0; p < m->machine->n_partitions; p++)
        m->result->members[p] = sc_partition(sc, p)->domain.members;
}

void moving_run(const struct machine *machine, const struct agenda_command *commands, uint32_t n,
                const struct moving_options *options, struct moving_result *result)
{
    struct moving *m = calloc(1, sizeof *m);
    NP_ASSERT(m);
    *result = (struct moving_result){0};
    m->machine = machine;
    m->options = options;
    m->result = result;
    m->commands = commands;
    m->n_commands = n;
    open_agenda(m);
    open_packed(m);
    run(m);
    take_boards(m);
    take_commands(m);
    if (options->at_end)
        options->at_end(options->self, &m->packed);
    packed_close(&m->packed);
    agenda_free(m->agenda);
    free(m);
}
