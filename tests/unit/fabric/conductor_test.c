// SPDX-License-Identifier: Apache-2.0
// The conductor with boards that do what the test says: where it stops for reports, whatever the grants; how
// groups join and separate; where packets may go; skew and pace.
#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

#include "fabric/crossbar/timing.h"
#include "fabric/link/host_time.h"
#include "proto/base/assert.h"
#include "tests/lib/fake_members.h"

#define T(us) ((us)*SIM_PS_PER_US)

static struct fake_members fake;
static struct group_progress progress[GROUPS_HERE];

static enum pause_reason run(const struct conductor_stop *stop)
{
    enum pause_reason reason = PAUSE_REASON_COUNT;
    struct err err;
    CU_ASSERT_EQUAL(conductor_run(fake.conductor, stop, &reason, &err), ERR_OK);
    for (uint32_t g = 0; g < GROUPS_HERE; g++)
        conductor_progress(fake.conductor, g, &progress[g]);
    return reason;
}

static enum err_code fails(const struct conductor_stop *stop, const char *says)
{
    enum pause_reason reason;
    struct err err;
    enum err_code code = conductor_run(fake.conductor, stop, &reason, &err);
    CU_ASSERT(code && strstr(err.text, says));
    return code;
}

static void regroup(uint32_t a, uint32_t b, uint32_t c, uint32_t d, sim_time at)
{
    struct err err;
    CU_ASSERT_EQUAL(fake_regroup(&fake, (const uint32_t[]){a, b, c, d}, at, &err), ERR_OK);
}

// Boards 0 and 1 are group 0, boards 2 and 3 group 1.
static void report(unsigned board, sim_time at)
{
    struct fake_board *b = &fake.boards[board];
    b->reports[b->n_reports++] = at;
}

static void test_stops_exactly(void)
{
    const sim_time latency = 20000; // less than the lookahead: grants would go further
    for (uint64_t seed = 0; seed < 40; seed++)
        for (uint32_t n = 1; n <= 4; n++) {
            static const sim_time times[] = {1000000, 1030000, 1030001, 2500000};
            struct wanted_reports wanted = {0, n, latency};
            fake_open(&fake, &(struct fake_options){.chop = seed, .no_bounds = seed % 2, .seed = seed});
            report(0, times[1]);
            report(0, times[3]);
            report(1, times[0]);
            report(1, times[2]);
            fake.boards[0].longest = 0;
            CU_ASSERT_EQUAL(
                run(&(struct conductor_stop){.time = SIM_NEVER, .n_wanted = 1, .wanted = &wanted}),
                PAUSE_REPORTS);
            CU_ASSERT_EQUAL(progress[0].time, times[n - 1] + latency);
            CU_ASSERT(progress[0].reported && !progress[1].reported);
            CU_ASSERT(fake.boards[0].longest <= latency);
            CU_ASSERT_EQUAL(fake.mistakes, 0);
            fake_close(&fake);
        }
}

// Cuts of a group whose every report is waited for: after each, reports up to there are taken.
static size_t expected_cuts(const sim_time *reports, size_t n, sim_time latency, sim_time *cuts)
{
    size_t found = 0;
    for (size_t i = 0; i < n;) {
        sim_time cut = reports[i] + latency;
        while (i < n && reports[i] < cut)
            i++;
        cuts[found++] = cut;
    }
    return found;
}

static void test_two_groups_want(void)
{
    static const sim_time mine[] = {500000, 510000, 900000, 1200000, 1200001, 3000000},
                          others[] = {501000, 560000, 1250000, 2999999};
    sim_time cuts[GROUPS_HERE][8];
    const size_t n[] = {expected_cuts(mine, NP_ARRAY_LEN(mine), 60000, cuts[0]),
                        expected_cuts(others, NP_ARRAY_LEN(others), 20000, cuts[1])};
    for (uint64_t seed = 0; seed < 40; seed++) {
        size_t at[GROUPS_HERE] = {0};
        fake_open(&fake, &(struct fake_options){.chop = seed, .seed = seed});
        for (size_t i = 0; i < NP_ARRAY_LEN(mine); i++)
            report(i % 2, mine[i]);
        for (size_t i = 0; i < NP_ARRAY_LEN(others); i++)
            report(2 + i % 2, others[i]);
        while (at[0] < n[0] || at[1] < n[1]) {
            struct wanted_reports wanted[2];
            struct conductor_stop stop = {.time = SIM_NEVER, .wanted = wanted};
            for (uint32_t g = 0; g < GROUPS_HERE; g++)
                if (at[g] < n[g])
                    wanted[stop.n_wanted++] = (struct wanted_reports){g, 1, g ? 20000 : 60000};
            CU_ASSERT_EQUAL_FATAL(run(&stop), PAUSE_REPORTS);
            CU_ASSERT_FATAL(progress[0].reported || progress[1].reported);
            for (uint32_t g = 0; g < GROUPS_HERE; g++)
                if (progress[g].reported) {
                    CU_ASSERT_EQUAL(progress[g].time, cuts[g][at[g]]);
                    at[g]++;
                    fake_take(&fake, g);
                }
        }
        CU_ASSERT_EQUAL(fake.mistakes, 0);
        fake_close(&fake);
    }
}

