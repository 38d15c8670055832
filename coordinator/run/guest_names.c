// SPDX-License-Identifier: Apache-2.0
#include "coordinator/run/guest_names.h"

#include <stdio.h>
#include <string.h>

#include "coordinator/machine/fields.h"
#include "coordinator/machine/units.h"

// "SMP1, SMP2": partitions, of those with a guest only if `guests`. Cut where the text is full.
static const char *names_of(const struct machine *machine, bool guests, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (uint32_t p = 0; p < machine->n_partitions && used < size - 1; p++)
        if (!guests || machine->partitions[p].guest.image[0])
            used += (size_t)snprintf(text + used, size - used, "%s%s", used ? ", " : "",
                                     machine->partitions[p].name);
    return text;
}

static enum err_code no_partition(const struct machine *machine, const char *option, const char *name,
                                  struct err *err)
{
    const char *names[PARTITIONS_MAX];
    char list[200];
    for (uint32_t p = 0; p < machine->n_partitions; p++)
        names[p] = machine->partitions[p].name;
    const char *best = nearest(name, names, machine->n_partitions);
    return err_set(err, ERR_USAGE, "%s %s: there is no partition '%s'; %s%s%sthere are: %s", option, name,
                   name, best ? "did you mean " : "", best ? best : "", best ? "? " : "",
                   names_of(machine, false, list, sizeof list));
}

static enum err_code no_guest(const struct machine *machine, const char *option, const char *name,
                              struct err *err)
{
    char list[200];
    names_of(machine, true, list, sizeof list);
    return err_set(err, ERR_USAGE, "%s %s: partition %s runs no guest (no program of it has 'load:'); %s%s",
                   option, name, name, list[0] ? "guests run in: " : "no partition of it does", list);
}

enum err_code guest_find(const struct machine *machine, const char *option, const char *text, size_t length,
                         uint32_t *partition, struct err *err)
{
    char name[NAME_MAX_BYTES];
    snprintf(name, sizeof name, "%.*s", (int)(length < sizeof name ? length : sizeof name - 1), text);
    for (uint32_t p = 0; p < machine->n_partitions; p++)
        if (strlen(machine->partitions[p].name) == length &&
            memcmp(machine->partitions[p].name, text, length) == 0) {
            *partition = p;
            return machine->partitions[p].guest.image[0] ? ERR_OK : no_guest(machine, option, name, err);
        }
    return no_partition(machine, option, name, err);
}

enum err_code trace_resolve(const struct run_command *command, const struct machine *machine,
                            struct instruction_trace *trace, struct err *err)
{
    const char *text = command->trace_insn;
    *trace = (struct instruction_trace){.cpu = TRACE_ALL_CPUS};
    if (!text)
        return ERR_OK;
    const char *colon = strchr(text, ':');
    size_t length = colon ? (size_t)(colon - text) : strlen(text);
    if (guest_find(machine, "--trace-insn", text, length, &trace->partition, err))
        return err->code;
    trace->on = true;
    if (!colon)
        return ERR_OK;
    const struct partition_desc *partition = &machine->partitions[trace->partition];
    uint64_t cpu;
    const char *wrong = unit_parse(UNIT_COUNT, colon + 1, &cpu);
    if (wrong || cpu >= partition->guest.n_cpus)
        return err_set(err, ERR_USAGE,
                       "--trace-insn %s: '%s' is no CPU of the guest; partition %s has CPU addresses 0 to %u",
                       text, colon + 1, partition->name, partition->guest.n_cpus - 1);
    trace->cpu = (uint32_t)cpu;
    return ERR_OK;
}
