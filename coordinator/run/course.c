// SPDX-License-Identifier: Apache-2.0
#include "coordinator/run/course.h"

#include <stdlib.h>
#include <string.h>

#include "coordinator/machine/units.h"
#include "coordinator/partition/words.h"
#include "coordinator/run/whole.h"
#include "proto/base/assert.h"

#define COURSE_BYTES_MAX (64u << 20) // of a saved one: a history of all rows, and a long journal

static void on_answer(void *self, uint64_t ticket, const struct err *outcome, uint64_t operation)
{
    const struct course *course = self;
    if (course->live && course->live->answer)
        course->live->answer(course->live->self, ticket, outcome, operation, NULL);
}

static void on_planned(void *self, uint64_t ticket, const struct err *outcome, const struct sc_plan *plan)
{
    const struct course *course = self;
    if (course->live && course->live->answer)
        course->live->answer(course->live->self, ticket, outcome, 0, plan);
}

// Of the log, which is for people: what operations came to, not each of their steps.
static bool is_news(const struct sc_event *event)
{
    static const char *const news[] = {"begun", "refused", "failed", "ended", "typed"};
    for (size_t i = 0; i < NP_ARRAY_LEN(news); i++)
        if (strcmp(event->what, news[i]) == 0)
            return true;
    return false;
}

static void on_event(void *self, const struct sc_event *event, const struct sc_operation *operation)
{
    struct course *course = self;
    char time[UNIT_TEXT_SIZE];
    if (course->log && is_news(event) && event->operation)
        fprintf(course->log, "at %s: operation %llu %s: %s\n", unit_pretty_time(event->at, time),
                (unsigned long long)event->operation, event->what, event->text);
    else if (course->log && is_news(event))
        fprintf(course->log, "at %s: %s: %s\n", unit_pretty_time(event->at, time), event->what, event->text);
    if (course->history)
        history_event(course->history, event, operation);
    if (course->live && course->live->event)
        course->live->event(course->live->self, event);
}

static sim_time on_next_sample(void *self)
{
    const struct course *course = self;
    return course->history ? history_next(course->history) : SIM_NEVER;
}

static void on_sample(void *self, sim_time at, const struct board_view *views)
{
    struct course *course = self;
    history_sample(course->history, at, views);
    if (course->live && course->live->recorded)
        course->live->recorded(course->live->self, views, course->scenario->machine.n_boards);
}

static void on_view(void *self, uint16_t board, struct board_view *view)
{
    const struct course *course = self;
    *view = *agenda_view(course->agenda, board);
}

void course_begin_history(struct course *course, sim_time interval, sim_time now)
{
    if (course->history)
        return;
    course->history = calloc(1, sizeof *course->history);
    NP_ASSERT(course->history);
    history_init(course->history, &course->scenario->machine, interval, course, on_view);
    history_begin(course->history, now);
}

static void make_agenda(struct course *course)
{
    const struct scenario *s = course->scenario;
    const struct agenda_hooks hooks = {course, on_answer, on_planned, on_event, on_next_sample, on_sample};
    struct agenda_command *commands = calloc(s->n_commands + 1u, sizeof *commands);
    NP_ASSERT(commands);
    for (uint32_t i = 0; i < s->n_commands; i++)
        commands[i] = (struct agenda_command){.at = s->commands[i].at, .command = s->commands[i].command};
    course->agenda = agenda_new(&s->machine, commands, s->n_commands, &hooks);
    free(commands);
}

enum err_code course_live(struct course *course, const struct agenda_command *live, struct err *err)
{
    const struct machine *machine = &course->scenario->machine;
    if (live->types) {
        if (journal_typed(&course->journal, machine, live->at, &live->line, err))
            return err->code;
        agenda_type(course->agenda, live->at, &live->line, live->ticket);
        return ERR_OK;
    }
    if (journal_command(&course->journal, machine, live->at, &live->command, err))
        return err->code;
    agenda_add(course->agenda, live->at, &live->command, live->ticket);
    return ERR_OK;
}

// The journal's commands as they were given, and a journal of them in the new folder.
static enum err_code do_again(struct course *course, const char *folder, struct err *err)
{
    struct journal_content content;
    enum err_code code = journal_read(folder, &course->scenario->machine, &content, err);
    for (uint32_t i = 0; i < content.n && !code; i++)
        code = course_live(course, &content.commands[i], err);
    for (uint32_t i = 0; i < content.n && !code; i++)
        if (!content.commands[i].types)
            course_begin_history(course, 0, 0);
    journal_content_free(&content);
    return code;
}

