// SPDX-License-Identifier: Apache-2.0
// What a guest leaves behind, on whichever machine it ran.
#ifndef NP_TESTS_GUESTS_COMPARE_OUTCOME_H
#define NP_TESTS_GUESTS_COMPARE_OUTCOME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/base/err.h"

#define GUEST_MEMORY (UINT64_C(64) << 20) // of the whole machine, on both sides

struct guest_case {
    const char *image, *arguments;
    unsigned cpus, boards; // of equal numbers of CPUs
};

struct case_outcome {
    char *console; // NUL-terminated, owned
    bool clean;    // disabled wait at an address that ends in 0xFFF
    // Of CPU 0. The condition code is left out of the mask: a wait has none worth comparing.
    uint64_t psw_mask, psw_address;
    uint64_t gr[16], fpr[16], cr[16];
    uint8_t *memory; // [GUEST_MEMORY], owned
};

void outcome_free(struct case_outcome *outcome);

#endif
