// SPDX-License-Identifier: Apache-2.0
// A node among others: give me a grant, take my batch.
#include <stdlib.h>

#include "fabric/link/host_time.h"
#include "fabric/link/link_open.h"
#include "fabric/link/member_wire.h"
#include "node/host/crew_report.h"
#include "node/host/reporter.h"
#include "node/host/texts.h"
#include "node/host/worker.h"
#include "proto/base/assert.h"

enum { SLICE_STEPS = 20000, IDLE_WAIT_US = 50000, HURRY_WAIT_US = 500, BYE_WAIT_US = 1000000 };
#define BUSY_NS UINT64_C(50000000)

struct member {
    struct session *session;
    uint32_t worker_of_board[BOARDS_MAX];
    struct groups groups;
    struct crew crew;
    struct member_wire *wire;
    struct host_stats stats;
    struct reporter reporter;
    struct texts texts;
    uint32_t member_of_group[PARTITIONS_MAX]; // this node's member number in each group; MEMBERS_MAX: none
    struct batch batch[PARTITIONS_MAX];
    uint64_t last_sign_ns;
    bool simulates; // a grant, at the moment
    bool exit;
};

static void find_members(struct member *member)
{
    uint32_t node = session_config(member->session)->index;
    for (uint32_t g = 0; g < member->groups.n; g++) {
        member->member_of_group[g] = MEMBERS_MAX;
        for (uint32_t m = 0; m < member->groups.group[g].n_members; m++)
            if (member->groups.group[g].members[m].worker == node)
                member->member_of_group[g] = m;
    }
}

static enum err_code save(struct member *member, const char *folder, struct err *err)
{
    struct control saved = {.kind = CONTROL_SAVED};
    saved.saved.parts = calloc(SAVED_PARTS_MAX, sizeof *saved.saved.parts);
    NP_ASSERT(saved.saved.parts);
    enum err_code code = texts_send(&member->texts, member->session->client, host_now_ns(), true, err);
    if (code == ERR_OK)
        code = crew_save(&member->crew, folder, &saved.saved, err);
    if (code == ERR_OK)
        code = control_client_send(member->session->client, &saved, err);
    control_free(&saved);
    return code;
}

static enum err_code regroup(struct member *member, const struct control_regroup *regroup, struct err *err)
{
    bool changed[PARTITIONS_MAX];
    if (session_check_groups(member->session, regroup->group_of_board, regroup->n_boards, err))
        return err->code;
    groups_change(&member->groups, &session_config(member->session)->machine, regroup->group_of_board,
                  member->worker_of_board);
    crew_regroup(&member->crew, regroup->at, changed);
    find_members(member);
    reporter_regroup(&member->reporter, member->groups.n, changed, regroup->at);
    return control_client_send(member->session->client, &(struct control){.kind = CONTROL_REGROUPED}, err);
}

// What touches boards is said between grants only.
static enum err_code check_paused(const struct member *member, const struct control *control, struct err *err)
{
    bool touches = control->kind == CONTROL_REGROUP || control->kind == CONTROL_ORDERS;
    return touches && member->simulates
               ? err_set(err, ERR_DAMAGED_MESSAGE, "%s while a grant is out", control_name(control->kind))
               : ERR_OK;
}

static enum err_code obey(struct member *member, const struct control *control, struct err *err)
{
    if (check_paused(member, control, err))
        return err->code;
    switch (control->kind) {
    case CONTROL_SAVE:
        return save(member, control->save.folder, err);
    case CONTROL_COLLECT:
        reporter_end(&member->reporter, &member->crew);
        texts_end(&member->texts);
        if (reporter_send(&member->reporter, member->session->client, err) ||
            texts_send(&member->texts, member->session->client, host_now_ns(), true, err))
            return err->code;
        return crew_send_results(member->session, &member->crew, &member->stats, err);
    case CONTROL_REGROUP:
        return regroup(member, &control->regroup, err);
    case CONTROL_ORDERS:
        return crew_answer(member->session, &member->crew, &control->orders, &member->texts, err);
    case CONTROL_EXIT:
        member->exit = true;
        return ERR_OK;
    default:
        return ERR_OK;
    }
}

static enum err_code look_at_control(struct member *member, struct err *err)
{
    struct control control = {0};
    if (!control_client_pending(member->session->client) &&
        control_client_silence_us(member->session->client) < 20000000)
        return ERR_OK;
    enum err_code code = session_receive(member->session, 0, &control, err);
    if (code == ERR_OK)
        code = obey(member, &control, err);
    control_free(&control);
    return code;
}

// Long grants give a sign now and then: busy is not dead.
static enum err_code give_sign(struct member *member, struct err *err)
{
    uint64_t now = host_now_ns();
    if (now - member->last_sign_ns < BUSY_NS)
        return ERR_OK;
    member->last_sign_ns = now;
    if (member_wire_busy(member->wire, err))
        return err->code;
    return look_at_control(member, err);
}

static struct share *share_of(struct member *member, uint32_t group)
{
    if (group >= member->groups.n || member->member_of_group[group] == MEMBERS_MAX)
        return NULL;
    return crew_share(&member->crew, group, member->member_of_group[group]);
}