// The report was made before the run began, at the cut itself: the controller still hears of it later.
static void test_reported_at_once(void)
{
    struct wanted_reports wanted = {1, 1, 33000};
    fake_open(&fake, &(struct fake_options){.chop = 0});
    CU_ASSERT_EQUAL(run(&(struct conductor_stop){.time = T(1)}), PAUSE_SAVE_POINT);
    report(3, T(1) - 1); // as if the cut at T(1) had been ordered to do something that is done at once
    CU_ASSERT_EQUAL(run(&(struct conductor_stop){.time = SIM_NEVER, .n_wanted = 1, .wanted = &wanted}),
                    PAUSE_REPORTS);
    CU_ASSERT_EQUAL(progress[1].time, T(1) - 1 + 33000);
    wanted.reports = 2;
    CU_ASSERT_EQUAL(run(&(struct conductor_stop){.time = T(2), .n_wanted = 1, .wanted = &wanted}),
                    PAUSE_SAVE_POINT);
    CU_ASSERT(progress[0].time == T(2) && progress[1].time == T(2) && !progress[1].reported);
    fake_close(&fake);
}

// What boards are told while they stand makes them act earlier than they said.
static void test_told_to_act(void)
{
    fake_open(&fake, &(struct fake_options){.chop = 0});
    fake.boards[0].period = fake.boards[1].period = 0;
    CU_ASSERT_EQUAL(run(&(struct conductor_stop){.time = T(1)}), PAUSE_SAVE_POINT);
    sim_time flight = crossbar_lookahead(&fake.tiny.machine, 0, 1);
    fake.boards[0].mail = (struct fake_mail){true, false, 1, T(1) + 10, T(1) + 10 + flight};
    CU_ASSERT_EQUAL(run(&(struct conductor_stop){.time = T(2)}), PAUSE_SAVE_POINT);
    CU_ASSERT_EQUAL(fake.boards[1].received, 1);
    CU_ASSERT_EQUAL(fake.mistakes, 0);
    fake_close(&fake);
}

// Saved between a report and the cut at which it is heard.
static void test_saved_with_reports(void)
{
    struct wanted_reports wanted = {0, 1, 30000};
    struct archive saved, loaded;
    fake_open(&fake, &(struct fake_options){.chop = 0});
    CU_ASSERT_EQUAL(run(&(struct conductor_stop){.time = T(1)}), PAUSE_SAVE_POINT);
    ar_init_save(&saved);
    for (uint32_t g = 0; g < GROUPS_HERE; g++)
        conductor_state(fake.conductor, g, &saved);
    fake_close(&fake);
    fake_open(&fake, &(struct fake_options){.chop = 0});
    ar_init_load(&loaded, saved.bytes, saved.at);
    for (uint32_t g = 0; g < GROUPS_HERE; g++)
        conductor_state(fake.conductor, g, &loaded);
    CU_ASSERT(!ar_failed(&loaded));
    for (unsigned b = 0; b < BOARDS_HERE; b++)
        fake.boards[b].reached = T(1);
    report(0, T(1) - 20000);
    CU_ASSERT_EQUAL(run(&(struct conductor_stop){.time = SIM_NEVER, .n_wanted = 1, .wanted = &wanted}),
                    PAUSE_REPORTS);
    CU_ASSERT_EQUAL(progress[0].time, T(1) + 10000);
    ar_free(&saved);
    fake_close(&fake);
}

