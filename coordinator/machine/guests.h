// SPDX-License-Identifier: Apache-2.0
// A partition's guest as text: as keys of its entry, and for people.
#ifndef NP_COORDINATOR_MACHINE_GUESTS_H
#define NP_COORDINATOR_MACHINE_GUESTS_H

#include <stdio.h>

#include "proto/base/machine.h"

// Writes the keys of the entry, indented as those of a program; `put_text` writes a text in quotes.
void guest_write(const struct guest_desc *guest, FILE *out, void (*put_text)(FILE *out, const char *text));

// Lines of `numaplex check`.
void guest_print(const struct guest_desc *guest, FILE *out);

#endif