static enum err_code simulate(struct member *member, struct grant *grant, struct err *err)
{
    struct share *share = share_of(member, grant->group);
    if (!share)
        return err_set(err, ERR_DAMAGED_MESSAGE, "a grant for group %u, of which no board is here",
                       grant->group);
    uint64_t start = host_now_ns();
    if (share_begin(share, grant, err))
        return err->code;
    member->simulates = true;
    while (!share_advance(share, grant->until, SLICE_STEPS) && !member->exit)
        if (give_sign(member, err))
            return err->code;
    member->simulates = false;
    if (member->exit)
        return ERR_OK;
    struct batch *batch = &member->batch[grant->group];
    share_finish(share, grant, batch);
    batch->group = grant->group;
    batch->seq = grant->seq;
    batch->epoch = grant->epoch;
    uint64_t now = host_now_ns(), spent = now - start;
    member->stats.simulating_ns += spent;
    member->stats.grants++;
    reporter_grant(&member->reporter, share, grant->group, member->member_of_group[grant->group],
                   grant->until, spent);
    texts_grant(&member->texts, share, grant->until);
    if ((member->reporter.n && reporter_send(&member->reporter, member->session->client, err)) ||
        texts_send(&member->texts, member->session->client, now, false, err))
        return err->code;
    return member_wire_reply(member->wire, batch, err);
}

static enum err_code serve(struct member *member, struct err *err)
{
    while (!member->exit) {
        struct grant *grant = NULL;
        // Text may be much, and of its messages one at a time is on its way: answers are not left waiting.
        bool hurry = member->texts.wanted && !control_client_delivered(member->session->client);
        if (member_wire_receive(member->wire, hurry ? HURRY_WAIT_US : IDLE_WAIT_US, &grant, err))
            return err->code;
        if (grant && simulate(member, grant, err))
            return err->code;
        uint64_t now =
            host_now_ns(); // the control plane is looked at when idle, and some times a second when not
        if (!grant || hurry || now - member->last_sign_ns > BUSY_NS) {
            member->last_sign_ns = now;
            if (look_at_control(member, err) ||
                texts_send(&member->texts, member->session->client, now, false, err))
                return err->code;
        }
    }
    return ERR_OK;
}

static enum err_code connect_wire(struct member *member, struct err *err)
{
    const struct control_configure *config = session_config(member->session);
    struct link_config open = {.endpoint = config->data_endpoint,
                               .run = config->run_id,
                               .epoch = config->epoch,
                               .insecure = config->options.insecure};
    struct link *link = NULL;
    if (link_open_connect(&link, &open, config->index, err))
        return err->code;
    struct member_wire_config wire = {
        .run = config->run_id, .epoch = config->epoch, .node = config->index, .stats = &member->stats};
    return member_wire_open(&member->wire, link, &wire, err);
}

static enum err_code open_member(struct member *member, struct err *err)
{
    const struct control_configure *config = session_config(member->session);
    struct board_options options = {.reference = config->options.reference,
                                    .watch = config->options.watch,
                                    .timeline = config->options.timeline,
                                    .trace = config->options.trace,
                                    .text_limit = config->options.text_limit};
    for (uint32_t b = 0; b < config->machine.n_boards; b++)
        member->worker_of_board[b] = config->node_of_board[b];
    if (session_check_groups(member->session, config->group_of_board, config->machine.n_boards, err))
        return err->code;
    groups_init(&member->groups, &config->machine, config->group_of_board, member->worker_of_board);
    find_members(member);
    reporter_init(&member->reporter, &config->options.timeline, member->groups.n,
                  config->resume_folder[0] != 0);
    if (crew_open(&member->crew, &config->machine, &member->groups, member->worker_of_board, config->index, 1,
                  &options, err))
        return err->code;
    texts_init(&member->texts, &member->crew);
    if (crew_resume(&member->crew, config->resume_folder, err) || connect_wire(member, err))
        return err->code;
    return session_ready(member->session, err);
}

// The conductor's BYE may still be on its way: it would ask in vain for a while if nobody heard it.
static void await_bye(struct member *member)
{
    struct err ignored;
    uint64_t end = host_now_ns() + BYE_WAIT_US * UINT64_C(1000);
    struct grant *grant;
    while (!member_wire_ended(member->wire) && host_now_ns() < end)
        if (member_wire_receive(member->wire, 20000, &grant, &ignored))
            return;
}

enum err_code worker_member(struct session *session, struct err *err)
{
    static struct member member;
    member.session = session;
    enum err_code code = open_member(&member, err);
    if (code == ERR_OK)
        code = serve(&member, err);
    if (member.wire && code == ERR_OK)
        await_bye(&member);
    member_wire_close(member.wire);
    for (uint32_t g = 0; g < PARTITIONS_MAX; g++)
        batch_free(&member.batch[g]);
    if (member.crew.machine)
        crew_close(&member.crew);
    reporter_free(&member.reporter);
    texts_free(&member.texts);
    groups_free(&member.groups);
    return code;
}
