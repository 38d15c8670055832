// SPDX-License-Identifier: Apache-2.0
#include "hmc/cli/show.h"

#include <stdarg.h>
#include <string.h>

#include "hmc/cli/table.h"
#include "hmc/client/client.h"

#define LIST_TEXT 1024

// Adds a name to a list; what does not fit is left out as " ...".
static size_t append(char *text, size_t used, size_t size, const char *name)
{
    if (used + strlen(name) + 6 > size) {
        if (used >= 4 && strcmp(text + used - 3, "...") != 0)
            used += (size_t)snprintf(text + used, size - used, " ...");
        return used;
    }
    return used + (size_t)snprintf(text + used, size - used, "%s%s", used ? " " : "", name);
}

const char *boards_of(const struct api_snapshot *snapshot, const char *partition, char *text, size_t size)
{
    size_t used = 0;
    snprintf(text, size, "-");
    for (uint32_t i = 0; i < snapshot->n_boards; i++)
        if (strcmp(snapshot->boards[i].partition, partition) == 0)
            used = append(text, used, size, snapshot->boards[i].name);
    return text;
}

const char *available_of(const struct api_snapshot *snapshot, uint32_t partition, char *text, size_t size)
{
    const uint64_t *available = snapshot->partitions[partition].available;
    size_t used = 0;
    snprintf(text, size, "-");
    for (uint32_t i = 0; i < snapshot->n_boards; i++)
        if (available[i / 64] >> (i % 64) & 1)
            used = append(text, used, size, snapshot->boards[i].name);
    return text;
}

bool is_among(char *const *names, const char *name)
{
    bool any = false;
    for (; names && *names; names++, any = true)
        if (strcmp(*names, name) == 0)
            return true;
    return !any;
}

enum err_code check_boards(const struct api_snapshot *snapshot, char *const *names, struct err *err)
{
    char all[LIST_TEXT / 4] = "";
    for (; names && *names; names++) {
        if (client_board(snapshot, *names))
            continue;
        for (uint32_t i = 0, used = 0; i < snapshot->n_boards; i++)
            used = (uint32_t)append(all, used, sizeof all, snapshot->boards[i].name);
        return err_set(err, ERR_UNKNOWN_NAME, "there is no board '%.60s'; boards are %s", *names, all);
    }
    return ERR_OK;
}

enum err_code check_partitions(const struct api_snapshot *snapshot, char *const *names, struct err *err)
{
    char all[LIST_TEXT / 4] = "";
    for (; names && *names; names++) {
        if (client_partition(snapshot, *names))
            continue;
        for (uint32_t i = 0, used = 0; i < snapshot->n_partitions; i++)
            used = (uint32_t)append(all, used, sizeof all, snapshot->partitions[i].name);
        return err_set(err, ERR_UNKNOWN_NAME, "there is no domain '%.60s'; domains are %s", *names, all);
    }
    return ERR_OK;
}

void show_head(const struct api_snapshot *s, FILE *out)
{
    char now[UNIT_TEXT], until[UNIT_TEXT], pace[UNIT_TEXT];
    fprintf(out, "%s: %s at %s", s->scenario, s->state, time_text(s->time_ps, now));
    if (s->until_ps)
        fprintf(out, " of %s", time_text(s->until_ps, until));
    fputs(" of simulated time", out);
    if (s->ps_per_s)
        fprintf(out, ", slowed to %s a second", time_text(s->ps_per_s, pace));
    fprintf(out, "\nrun folder %s\n", s->folder);
}

__attribute__((format(printf, 3, 4))) static void remark(char *text, size_t size, const char *fmt, ...)
{
    size_t used = strlen(text);
    va_list args;
    va_start(args, fmt);
    if (used && used + 3 < size) {
        strcpy(text + used, ", ");
        used += 2;
    }
    vsnprintf(text + used, size - used, fmt, args);
    va_end(args);
}

