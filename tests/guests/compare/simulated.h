// SPDX-License-Identifier: Apache-2.0
// The same guest on numaplex, in this process and in virtual time.
#ifndef NP_TESTS_GUESTS_COMPARE_SIMULATED_H
#define NP_TESTS_GUESTS_COMPARE_SIMULATED_H

#include "tests/guests/compare/outcome.h"

// Memory and the registers beside the general ones are taken only of machines of one board.
enum err_code simulated_run(const struct guest_case *test, struct case_outcome *outcome, struct err *err);

#endif
