// SPDX-License-Identifier: Apache-2.0
#include "tests/guests/compare/outcome.h"

#include <stdlib.h>
#include <sys/mman.h>

void outcome_free(struct case_outcome *outcome)
{
    free(outcome->console);
    if (outcome->memory)
        munmap(outcome->memory, GUEST_MEMORY);
    *outcome = (struct case_outcome){0};
}
