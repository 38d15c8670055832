// SPDX-License-Identifier: Apache-2.0
// Any text is either refused with a message that names it, or is a scenario whose machine obeys every rule
// and whose resolved form reads back to the same resolved form.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "coordinator/machine/scenario.h"
#include "proto/base/assert.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *resolved(const struct scenario *scenario, size_t *size)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, size);
    NP_ASSERT(out);
    NP_ASSERT(scenario_write_resolved(scenario, out, NULL) == 0);
    fclose(out);
    return text;
}

static void print(const struct scenario *scenario)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    NP_ASSERT(out);
    scenario_print(scenario, out);
    fclose(out);
    free(text);
}

static void check(const struct scenario *first)
{
    struct scenario second;
    struct err err = {0};
    size_t size, size_again;
    NP_ASSERT(machine_invalid(&first->machine) == NULL);
    print(first);
    char *text = resolved(first, &size);
    if (size <= SCENARIO_BYTES_MAX) { // a small file may stand for a large one
        if (scenario_read_text(text, size, "resolved", &second, &err))
            np_panic("the resolved form is refused: %s\n%s", err.text, text);
        // The resolved form tells of parameters in comments, and has none itself.
        NP_ASSERT(second.n_parameters == 0);
        struct scenario plain = *first;
        plain.n_parameters = 0;
        free(text);
        text = resolved(&plain, &size);
        char *again = resolved(&second, &size_again);
        NP_ASSERT(size == size_again && memcmp(text, again, size) == 0);
        scenario_free(&second);
        free(again);
    }
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct scenario scenario;
    struct err err = {0};
    if (scenario_read_text((const char *)data, size, "fuzz", &scenario, &err)) {
        NP_ASSERT(err.code != ERR_OK && err.code != ERR_INTERNAL && err.text[0]);
        return 0;
    }
    check(&scenario);
    scenario_free(&scenario);
    return 0;
}
