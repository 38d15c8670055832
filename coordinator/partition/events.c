// SPDX-License-Identifier: Apache-2.0
#include <stdarg.h>
#include <stdio.h>

#include "coordinator/partition/controller.h"

void event_tell(struct sc *sc, const struct operation *op, sim_time at, const char *what, uint16_t board,
                uint32_t partition, const char *fmt, ...)
{
    struct sc_event event = {.seq = ++sc->next_event,
                             .at = at,
                             .operation = op ? op->shown.id : 0,
                             .what = what,
                             .board = board,
                             .partition = partition};
    va_list args;
    va_start(args, fmt);
    vsnprintf(event.text, sizeof event.text, fmt, args);
    va_end(args);
    sc->io.event(sc->io.self, &event);
}