// After the last report nothing happens any more: programs are done, or are quiesced.
static void test_quiet_after_the_report(void)
{
    struct wanted_reports wanted = {0, 2, 44000};
    const struct conductor_stop stop = {.time = SIM_NEVER, .n_wanted = 1, .wanted = &wanted};
    for (uint32_t running = 0; running < 2; running++) {
        fake_open(&fake, &(struct fake_options){.until = SIM_NEVER});
        for (unsigned b = 0; b < BOARDS_HERE; b++)
            fake.boards[b] = (struct fake_board){.running = running};
        report(0, 200000);
        report(1, 300000);
        CU_ASSERT_EQUAL(run(&stop), PAUSE_REPORTS);
        CU_ASSERT_EQUAL(progress[0].time, 344000);
        fake_take(&fake, 0);
        if (running) {
            CU_ASSERT_EQUAL(fails(&stop, "deadlock"), ERR_NO_PROGRESS);
        } else {
            CU_ASSERT_EQUAL(run(&stop), PAUSE_DONE);
        }
        fake_close(&fake);
    }
    fake_open(&fake, &(struct fake_options){.until = SIM_NEVER});
    regroup(0, 0, NO_GROUP, NO_GROUP, 0);
    wanted.group = 1;
    CU_ASSERT_EQUAL(fails(&stop, "reports are wanted of group 1, which has no boards"), ERR_INTERNAL);
    fake_close(&fake);
}

// A group that has finished comes along to where groups change, and is woken by what its boards are told.
static void test_finished_groups_come_along(void)
{
    fake_open(&fake, &(struct fake_options){.chop = 5});
    fake.boards[2] = fake.boards[3] = (struct fake_board){0};
    CU_ASSERT_EQUAL(run(&(struct conductor_stop){.time = T(2)}), PAUSE_SAVE_POINT);
    CU_ASSERT(progress[0].time == T(2) && progress[1].time == T(2));
    fake.boards[3].period = 100000;
    fake.boards[3].running = 1;
    regroup(0, 0, 0, 1, T(2));
    CU_ASSERT_EQUAL(run(&(struct conductor_stop){.time = T(4)}), PAUSE_SAVE_POINT);
    CU_ASSERT(progress[0].time == T(4) && progress[1].time == T(4));
    CU_ASSERT_EQUAL(fake.boards[2].reached, T(4));
    CU_ASSERT_EQUAL(fake.mistakes, 0);
    fake_close(&fake);
}

static void send(unsigned from, unsigned to, bool packet, sim_time at, sim_time flight)
{
    fake.boards[from].mail = (struct fake_mail){true, packet, to, at, at + flight};
}

// Messages and packets go where the groups are, and nowhere else.
static void test_regroup(void)
{
    for (unsigned packet = 0; packet < 2; packet++) {
        fake_open(&fake, &(struct fake_options){.chop = 0});
        sim_time flight = crossbar_lookahead(&fake.tiny.machine, 0, 2);
        send(0, 1, packet, T(1), flight);
        CU_ASSERT_EQUAL(run(&(struct conductor_stop){.time = T(2)}), PAUSE_SAVE_POINT);
        CU_ASSERT_EQUAL(fake.boards[1].received, 1);
        regroup(0, 0, 0, 0, T(2));
        send(0, 3, packet, T(3), flight);
        CU_ASSERT_EQUAL(run(&(struct conductor_stop){.time = T(4)}), PAUSE_SAVE_POINT);
        CU_ASSERT_EQUAL(fake.boards[3].received, 1);
        CU_ASSERT(progress[1].time == T(2) && progress[1].running == 0);
        regroup(1, NO_GROUP, 1, 0, T(4)); // other members in groups of the same numbers
        send(2, 0, packet, T(5), flight);
        CU_ASSERT_EQUAL(run(&(struct conductor_stop){.time = T(6)}), PAUSE_SAVE_POINT);
        CU_ASSERT_EQUAL(fake.boards[0].received, 1);
        CU_ASSERT_EQUAL(fake.boards[1].reached, T(4)); // stands still
        CU_ASSERT_EQUAL(fake.mistakes, 0);
        send(2, 3, packet, T(7), flight);
        CU_ASSERT_EQUAL(fails(&(struct conductor_stop){.time = T(8)}, "which is not of the group"),
                        ERR_DAMAGED_MESSAGE);
        fake_close(&fake);
    }
}

static void test_too_early(void)
{
    for (unsigned packet = 0; packet < 2; packet++) {
        fake_open(&fake, &(struct fake_options){.no_bounds = true});
        send(0, 1, packet, T(1), 10);
        CU_ASSERT_EQUAL(fails(&(struct conductor_stop){.time = T(2)}, "arrival at 1000010 ps"),
                        ERR_LOOKAHEAD);
        fake_close(&fake);
    }
}

