// SPDX-License-Identifier: Apache-2.0
// The digest covers every kind of state: one flipped bit in any of them changes it. And a saved state that
// was cut or changed is refused or differs, never taken for the original without notice.
#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>

#include "node/board/internal.h"
#include "proto/base/digest.h"
#include "tests/lib/whole_run.h"

static struct scenario scenario;
static struct packed packed;

// A complex in the middle of things: messages in queues, transactions under way.
static int start(void)
{
    whole_read("tests/sim/scenarios/interleave-page-msi.yaml", &scenario);
    struct packed_options options = {.threads = 1};
    struct conductor_stop stop = {.time = 15 * SIM_PS_PER_US};
    enum pause_reason reason;
    struct err err;
    return packed_open(&packed, &scenario.machine, &options, &err) ||
           packed_run(&packed, &stop, &reason, &err) || reason != PAUSE_SAVE_POINT;
}

static int end(void)
{
    packed_close(&packed);
    scenario_free(&scenario);
    return 0;
}

static struct board *board(void)
{
    return packed.crew.boards[0];
}

// Flips bits of one value in turn; each flip must show in the digest, and undoing it must restore the digest.
static void expect_covered(void *value, size_t size)
{
    struct digest before = packed_digest(&packed, NULL);
    uint8_t *bytes = value;
    for (size_t i = 0; i < size; i++) {
        uint8_t bit = (uint8_t)(1u << i % 8);
        bytes[i] ^= bit;
        CU_ASSERT_FALSE(digest_equal(before, packed_digest(&packed, NULL)));
        bytes[i] ^= bit;
    }
    CU_ASSERT(digest_equal(before, packed_digest(&packed, NULL)));
}

static uint64_t touched_offset;

static void remember(void *self, uint64_t offset, struct memory_line line)
{
    (void)line;
    *(uint64_t *)self = offset;
}

static struct memory_line touched_line(void)
{
    touched_offset = UINT64_MAX;
    memory_each(&board()->home.memory, remember, &touched_offset);
    CU_ASSERT_NOT_EQUAL_FATAL(touched_offset, UINT64_MAX);
    return memory_line(&board()->home.memory, touched_offset);
}

static uint32_t used_slot(void)
{
    uint32_t slot = 0;
    while (slot < board()->cache.slots && board()->cache.tag[slot] == 0)
        slot++;
    CU_ASSERT_FATAL(slot < board()->cache.slots);
    return slot;
}

static void test_memory(void)
{
    expect_covered(touched_line().bytes, 16);
    expect_covered(touched_line().use, sizeof(struct page_use));
}

static void test_directory(void)
{
    struct dir_line *dir = &touched_line().home->dir;
    expect_covered(&dir->sharers.bits, sizeof dir->sharers.bits);
    expect_covered(&dir->owner, sizeof dir->owner);
    expect_covered(&dir->state, 1);
}

static void test_tag(void)
{
    expect_covered(&board()->cache.tag[used_slot()], sizeof(uint64_t));
    expect_covered(&board()->cache.presence[used_slot()], sizeof(uint64_t));
    expect_covered(&board()->cpus[0].l1[0].tag[0], sizeof(uint64_t));
}

static void test_data(void)
{
    struct board_cache *cache = &board()->cache;
    expect_covered(cache->data + ((uint64_t)used_slot() << cache->line_shift), 16);
    expect_covered(&cache->line[used_slot()].state, 1);
}

static void test_cpu(void)
{
    struct cpu *cpu = &board()->cpus[0];
    expect_covered(&cpu->clock.now, sizeof cpu->clock.now);
    expect_covered(&cpu->rng.state, sizeof cpu->rng.state);
    expect_covered(&cpu->seq, sizeof cpu->seq);
    expect_covered(&cpu->results.accesses, sizeof cpu->results.accesses);
}

