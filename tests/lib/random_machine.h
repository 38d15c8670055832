// SPDX-License-Identifier: Apache-2.0
// Random, valid machine descriptions in which every field is filled: what is written, sent or copied wrongly
// shows.
#ifndef NP_TESTS_LIB_RANDOM_MACHINE_H
#define NP_TESTS_LIB_RANDOM_MACHINE_H

#include "proto/base/machine.h"
#include "proto/base/rng.h"

// Fills `machine` (freed by the caller) with 1 to 3 systems of 1 to 4 boards. All padding is zero.
void random_machine(struct rng *rng, struct machine *machine);

// A name of the given stem and number.
void random_machine_name(char name[NAME_MAX_BYTES], const char *stem, uint32_t number);

#endif
