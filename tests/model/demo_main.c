// SPDX-License-Identifier: Apache-2.0
// model_demo: takes away, one at a time, what the virtual networks promise, and expects the explorer to find
// what breaks. Exits with 1 when it finds nothing, or something else.
#include <stdio.h>
#include <string.h>

#include "tests/model/explore.h"

static bool breaks(const struct protocol *protocol, const char *config, const char *expected)
{
    struct model model = {.config = config_by_name(config), .protocol = protocol, .onboard = &onboard_table};
    struct explore_options options = {.chart = stdout};
    struct exploration result;
    printf("== %s, %s: expected: %s\n", protocol->name, config, expected);
    if (explore(&model, &options, &result)) {
        printf("FAILED: nothing broke in %u states\n", result.states);
        return false;
    }
    printf("found after %u states\n\n", result.states);
    return strstr(result.violation, expected) != NULL;
}

int main(void)
{
    bool good = true;
    for (unsigned i = 0; protocol_at(i); i++)
        if (!protocol_at(i)->four_hop)
            good = breaks(protocol_at(i), "reordered-forwards", "no cell") && good;
    // With four hops Inv and Recall are answered in every state; but Put-Ack must not overtake the Recall
    // that asks its board whether it is the owner.
    good = breaks(protocol_by_name("sun"), "reordered-recalls", "gM") && good;
    // MESI deadlocks likewise; its shortest way there is found after five million states.
    good = breaks(protocol_by_name("msi"), "one-forward-queue", "deadlock") && good;
    return good ? 0 : 1;
}