// Whoever gets a packet may answer it at once; a message takes its turnaround at least.
static void test_packets_bind_without_turnaround(void)
{
    for (unsigned packet = 0; packet < 2; packet++) {
        fake_open(&fake, &(struct fake_options){.until = T(3)});
        const struct groups *groups = &fake.groups;
        sim_time lookahead = groups->group[0].members[0].lookahead;
        sim_time turnaround = packet ? 0 : groups->group[0].members[0].turnaround;
        for (unsigned b = 0; b < BOARDS_HERE; b++)
            fake.boards[b] = (struct fake_board){.running = 1};
        send(0, 1, packet, T(1), 5 * lookahead);
        CU_ASSERT_EQUAL(run(&(struct conductor_stop){.time = T(2)}), PAUSE_SAVE_POINT);
        sim_time sent = T(1) + lookahead; // the grant in which it was sent ended there
        CU_ASSERT(fake_granted(&fake, 0, sent));
        CU_ASSERT(fake_granted(&fake, 0, T(1) + 5 * lookahead + turnaround + lookahead));
        fake_close(&fake);
    }
}

static bool watch_skew(void *self)
{
    sim_time least = SIM_NEVER, most = 0;
    for (uint32_t g = 0; g < GROUPS_HERE; g++) {
        struct group_progress now;
        conductor_progress(fake.conductor, g, &now);
        least = sim_min(least, now.time);
        most = sim_max(most, now.time);
    }
    sim_time *seen = self;
    *seen = sim_max(*seen, most - least);
    return false;
}

static void test_skew(void)
{
    for (uint64_t seed = 0; seed < 2; seed++) {
        sim_time seen = 0;
        struct conductor_stop stop = {
            .time = SIM_NEVER, .poll = watch_skew, .self = &seen, .skew = seed ? 300000 : 0};
        fake_open(&fake, &(struct fake_options){.seed = 3, .until = T(20)});
        fake.boards[0].period = fake.boards[1].period = 10000; // many short grants against few long ones
        fake.boards[2].period = fake.boards[3].period = 5000000;
        CU_ASSERT_EQUAL(run(&stop), PAUSE_UNTIL);
        CU_ASSERT(seed ? seen <= 300000 : seen > 300000);
        fake_close(&fake);
    }
}

struct paced {
    uint64_t start_ns, pace;
    unsigned polls, early; // early: beyond what the host's clock allows
};

static bool watch_pace(void *self)
{
    struct paced *paced = self;
    struct group_progress now;
    conductor_progress(fake.conductor, 0, &now);
    double seconds = 1e-9 * (double)(host_now_ns() - paced->start_ns);
    paced->polls++;
    paced->early += (double)now.time > seconds * (double)paced->pace;
    return false;
}

// However late the host is: simulated time is never ahead of it, and ends where it would.
static void test_pace(void)
{
    struct paced paced = {.pace = 1000 * SIM_PS_PER_US, .start_ns = host_now_ns()};
    struct conductor_stop stop = {.time = SIM_NEVER, .poll = watch_pace, .self = &paced, .pace = paced.pace};
    fake_open(&fake, &(struct fake_options){.until = T(50)}); // 50 ms
    CU_ASSERT_EQUAL(run(&stop), PAUSE_UNTIL);
    CU_ASSERT(progress[0].time == T(50) && progress[1].time == T(50));
    CU_ASSERT(paced.polls > 0);
    CU_ASSERT_EQUAL(paced.early, 0);
    fake_close(&fake);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("conductor", NULL, NULL);
    CU_ADD_TEST(suite, test_stops_exactly);
    CU_ADD_TEST(suite, test_two_groups_want);
    CU_ADD_TEST(suite, test_reported_at_once);
    CU_ADD_TEST(suite, test_told_to_act);
    CU_ADD_TEST(suite, test_saved_with_reports);
    CU_ADD_TEST(suite, test_quiet_after_the_report);
    CU_ADD_TEST(suite, test_finished_groups_come_along);
    CU_ADD_TEST(suite, test_regroup);
    CU_ADD_TEST(suite, test_too_early);
    CU_ADD_TEST(suite, test_packets_bind_without_turnaround);
    CU_ADD_TEST(suite, test_skew);
    CU_ADD_TEST(suite, test_pace);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failed != 0;
}
