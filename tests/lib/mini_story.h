// SPDX-License-Identifier: Apache-2.0
// What a test tells of boards that come and go, told in every way that must not change its outcome.
#ifndef NP_TESTS_LIB_MINI_STORY_H
#define NP_TESTS_LIB_MINI_STORY_H

#include "proto/base/digest.h"
#include "tests/lib/mini_complex.h"

// Opens a complex with these options (NULL: none), does what the test is about, ends with mini_story_end.
// `reload`: saved and loaded under every order (struct mini_orders).
typedef void mini_story(const struct mini_options *options, bool reload, struct digest *digest);

// Runs to the end, asserts that every program ended, nothing failed or was refused, and that more than
// `checks` values were compared. Closes the complex.
void mini_story_end(struct mini_complex *complex, uint64_t checks, struct digest *digest);

// Asserts that the digest is the same plainly, when reloaded, with one access at a time, with time cut at
// random and, if wanted, on two threads of the host: a new thread for each of many short windows, so once is
// enough. With sanitizers, which look for something else, all ways are gone only where threads are wanted.
void mini_story_same(mini_story *story, bool threads);

#endif