// The journal so far, so that a run that continues this one can be replayed from its beginning.
static void journal_state(struct course *course, struct archive *ar)
{
    uint32_t size = 0;
    char *bytes;
    FILE *file = ar_loading(ar) ? NULL : fopen(course->journal.path, "re");
    if (file) {
        fseek(file, 0, SEEK_END);
        size = (uint32_t)ftell(file);
        rewind(file);
    }
    ar_count(ar, &size, COURSE_BYTES_MAX);
    bytes = calloc(1, (size_t)size + 1);
    NP_ASSERT(bytes);
    if (file && fread(bytes, 1, size, file) != size)
        ar_fail(ar, "the journal cannot be read");
    ar_bytes(ar, bytes, size);
    for (uint32_t i = 0; ar_loading(ar) && i < size; i++)
        course->journal.n += bytes[i] == '\n';
    if (ar_loading(ar) && size && !ar_failed(ar)) {
        FILE *out = fopen(course->journal.path, "we");
        if (!out || fwrite(bytes, 1, size, out) != size)
            ar_fail(ar, "the journal cannot be written");
        if (out)
            fclose(out);
    }
    if (file)
        fclose(file);
    free(bytes);
}

static void course_state(struct course *course, struct archive *ar)
{
    bool history = course->history != NULL;
    agenda_state(course->agenda, ar);
    ar_bool(ar, &history);
    if (history && !course->history)
        course_begin_history(course, 0, 0);
    if (history)
        history_state(course->history, ar);
    journal_state(course, ar);
}

static enum err_code read_file(const char *path, uint8_t **bytes, size_t *size, struct err *err)
{
    FILE *in = fopen(path, "re");
    *size = 0;
    *bytes = malloc(COURSE_BYTES_MAX);
    NP_ASSERT(*bytes);
    if (!in)
        return err_errno(err, ERR_FILE, "%s", path);
    *size = fread(*bytes, 1, COURSE_BYTES_MAX, in);
    bool whole = feof(in) && !ferror(in);
    fclose(in);
    return whole ? ERR_OK : err_set(err, ERR_DAMAGED_STATE, "%s: cannot be read whole; save again", path);
}

static enum err_code resume(struct course *course, const char *folder, struct err *err)
{
    char path[PATH_MAX_BYTES + 32];
    uint8_t *bytes;
    size_t size;
    struct archive ar;
    snprintf(path, sizeof path, "%s/" COURSE_NAME, folder);
    enum err_code code = read_file(path, &bytes, &size, err);
    if (!code) {
        ar_init_load(&ar, bytes, size);
        course_state(course, &ar);
        if (!ar_failed(&ar) && ar.at != size)
            ar_fail(&ar, "it is longer than it should be");
        code = ar.err.code;
        if (code)
            err_set(err, code, "%s: %s", path, ar.err.text);
        ar_free(&ar);
    }
    free(bytes);
    return code;
}

enum err_code course_open(struct course *course, const struct scenario *scenario,
                          const struct course_options *options, const struct run_folder *folder,
                          struct err *err)
{
    *course = (struct course){.scenario = scenario, .log = folder->log, .live = course->live};
    make_agenda(course);
    journal_open(&course->journal, folder->path);
    if (options->series || scenario->n_commands)
        course_begin_history(course, options->series, 0);
    if (options->replay && do_again(course, options->replay, err))
        return err->code;
    return options->resumed ? resume(course, options->resumed, err) : ERR_OK;
}

void course_close(struct course *course)
{
    agenda_free(course->agenda);
    journal_close(&course->journal);
    if (course->history)
        history_free(course->history);
    free(course->history);
    *course = (struct course){0};
}

static bool has_gone_on(const struct course *course)
{
    for (uint16_t b = 0; b < course->scenario->machine.n_boards; b++)
        if (agenda_view(course->agenda, b)->accesses != course->history->last[b].accesses)
            return true;
    return false;
}

void course_end(struct course *course, sim_time at)
{
    if (!course->history || (at == SIM_NEVER && !has_gone_on(course)))
        return;
    history_sample(course->history, at == SIM_NEVER ? history_next(course->history) : at,
                   agenda_view(course->agenda, 0));
}

enum err_code course_save(struct course *course, const char *folder, struct err *err)
{
    struct archive ar;
    struct whole_file file;
    ar_init_save(&ar);
    course_state(course, &ar);
    enum err_code code = whole_open(&file, folder, COURSE_NAME, err);
    if (!code) {
        fwrite(ar.bytes, 1, ar.at, file.out);
        code = whole_finish(&file, err) ? err->code : whole_commit(&file, err);
    }
    ar_free(&ar);
    return code;
}

void course_warn(const struct course *course, FILE *out)
{
    uint32_t n;
    char text[SC_COMMAND_TEXT_SIZE], time[UNIT_TEXT_SIZE];
    const struct agenda_command *left = agenda_left(course->agenda, &n);
    for (uint32_t i = 0; i < n; i++)
        fprintf(out, "numaplex: warning: the run ended before this command's time: %s at %s\n",
                left[i].types ? "a line at a console"
                              : sc_command_text(&course->scenario->machine, &left[i].command, text),
                unit_pretty_time(left[i].at, time));
}
