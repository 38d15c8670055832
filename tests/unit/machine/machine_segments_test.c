// SPDX-License-Identifier: Apache-2.0
// The address map: random maps are enumerated page by page and compared with what the arithmetic promises.
#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

#include "coordinator/machine/segments.h"
#include "proto/base/assert.h"
#include "proto/base/rng.h"

#define BOARDS 4
#define PAGES  24 // of the largest board

static struct machine machine;
static struct board_desc boards[BOARDS];

struct place {
    unsigned board;
    uint64_t offset;
};

// The formula of segments.h, written a second time.
static struct place locate(const struct partition_desc *p, uint64_t address)
{
    for (uint32_t i = 0; i < p->n_segments; i++) {
        const struct segment_desc *s = &p->segments[i];
        if (address < s->base || address - s->base >= s->size)
            continue;
        uint64_t at = address - s->base, g = s->granule;
        if (g == 0)
            return (struct place){s->boards[0], s->offset + at};
        return (struct place){s->boards[at / g % s->n_boards], s->offset + at / g / s->n_boards * g + at % g};
    }
    NP_ASSERT(false);
    return (struct place){0};
}

static struct partition_desc random_map(struct rng *rng)
{
    struct partition_desc p = {.n_boards = BOARDS};
    machine = (struct machine){.n_boards = BOARDS, .boards = boards};
    for (uint16_t i = 0; i < BOARDS; i++) {
        p.boards[i] = i;
        boards[i].params.memory_bytes = (PAGES / 2 + rng_below(rng, PAGES / 2 + 1)) * PAGE_BYTES;
    }
    p.frames_offset = (1 + rng_below(rng, PAGES + 4)) * PAGE_BYTES;
    return p;
}

// Appends a range over some of the boards when it fits.
static void add_range(struct partition_desc *p, struct rng *rng)
{
    static const uint64_t granules[] = {64, 1024, PAGE_BYTES, 2 * PAGE_BYTES};
    struct segment_desc s = {.base = segments_end(p), .n_boards = 1 + (uint32_t)rng_below(rng, BOARDS)};
    unsigned first = (unsigned)rng_below(rng, BOARDS);
    for (uint32_t i = 0; i < s.n_boards; i++)
        s.boards[i] = (uint16_t)((first + i) % BOARDS);
    s.granule = s.n_boards > 1 ? granules[rng_below(rng, 4)] : 0;
    s.size = s.n_boards * 2 * PAGE_BYTES * (1 + rng_below(rng, 3));
    s.offset = segments_next_offset(p, s.boards, s.n_boards);
    for (uint32_t i = 0; i < s.n_boards; i++)
        if (s.offset + segment_share(&s) > boards[s.boards[i]].params.memory_bytes)
            return;
    p->segments[p->n_segments++] = s;
}

// Every page of 64-byte lines of every board at most once; returns false on a collision.
static bool one_to_one(const struct partition_desc *p)
{
    static uint8_t seen[BOARDS][PAGES * PAGE_BYTES / 64];
    memset(seen, 0, sizeof seen);
    for (uint64_t a = 0; a < segments_end(p); a += 64) {
        struct place place = locate(p, a);
        if (place.offset >= boards[place.board].params.memory_bytes || seen[place.board][place.offset / 64]++)
            return false;
    }
    return true;
}

static void test_one_to_one(void)
{
    struct rng rng = rng_for(1, 2);
    for (int i = 0; i < 300; i++) {
        struct partition_desc p = random_map(&rng);
        for (int j = 0; j < 8; j++)
            add_range(&p, &rng);
        CU_ASSERT_TRUE(one_to_one(&p));
    }
}

static void test_default(void)
{
    struct rng rng = rng_for(1, 3);
    for (int i = 0; i < 300; i++) {
        struct partition_desc p = random_map(&rng);
        uint64_t all = 0;
        segments_default(&p, &machine, false);
        for (uint32_t b = 0; b < BOARDS; b++) {
            all += boards[b].params.memory_bytes;
            CU_ASSERT_EQUAL(segments_frames_uncovered(&p, &machine, (uint16_t)b), 0);
        }
        CU_ASSERT_EQUAL(segments_end(&p), all); // nothing is left out
        CU_ASSERT_TRUE(one_to_one(&p));
    }
}

