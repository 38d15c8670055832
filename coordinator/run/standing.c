// SPDX-License-Identifier: Apache-2.0
#include "coordinator/run/standing.h"

#include "coordinator/machine/units.h"
#include "coordinator/partition/words.h"

static void write_board(const struct course *course, uint16_t b, FILE *out)
{
    const struct machine *machine = &course->scenario->machine;
    const struct sc_board *board = sc_board(agenda_sc(course->agenda), b);
    fprintf(out, "  %s: %s%s%s, %s, %s, power %s, test %s%s\n", machine->boards[b].name,
            sc_assignment_name(board->assignment), board->partition == NO_PARTITION ? "" : " to ",
            board->partition == NO_PARTITION ? "" : machine->partitions[board->partition].name,
            sc_receptacle_name(board->receptacle), sc_occupant_name(board->occupant),
            board->powered ? "on" : "off", sc_test_name(board->test), board->offline ? ", CPUs offline" : "");
}

static void write_operation(const struct course *course, const struct sc_operation *op, FILE *out)
{
    char command[SC_COMMAND_TEXT_SIZE], began[UNIT_TEXT_SIZE];
    fprintf(out, "operation %llu (%s): under way since %s, at step %s", (unsigned long long)op->id,
            sc_command_text(&course->scenario->machine, &op->command, command),
            unit_pretty_time(op->began, began), op->step);
    if (op->pages_total)
        fprintf(out, ", %llu of %llu pages moved", (unsigned long long)op->pages_done,
                (unsigned long long)op->pages_total);
    fputc('\n', out);
    if (op->command.board != NO_BOARD)
        write_board(course, op->command.board, out);
}

static void write_partition(const struct course *course, uint32_t p, sim_time at, FILE *out)
{
    const struct machine *machine = &course->scenario->machine;
    struct sc *sc = agenda_sc(course->agenda);
    char time[UNIT_TEXT_SIZE];
    fprintf(out, "%s at %s: %s,", machine->partitions[p].name, unit_pretty_time(at, time),
            sc_domain_state_name(sc_partition(sc, p)->state));
    for (uint16_t b = 0; b < machine->n_boards; b++)
        if (sc_board(sc, b)->partition == p && sc_board(sc, b)->assignment == SC_ACTIVE)
            fprintf(out, " %s", machine->boards[b].name);
    fputc('\n', out);
}

void standing_write(const struct course *course, const struct group_progress *groups, FILE *out)
{
    struct sc *sc = agenda_sc(course->agenda);
    if (sc_operations(sc) == 0)
        return;
    for (uint64_t id = 1; id <= sc_operations(sc); id++)
        if (sc_operation(sc, id)->ended == SIM_NEVER)
            write_operation(course, sc_operation(sc, id), out);
    for (uint32_t p = 0; p < course->scenario->machine.n_partitions; p++)
        write_partition(course, p, groups[p].time, out);
}
