// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>

#include "coordinator/run/report.h"

// Names hold letters, digits, dots, dashes and underlines only: nothing needs quotes.
void counters_csv_write(const struct run_report *report, FILE *out)
{
    const struct machine *m = &report->scenario->machine;
    fprintf(out, "partition,board,counter,unit,value\n");
    for (uint32_t p = 0; p < m->n_partitions; p++) {
        const struct stay *members[BOARDS_MAX];
        uint32_t n = outcome_members(report->outcome, m, p, members);
        for (uint32_t i = 0; i < n; i++)
            for (unsigned c = 0; c < COUNTER_COUNT; c++)
                fprintf(out, "%s,%s,%s,%s,%" PRIu64 "\n", m->partitions[p].name,
                        m->boards[members[i]->board].name, counter_name((enum counter)c),
                        counter_unit((enum counter)c), members[i]->counters[c]);
    }
}
