// SPDX-License-Identifier: Apache-2.0
// showboards, showplatform, showdevices: columns as the real commands print them. A board's letter, number
// and states are those of the run.
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "hmc/cli/command.h"
#include "hmc/cli/show.h"
#include "hmc/cli/sms.h"

#define MIB UINT64_C(1048576)

// "active" as "Active", "under test" as "Under Test".
static const char *title(const char *word, char text[API_WORD_BYTES])
{
    snprintf(text, API_WORD_BYTES, "%s", word);
    for (char *c = text; *c; c++)
        if (c == text || c[-1] == ' ')
            *c = (char)toupper((unsigned char)*c);
    return text;
}

static enum err_code chosen(struct words *words, const struct api_snapshot **snapshot,
                            const struct api_partition **partition, struct err *err)
{
    *partition = NULL;
    if (cli_show(&words->cli, snapshot, err) || !words->domain)
        return err->code;
    return sms_domain(*snapshot, words->domain, partition, err);
}

enum err_code sms_showboards(struct words *words, struct err *err)
{
    const struct api_snapshot *s;
    const struct api_partition *only;
    if (chosen(words, &s, &only, err))
        return err->code;
    fputs("Location    Pwr    Type of Board   Board Status  Test Status   Domain\n"
          "--------    ---    -------------   ------------  -----------   ------\n",
          stdout);
    for (uint32_t i = 0; i < s->n_boards; i++) {
        const struct api_board *b = &s->boards[i];
        char status[API_WORD_BYTES], test[API_WORD_BYTES], domain[NAME_MAX_BYTES];
        if (only && strcmp(b->partition, only->name) != 0)
            continue;
        sms_domain_text(s, b->partition, domain);
        printf("%-11s %-6s %-15s %-13s %-13s %s%s\n", b->name, b->powered ? "On" : "Off", "CPU",
               title(b->assignment, status),
               b->blacklisted && words->verbose ? "Blacklisted" : title(b->test, test),
               b->partition[0] ? "" : "Isolated", b->partition[0] ? domain : "");
    }
    return ERR_OK;
}

static void show_available(const struct api_snapshot *s, const struct api_partition *only)
{
    fputs("Available Component List for Domains:\n=====================================\n", stdout);
    for (uint32_t i = 0; i < s->n_partitions; i++) {
        char list[1024], domain[NAME_MAX_BYTES];
        if (only && only != &s->partitions[i])
            continue;
        printf("Available for domain %s:\n        %s\n", sms_domain_text(s, s->partitions[i].name, domain),
               available_of(s, i, list, sizeof list));
    }
}

static void show_domains(const struct api_snapshot *s, const struct api_partition *only)
{
    fputs("Domain Configurations:\n======================\n"
          "Domain ID  Domain Tag       Solaris Nodename   Domain Status\n",
          stdout);
    for (uint32_t i = 0; i < s->n_partitions; i++) {
        const struct api_partition *p = &s->partitions[i];
        if (!only || only == p)
            printf("%-10c %-16s %-18s %s\n", i < 18 ? 'A' + (int)i : '?', p->tag[0] ? p->tag : "-", p->name,
                   p->state);
    }
}

enum err_code sms_showplatform(struct words *words, struct err *err)
{
    const struct api_snapshot *s;
    const struct api_partition *only;
    bool domains = !words->report || strcmp(words->report, "domains") == 0;
    bool available = !words->report || strcmp(words->report, "available") == 0;
    if (!domains && !available)
        return err_set(
            err, ERR_USAGE,
            "-p %.20s of the real showplatform tells of what a simulated machine has not; here are "
            "domains and available",
            words->report);
    if (chosen(words, &s, &only, err))
        return err->code;
    if (!words->report && !only)
        printf("PLATFORM:\n=========\nPlatform Type: %s (simulated: %s)\n\n",
               s->n_systems ? s->systems[0].family : "-", s->scenario);
    if (available)
        show_available(s, only);
    if (available && domains)
        putchar('\n');
    if (domains)
        show_domains(s, only);
    return ERR_OK;
}

static bool wanted(const struct words *words, const struct api_partition *only, const struct api_board *board)
{
    if (only)
        return strcmp(board->partition, only->name) == 0;
    return board->partition[0] && is_among(words->rest, board->name);
}

static void cpu_rows(const struct api_snapshot *s, uint32_t board)
{
    const struct api_board *b = &s->boards[board];
    char domain[NAME_MAX_BYTES];
    sms_domain_text(s, b->partition, domain);
    for (uint32_t cpu = 0; cpu < b->cpus; cpu++) // ids as on a Sun Fire 15K: 32 to an expander
        printf("%-8s %-7s %-4u %-8s %-8llu %llu\n", domain, b->name, board * 32 + cpu,
               cpu < b->cpus_online ? "online" : "offline", (unsigned long long)(b->clock_hz / 1000000),
               (unsigned long long)(b->cache_bytes / MIB));
}

