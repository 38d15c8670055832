// SPDX-License-Identifier: Apache-2.0
// What a guest wrote on its console, as a run folder would have it.
#ifndef NP_TESTS_LIB_GUEST_CONSOLE_H
#define NP_TESTS_LIB_GUEST_CONSOLE_H

#include "node/board/board.h"

// The console of a partition whose boards are all here, by number, and have kept what they wrote.
// NUL-terminated; the caller frees.
char *guest_console(struct board *const *boards, const struct machine *machine, unsigned partition);

#endif
