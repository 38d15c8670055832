// SPDX-License-Identifier: Apache-2.0
#include "tests/lib/mini_story.h"

#include <CUnit/Basic.h>
#include <CUnit/CUnit.h>

#include "proto/base/assert.h"

void mini_story_end(struct mini_complex *complex, uint64_t checks, struct digest *digest)
{
    char failure[256];
    CU_ASSERT_TRUE(mini_run(complex, SIM_NEVER));
    mini_failure(complex, failure, sizeof failure);
    CU_ASSERT_STRING_EQUAL(failure, "");
    CU_ASSERT_EQUAL(mini_counter(complex, CNT_CHECKS_FAILED), 0);
    CU_ASSERT_EQUAL(mini_counter(complex, CNT_BUS_ERRORS), 0);
    CU_ASSERT_EQUAL(mini_counter(complex, CNT_GATE_REFUSALS), 0);
    CU_ASSERT(mini_counter(complex, CNT_CHECKS) > checks);
    *digest = mini_digest(complex);
    mini_close(complex);
}

void mini_story_same(mini_story *story, bool threads)
{
    static const struct mini_options ways[] = {{.reference = true}, {.chop = 7}, {.two_threads = true}};
    struct digest plain, other;
    story(NULL, false, &plain);
    story(NULL, true, &other);
    CU_ASSERT(digest_equal(plain, other));
    unsigned n = threads ? NP_ARRAY_LEN(ways) : NP_SANITIZED ? 0 : NP_ARRAY_LEN(ways) - 1;
    for (unsigned i = 0; i < n; i++) {
        story(&ways[i], false, &other);
        CU_ASSERT(digest_equal(plain, other));
    }
}