static uint64_t domain_memory(const struct api_snapshot *s, const char *partition)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < s->n_boards; i++)
        if (strcmp(s->boards[i].partition, partition) == 0)
            bytes += s->boards[i].memory_bytes;
    return bytes;
}

// In MB; what is below one is not rounded away.
static const char *megabytes(uint64_t bytes, char text[24])
{
    snprintf(text, 24, bytes && bytes < 100 * MIB && bytes % MIB ? "%.1f" : "%.0f",
             (double)bytes / (double)MIB);
    return text;
}

static void memory_row(const struct api_snapshot *s, const struct api_board *b, bool drains)
{
    char domain[NAME_MAX_BYTES], memory[24], permanent[24], all[24], deleted[24], left[24], base[24];
    snprintf(base, sizeof base, "0x%llx", (unsigned long long)b->real_base);
    printf("%-8s %-7s %-8s %-8s %-11s %s", sms_domain_text(s, b->partition, domain), b->name,
           megabytes(b->memory_bytes, memory), megabytes(b->permanent_bytes, permanent), base,
           megabytes(domain_memory(s, b->partition), all));
    if (drains)
        printf("%*s %-7s %-8s %s", 8 - (int)strlen(all), "", b->target[0] ? b->target : "-",
               megabytes(b->drained_bytes, deleted), megabytes(b->draining_bytes, left));
    putchar('\n');
}

static void cpu_head(void)
{
    fputs("CPU\n---\ndomain   board   id   state    speed    ecache  usage\n", stdout);
}

// Boards that drain stand in a table of their own.
static void memory_table(const struct api_snapshot *s, const struct words *words,
                         const struct api_partition *only, uint32_t board, bool drains)
{
    bool head = false;
    for (uint32_t i = 0; i < s->n_boards; i++) {
        const struct api_board *b = &s->boards[i];
        if (!wanted(words, only, b) || (b->draining_bytes > 0) != drains ||
            (board != UINT32_MAX && board != i))
            continue;
        if (!head && drains)
            fputs("drain in progress:\n-----------------\n"
                  "                 board    perm     base        domain   target  deleted  remaining\n"
                  "domain   board   mem MB   mem MB   address     mem MB   board   MB       MB\n",
                  stdout);
        else if (!head)
            fputs("                 board    perm     base        domain\n"
                  "domain   board   mem MB   mem MB   address     mem MB\n",
                  stdout);
        head = true;
        memory_row(s, b, drains);
    }
}

static void by_device(const struct api_snapshot *s, const struct words *words,
                      const struct api_partition *only, uint32_t board)
{
    cpu_head();
    for (uint32_t i = 0; i < s->n_boards; i++)
        if (wanted(words, only, &s->boards[i]) && (board == UINT32_MAX || board == i))
            cpu_rows(s, i);
    fputs("\nMemory\n------\n", stdout);
    memory_table(s, words, only, board, false);
    memory_table(s, words, only, board, true);
}

static void by_board(const struct api_snapshot *s, const struct words *words,
                     const struct api_partition *only)
{
    for (uint32_t i = 0; i < s->n_boards; i++) {
        if (!wanted(words, only, &s->boards[i]))
            continue;
        printf("%s\n====\n", s->boards[i].name);
        by_device(s, words, only, i);
        putchar('\n');
    }
}

// What taking the boards away would do: an offline query of the real command.
static enum err_code query(struct words *words, bool force, struct err *err)
{
    for (char **location = words->rest; *location; location++) {
        struct api_command command;
        struct api_plan plan;
        api_command_init(&command, API_DELETE);
        command.force = force;
        strcpy(command.board, *location);
        if (command_plan(&words->cli, &command, &plan, err))
            return err->code;
        show_plan(&command, &plan, stdout);
    }
    return ERR_OK;
}

enum err_code sms_showdevices(struct words *words, struct err *err)
{
    const struct api_snapshot *s;
    const struct api_partition *only;
    const char *report = words->report ? words->report : "bydevice";
    bool asks = strcmp(report, "query") == 0 || strcmp(report, "force") == 0;
    if ((words->domain != NULL) == (words->rest[0] != NULL) || (asks && words->domain))
        return err_set(err, ERR_USAGE, "either locations or -d, and for a query locations; usage: %s",
                       words->command->usage);
    if (cli_look(&words->cli, &s, err) || chosen(words, &s, &only, err) || check_boards(s, words->rest, err))
        return err->code;
    if (asks)
        return query(words, strcmp(report, "force") == 0, err);
    if (strcmp(report, "byboard") == 0)
        by_board(s, words, only);
    else if (strcmp(report, "bydevice") == 0)
        by_device(s, words, only, UINT32_MAX);
    else
        return err_set(err, ERR_USAGE, "-p: '%.20s' is no report; usage: %s", report, words->command->usage);
    return ERR_OK;
}
