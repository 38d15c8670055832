// SPDX-License-Identifier: Apache-2.0
// The rules of guests in a machine description; part of machine_invalid, and of the reader of scenarios.
#ifndef NP_PROTO_BASE_GUEST_H
#define NP_PROTO_BASE_GUEST_H

#include "proto/base/machine.h"

// Names of facility levels in the order of enum architecture.
extern const char *const architecture_names[ARCHITECTURE_COUNT];

// Arguments and inputs become bytes of a guest's code page: printable ASCII, NUL-terminated within `size`.
bool guest_text_ok(const char *text, size_t size);

// A line that is typed at a console, without its newline: short enough, printable ASCII. May be empty.
bool guest_line_ok(const uint8_t *line, uint64_t length);

// What is wrong with the guests of a machine whose boards, partitions and CPUs are known to be in range;
// NULL: nothing.
const char *guests_invalid(const struct machine *machine);

#endif