// Contiguous maps have a range per board; a board that floats has one of its own in any map.
static void test_default_of_boards_that_go(void)
{
    struct rng rng = rng_for(1, 5);
    for (int i = 0; i < 100; i++) {
        struct partition_desc p = random_map(&rng);
        uint32_t floats = (uint32_t)rng_below(&rng, BOARDS);
        segments_default(&p, &machine, true);
        CU_ASSERT_EQUAL(p.n_segments, BOARDS);
        CU_ASSERT_TRUE(one_to_one(&p));
        boards[floats].floating = true;
        segments_default(&p, &machine, false);
        boards[floats].floating = false;
        CU_ASSERT_TRUE(one_to_one(&p));
        CU_ASSERT_EQUAL(segments_frames_uncovered(&p, &machine, (uint16_t)floats), 0);
        for (uint32_t s = 0; s < p.n_segments; s++)
            for (uint32_t b = 0; p.segments[s].n_boards > 1 && b < p.segments[s].n_boards; b++)
                CU_ASSERT_NOT_EQUAL(p.segments[s].boards[b], floats);
    }
}

static bool touches_frames(const struct partition_desc *p, uint64_t base, uint64_t size)
{
    for (uint64_t a = base; a < base + size; a += 64)
        if (locate(p, a).offset >= p->frames_offset)
            return true;
    return false;
}

// A region that is called free touches no frame; one that is not free does, up to the row it begins in.
static void test_region_free(void)
{
    struct rng rng = rng_for(1, 4);
    unsigned is_free = 0, taken = 0;
    for (int i = 0; i < 3000; i++) {
        struct partition_desc p = random_map(&rng);
        segments_default(&p, &machine, false);
        uint64_t end = segments_end(&p);
        uint64_t base = rng_below(&rng, end / PAGE_BYTES) * PAGE_BYTES;
        uint64_t size = (1 + rng_below(&rng, (end - base) / 64)) * 64;
        bool said = segments_region_free(&p, &machine, base, size);
        bool is = !touches_frames(&p, base, size);
        CU_ASSERT_TRUE(is || !said);
        uint64_t row = BOARDS * PAGE_BYTES, whole = (base + size + row - 1) / row * row;
        whole = whole > end ? end : whole;
        CU_ASSERT_TRUE(said || touches_frames(&p, base, whole - base));
        is_free += said;
        taken += !said;
    }
    CU_ASSERT_TRUE(is_free > 300);
    CU_ASSERT_TRUE(taken > 300);
}

static void test_uncovered(void)
{
    struct rng rng = rng_for(1, 5);
    for (int i = 0; i < 300; i++) {
        struct partition_desc p = random_map(&rng);
        uint64_t covered[BOARDS] = {0};
        for (int j = 0; j < 8; j++)
            add_range(&p, &rng);
        for (uint64_t a = 0; a < segments_end(&p); a += 64) {
            struct place place = locate(&p, a);
            covered[place.board] += place.offset >= p.frames_offset ? 64 : 0;
        }
        for (uint16_t b = 0; b < BOARDS; b++) {
            uint64_t memory = boards[b].params.memory_bytes;
            uint64_t frames = memory > p.frames_offset ? memory - p.frames_offset : 0;
            CU_ASSERT_EQUAL(segments_frames_uncovered(&p, &machine, b), frames - covered[b]);
        }
    }
}

int main(void)
{
    CU_initialize_registry();
    CU_pSuite suite = CU_add_suite("segments", NULL, NULL);
    CU_add_test(suite, "addresses and places are one to one", test_one_to_one);
    CU_add_test(suite, "the default map covers all memory", test_default);
    CU_add_test(suite, "the default of boards that go", test_default_of_boards_that_go);
    CU_add_test(suite, "regions free of frames", test_region_free);
    CU_add_test(suite, "frames outside of ranges", test_uncovered);
    CU_basic_run_tests();
    unsigned failures = CU_get_number_of_failures();
    CU_cleanup_registry();
    return failures != 0;
}