static void test_queue(void)
{
    event_queue_sort(&board()->events);
    CU_ASSERT_FATAL(board()->events.n > 0);
    struct event *event = &board()->events.heap[0];
    expect_covered(&event->key.seq, sizeof event->key.seq);
    if (event->type != EV_FAULT) {
        expect_covered(&pool_item(&board()->pool, event->payload)->message.line, sizeof(uint64_t));
        expect_covered(&pool_item(&board()->pool, event->payload)->message.txn, sizeof(uint32_t));
    }
}

static void test_counter(void)
{
    for (unsigned i = 0; i < COUNTER_COUNT; i++)
        expect_covered(&board()->counters[i], 1);
    expect_covered(&board()->delivered_hash, sizeof board()->delivered_hash);
}

static void test_map_and_port(void)
{
    expect_covered(&board()->map.segments[0].base, sizeof(uint64_t));
    expect_covered(&board()->map.segments[0].boards[0], sizeof(uint16_t));
    expect_covered(&board()->port.egress_free_at, sizeof(sim_time));
    expect_covered(&board()->port.sent[1], sizeof board()->port.sent[1]);
    expect_covered(&board()->home.free_at, sizeof(sim_time));
    expect_covered(&board()->agent_seq, sizeof(uint64_t));
}

static struct archive saved_state(void)
{
    struct archive saved;
    ar_init_save(&saved);
    packed_state(&packed, &saved);
    return saved;
}

// Loads bytes into a fresh complex. Returns the error; *digest is what was loaded.
static enum err_code load(const uint8_t *bytes, size_t size, struct digest *digest)
{
    static struct packed fresh;
    struct packed_options options = {.threads = 1};
    struct archive ar;
    struct err err;
    CU_ASSERT_EQUAL_FATAL(packed_open(&fresh, &scenario.machine, &options, &err), ERR_OK);
    ar_init_load(&ar, bytes, size);
    packed_state(&fresh, &ar);
    if (!ar_failed(&ar))
        *digest = packed_digest(&fresh, NULL);
    packed_close(&fresh);
    return ar.err.code;
}

static void test_truncated(void)
{
    struct archive saved = saved_state();
    struct digest digest = {0};
    CU_ASSERT_EQUAL(load(saved.bytes, saved.at, &digest), ERR_OK);
    CU_ASSERT(digest_equal(digest, packed_digest(&packed, NULL)));
    for (size_t cut = 0; cut < 40; cut++)
        CU_ASSERT_EQUAL(load(saved.bytes, saved.at * cut / 40, &digest), ERR_DAMAGED_STATE);
    ar_free(&saved);
}

// The files of a saved state bear checksums; but even without them damage is refused or shows in the digest.
static void test_damaged(void)
{
    struct archive saved = saved_state();
    struct rng rng = rng_for(3, 3);
    struct digest digest, right = packed_digest(&packed, NULL);
    for (unsigned i = 0; i < 60; i++) {
        size_t at = rng_below(&rng, saved.at);
        saved.bytes[at] ^= 0x10;
        enum err_code code = load(saved.bytes, saved.at, &digest);
        CU_ASSERT(code == ERR_DAMAGED_STATE || !digest_equal(digest, right));
        saved.bytes[at] ^= 0x10;
    }
    ar_free(&saved);
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("state", start, end);
    CU_add_test(suite, "memory", test_memory);
    CU_add_test(suite, "directory", test_directory);
    CU_add_test(suite, "tag", test_tag);
    CU_add_test(suite, "data", test_data);
    CU_add_test(suite, "cpu", test_cpu);
    CU_add_test(suite, "queue", test_queue);
    CU_add_test(suite, "counter", test_counter);
    CU_add_test(suite, "map and port", test_map_and_port);
    CU_add_test(suite, "a truncated state is refused", test_truncated);
    CU_add_test(suite, "a damaged state is noticed", test_damaged);
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    unsigned failed = CU_get_number_of_failures() + (CU_get_number_of_asserts() == 0);
    CU_cleanup_registry();
    return failed != 0;
}