// "drained 2.0 MiB of 6.0 MiB, core, blacklisted"
static const char *remarks(const struct api_board *b, char *text, size_t size)
{
    char done[UNIT_TEXT], all[UNIT_TEXT];
    text[0] = '\0';
    if (b->draining_bytes)
        remark(text, size, "drained %s of %s", bytes_text(b->drained_bytes, done),
               bytes_text(b->drained_bytes + b->draining_bytes, all));
    if (b->standby && (b->cpus_online || b->used_bytes))
        remark(text, size, "the guest uses %u CPUs, %s", b->cpus_online, bytes_text(b->used_bytes, done));
    else if (b->standby)
        remark(text, size, "standby");
    if (b->core)
        remark(text, size, "core");
    if (b->floating)
        remark(text, size, "floating");
    if (!b->use_on_next_boot)
        remark(text, size, "not used on next boot");
    if (b->next_partition[0])
        remark(text, size, "%s on next boot", b->next_partition);
    if (b->blacklisted)
        remark(text, size, "blacklisted");
    return text;
}

static void board_row(struct table *table, const struct api_board *b)
{
    char memory[UNIT_TEXT], used[UNIT_TEXT], permanent[UNIT_TEXT], text[256];
    table_cell(table, "%s", b->name);
    table_cell(table, "%s", b->partition[0] ? b->partition : "-");
    table_cell(table, "%s", b->assignment);
    table_cell(table, "%s, %s", b->receptacle, b->occupant);
    table_cell(table, "%s", b->powered ? "on" : "off");
    table_cell(table, "%s", b->test);
    table_cell(table, "%u/%u", b->cpus_online, b->cpus);
    table_cell(table, "%u", b->threads);
    table_cell(table, "%s", bytes_text(b->memory_bytes, memory));
    table_cell(table, "%s", bytes_text(b->used_bytes, used));
    table_cell(table, "%s", b->permanent_bytes ? bytes_text(b->permanent_bytes, permanent) : "-");
    table_cell(table, "%s", remarks(b, text, sizeof text));
}

enum err_code show_boards(const struct api_snapshot *snapshot, char *const *names, FILE *out, struct err *err)
{
    if (check_boards(snapshot, names, err))
        return err->code;
    struct table *table =
        table_new("Board|Domain|Assignment|Attachment|Power|Test|>CPUs|>Threads|>Memory|>Used|"
                  ">Permanent|Remarks");
    for (uint32_t i = 0; i < snapshot->n_boards; i++)
        if (is_among(names, snapshot->boards[i].name))
            board_row(table, &snapshot->boards[i]);
    table_print(table, out);
    return ERR_OK;
}

static void partition_row(struct table *table, const struct api_snapshot *snapshot, uint32_t partition)
{
    const struct api_partition *p = &snapshot->partitions[partition];
    char list[LIST_TEXT], memory[UNIT_TEXT], time[UNIT_TEXT];
    uint32_t cpus = 0;
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < snapshot->n_boards; i++) {
        const struct api_board *b = &snapshot->boards[i];
        bool theirs = strcmp(b->partition, p->name) == 0;
        cpus += theirs ? b->cpus_online : 0;
        if (theirs && strcmp(b->occupant, "configured") == 0)
            bytes += p->has_guest ? b->used_bytes : b->memory_bytes;
    }
    table_cell(table, "%s", p->name);
    table_cell(table, "%s", p->tag[0] ? p->tag : "-");
    table_cell(table, "%s", p->state);
    table_cell(table, "%s", p->position);
    table_cell(table, "%u", cpus);
    table_cell(table, "%s", bytes_text(bytes, memory));
    table_cell(table, "%u", p->running);
    table_cell(table, "%s", time_text(p->time_ps, time));
    table_cell(table, "%s", boards_of(snapshot, p->name, list, sizeof list));
    table_cell(table, "%s", available_of(snapshot, partition, list, sizeof list));
}

enum err_code show_partitions(const struct api_snapshot *snapshot, char *const *names, FILE *out,
                              struct err *err)
{
    if (check_partitions(snapshot, names, err))
        return err->code;
    struct table *table =
        table_new("Domain|Tag|State|Keyswitch|>CPUs|>Memory|>Running|>Time|Boards|Available");
    for (uint32_t i = 0; i < snapshot->n_partitions; i++)
        if (is_among(names, snapshot->partitions[i].name))
            partition_row(table, snapshot, i);
    table_print(table, out);
    return ERR_OK;
}

