// SPDX-License-Identifier: Apache-2.0
// parstatus: columns as HP-UX prints them.
#include <stdio.h>
#include <string.h>

#include "hmc/cli/par.h"

#define GIB (UINT64_C(1) << 30)

// In GB with one place; what is below it is not rounded away: scaled machines have MiB.
static const char *gigabytes(uint64_t bytes, char text[24])
{
    double gb = (double)bytes / (double)GIB;
    snprintf(text, 24, gb > 0 && gb < 0.05 ? "%.3f" : "%4.1f", gb);
    return text;
}

static uint32_t number_of(const struct api_snapshot *s, const char *partition)
{
    uint32_t i = 0;
    while (i < s->n_partitions && strcmp(s->partitions[i].name, partition) != 0)
        i++;
    return i;
}

static const char *location_of(uint32_t cell, char text[32])
{
    snprintf(text, 32, "cab%u,cell%u", cell / CELLS_PER_CABINET, cell % CELLS_PER_CABINET);
    return text;
}

static const char *usage_of(const struct api_board *b)
{
    if (!b->powered)
        return "powered off";
    if (strcmp(b->assignment, "active") == 0)
        return b->core ? "active core" : b->floating ? "active float" : "active base";
    return b->partition[0] || b->next_partition[0] ? "inactive" : "free";
}

static void cell_row(const struct api_snapshot *s, uint32_t cell)
{
    const struct api_board *b = &s->boards[cell];
    char where[32], cpus[32], memory[24], text[64], number[16] = "-";
    if (b->partition[0])
        snprintf(number, sizeof number, "%u", number_of(s, b->partition));
    snprintf(cpus, sizeof cpus, "%u/%u/%u", b->cpus_online, b->cpus - b->cpus_online, b->cpus);
    snprintf(text, sizeof text, "%s/ 0.0", gigabytes(b->memory_bytes, memory));
    printf("%-10s %-12s %-7s %-9s %-19s %-7s %-4s %s\n", location_of(cell, where), usage_of(b), cpus, text,
           "-", "yes", b->use_on_next_boot ? "yes" : "no", number);
}

static void show_cells(const struct api_snapshot *s)
{
    fputs("[Cell]\n"
          "                        CPU     Memory                                Use\n"
          "                        OK/     (GB)                          Core    On\n"
          "Hardware   Actual       Deconf/ OK/                           Cell    Next Par\n"
          "Location   Usage        Max     Deconf    Connected To        Capable Boot Num\n"
          "========== ============ ======= ========= =================== ======= ==== ===\n",
          stdout);
    for (uint32_t i = 0; i < s->n_boards; i++)
        cell_row(s, i);
}

static uint32_t cells_of(const struct api_snapshot *s, const char *partition, uint32_t *core)
{
    uint32_t n = 0;
    *core = UINT32_MAX;
    for (uint32_t i = 0; i < s->n_boards; i++) {
        if (strcmp(s->boards[i].partition, partition) != 0)
            continue;
        n++;
        if (s->boards[i].core && *core == UINT32_MAX)
            *core = i;
    }
    return n;
}

static void partition_row(const struct api_snapshot *s, uint32_t i)
{
    const struct api_partition *p = &s->partitions[i];
    char where[32] = "-";
    uint32_t core, n = cells_of(s, p->name, &core);
    if (n == 0)
        return; // its number is free
    if (core != UINT32_MAX)
        location_of(core, where);
    printf("%2u  %-12s %3u      0     %-10s %.30s\n", i,
           strcmp(p->state, "Powered Off") == 0 ? "inactive" : "active", n, where,
           p->tag[0] ? p->tag : p->name);
}

static void show_partitions(const struct api_snapshot *s, uint32_t only)
{
    fputs("[Partition]\n"
          "Par              # of  # of I/O\n"
          "Num Status       Cells Chassis  Core cell  Partition Name (first 30 chars)\n"
          "=== ============ ===== ======== ========== ===============================\n",
          stdout);
    for (uint32_t i = 0; i < s->n_partitions; i++)
        if (only == UINT32_MAX || only == i)
            partition_row(s, i);
}

static void show_cell_in_full(const struct api_snapshot *s, uint32_t cell)
{
    const struct api_board *b = &s->boards[cell];
    char where[32], memory[24], quad[32] = "-";
    if (b->partition[0])
        snprintf(quad, sizeof quad, "%u", number_of(s, b->partition));
    printf("[Cell]\n"
           "Hardware Location           : %s\n"
           "Global Cell Number          : %u\n"
           "Actual Usage                : %s\n"
           "Normal Usage                : %s\n"
           "CPU Speed                   : %llu MHz\n"
           "CPUs\n"
           "    OK                      : %u\n"
           "    Deconf                  : %u\n"
           "    Max                     : %u\n"
           "Memory\n"
           "    OK                      : %s GB\n"
           "Use On Next Boot            : %s\n"
           "Partition Number            : %s\n",
           location_of(cell, where), cell, usage_of(b), b->floating ? "Floating" : "Base",
           (unsigned long long)(b->clock_hz / 1000000), b->cpus_online, b->cpus - b->cpus_online, b->cpus,
           gigabytes(b->memory_bytes, memory), b->use_on_next_boot ? "yes" : "no", quad);
}

static void show_partition_in_full(const struct api_snapshot *s, uint32_t number)
{
    const struct api_partition *p = &s->partitions[number];
    char where[32] = "-";
    uint32_t core, n = cells_of(s, p->name, &core);
    if (core != UINT32_MAX)
        location_of(core, where);
    printf("[Partition]\n"
           "Partition Number            : %u\n"
           "Partition Name              : %s\n"
           "Status                      : %s\n"
           "Number Of Cells             : %u\n"
           "Core Cell                   : %s\n",
           number, p->tag[0] ? p->tag : p->name, strcmp(p->state, "Powered Off") == 0 ? "inactive" : "active",
           n, where);
}

static enum err_code show_one_partition(const struct par_words *words, const struct api_snapshot *s,
                                        struct err *err)
{
    if (words->number >= s->n_partitions)
        return err_set(err, ERR_UNKNOWN_NAME, "there is no partition %u; they are 0 to %u", words->number,
                       s->n_partitions - 1);
    if (words->verbose)
        show_partition_in_full(s, words->number);
    else
        show_partitions(s, words->number);
    return ERR_OK;
}

enum err_code par_status(struct par_words *words, struct err *err)
{
    const struct api_snapshot *s;
    const struct api_board *cell;
    if (words->local)
        return err_set(err, ERR_STATE, "this console is in no nPartition; -P shows those that there are");

    if (cli_show(&words->cli, &s, err))
        return err->code;
    if (words->number != UINT32_MAX)
        return show_one_partition(words, s, err);
    if (words->cell) {
        if (!par_cell(s, words->cell, &cell, err))
            show_cell_in_full(s, (uint32_t)(cell - s->boards));
        return err->code;
    }
    if (words->cells || !words->partitions)
        show_cells(s);
    if (!words->cells && !words->partitions)
        putchar('\n');
    if (words->partitions || !words->cells)
        show_partitions(s, UINT32_MAX);
    return ERR_OK;
}
