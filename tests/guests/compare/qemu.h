// SPDX-License-Identifier: Apache-2.0
// A guest on qemu-system-s390x: its console, and how it has ended.
#ifndef NP_TESTS_GUESTS_COMPARE_QEMU_H
#define NP_TESTS_GUESTS_COMPARE_QEMU_H

#include "tests/guests/compare/outcome.h"

// Runs the guest to its end, at most `seconds`, and takes what is left. An error when it cannot be started or
// does not end; how the guest itself ended is in the outcome.
enum err_code qemu_run(const struct guest_case *test, unsigned seconds, struct case_outcome *outcome,
                       struct err *err);

#endif