void show_operations(const struct api_snapshot *snapshot, FILE *out)
{
    struct table *table = table_new(">Id|Command|Board|From|To|Step|>Pages|>Began|>Took|Outcome");
    for (uint32_t i = 0; i < snapshot->n_operations; i++) {
        const struct api_operation *o = &snapshot->operations[i];
        char began[UNIT_TEXT], took[UNIT_TEXT];
        table_cell(table, "%llu", (unsigned long long)o->id);
        table_cell(table, "%s", o->verb);
        table_cell(table, "%s", o->board[0] ? o->board : "-");
        table_cell(table, "%s", o->from[0] ? o->from : "-");
        table_cell(table, "%s", o->to[0] ? o->to : "-");
        table_cell(table, "%s", o->step);
        table_cell(table, "%llu/%llu", (unsigned long long)o->pages_done, (unsigned long long)o->pages_total);
        table_cell(table, "%s", time_text(o->began_ps, began));
        table_cell(table, "%s", o->ended_ps ? time_text(o->ended_ps - o->began_ps, took) : "-");
        if (o->outcome.code)
            table_cell(table, "%s %s", err_id(o->outcome.code), o->outcome.text);
        else
            table_cell(table, "%s", o->ended_ps ? "done" : "under way");
    }
    table_print(table, out);
}

void show_event(const struct api_event *event, FILE *out)
{
    char time[UNIT_TEXT];
    fprintf(out, "%6llu  %12s  %-8s  ", (unsigned long long)event->seq, time_text(event->time_ps, time),
            event->what);
    if (event->operation)
        fprintf(out, "[%llu] ", (unsigned long long)event->operation);
    fputs(event->text, out);
    if (event->pages_total)
        fprintf(out, " (%llu of %llu pages)", (unsigned long long)event->pages_done,
                (unsigned long long)event->pages_total);
    fprintf(out, "%s%s\n", event->user[0] ? ", by " : "", event->user);
}

static void plan_side(const char *partition, const uint32_t cpus[2], const uint64_t memory[2], FILE *out)
{
    char before[UNIT_TEXT], after[UNIT_TEXT];
    if (partition[0])
        fprintf(out, "  %s: %u CPUs -> %u, %s -> %s\n", partition, cpus[0], cpus[1],
                bytes_text(memory[0], before), bytes_text(memory[1], after));
}

void show_plan(const struct api_command *command, const struct api_plan *p, FILE *out)
{
    char text[UNIT_TEXT];
    fprintf(out, "%s %s%s%s would:\n", api_verb_word(command->verb),
            command->board[0] ? command->board : command->partition,
            command->board[0] && command->partition[0] ? " to " : "",
            command->board[0] ? command->partition : "");
    plan_side(p->from, (const uint32_t[]){p->cpus_from_before, p->cpus_from_after},
              (const uint64_t[]){p->memory_from_before, p->memory_from_after}, out);
    plan_side(p->to, (const uint32_t[]){p->cpus_to_before, p->cpus_to_after},
              (const uint64_t[]){p->memory_to_before, p->memory_to_after}, out);
    if (p->standby_cpus)
        fprintf(
            out,
            "  %u CPUs and %s of storage are offered to the guest of %s, which takes them when it likes\n",
            p->standby_cpus, bytes_text(p->standby_bytes, text), p->to);
    if (p->threads)
        fprintf(out, "  %u threads leave the board\n", p->threads);
    if (p->drain_bytes)
        fprintf(out, "  %s of pages in use move to other boards\n", bytes_text(p->drain_bytes, text));
    if (p->permanent_bytes)
        fprintf(out, "  %s of memory that cannot be drained are copied to %s while the domain stands still\n",
                bytes_text(p->permanent_bytes, text), p->copy_target[0] ? p->copy_target : "no board");
    fputs("Nothing was changed.\n", out);
}
