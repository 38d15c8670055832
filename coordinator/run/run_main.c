// SPDX-License-Identifier: Apache-2.0
// numaplex run: from a scenario to a run folder. This file tells the story; each step is a file of its own.
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "coordinator/control/consoles.h"
#include "coordinator/machine/units.h"
#include "coordinator/run/claims.h"
#include "coordinator/run/course.h"
#include "coordinator/run/drive.h"
#include "coordinator/run/find.h"
#include "coordinator/run/guest_ends.h"
#include "coordinator/run/guest_names.h"
#include "coordinator/run/manifest.h"
#include "coordinator/run/publish.h"
#include "coordinator/run/recordings.h"
#include "coordinator/run/standing.h"
#include "coordinator/run/verbs.h"

struct run {
    struct run_command command;
    struct scenario scenario;
    struct manifest manifest; // of the state to continue from
    struct plan plan;
    struct watch_list watch;
    struct timeline_range range;
    struct timeline_file timeline;
    struct instruction_trace trace;
    struct console_view view;
    struct text_files texts;
    struct run_folder folder;
    struct course course;
    struct consoles *consoles; // NULL: not yet
    struct drive_live_hooks hooks;
    struct outcome outcome;
    struct progress progress;
    char resume[PATH_MAX_BYTES]; // absolute; "": none
    char saving[PATH_MAX_BYTES]; // folder of the state being saved; "": none
    char last_words[LAST_WORDS_SIZE];
};

static enum err_code open_saved_state(struct run *run, struct err *err)
{
    const char *given = run->command.resume;
    char *path = realpath(given, NULL);
    if (!path)
        return err_errno(err, ERR_FILE, "--continue %s", given);
    int n = snprintf(run->resume, sizeof run->resume, "%s", path);
    free(path);
    if (n >= (int)sizeof run->resume)
        return err_set(err, ERR_LIMIT, "--continue %s: the path is too long", given);
    return manifest_read(&run->manifest, run->resume, err);
}

static enum err_code read_scenario(struct run *run, struct err *err)
{
    char path[PATH_MAX_BYTES];
    const struct run_command *command = &run->command;
    if (command->resume && open_saved_state(run, err))
        return err->code;
    if (!command->file) {
        if (scenario_read_text(run->manifest.resolved, strlen(run->manifest.resolved),
                               "the saved state's scenario", &run->scenario, err))
            return err->code;
    } else if (find_scenario(command->file, path, err) ||
               scenario_read_set(path, &command->settings, &run->scenario, err)) {
        return err->code;
    }
    if (command->seed_given)
        scenario_set_seed(&run->scenario, command->seed);
    if (command->until_given)
        run->scenario.machine.until = command->until;
    return ERR_OK;
}

// A saved state has its own past: an end before it is a mistake better told now.
static enum err_code check_resume(const struct run *run, struct err *err)
{
    char text[UNIT_TEXT_SIZE];
    if (!run->resume[0])
        return ERR_OK;
    if (run->scenario.machine.until < run->manifest.time)
        return err_set(err, ERR_USAGE, "--until: the saved state is at %s already; name a later time",
                       unit_pretty_time(run->manifest.time, text));
    return manifest_fits(&run->manifest, &run->scenario, err);
}

// Everything that can be refused is refused here, before a folder is made or a process started.
static enum err_code prepare(struct run *run, struct err *err)
{
    const struct run_command *command = &run->command;
    if (read_scenario(run, err))
        return err->code;
    if (plan_make(&run->plan, &run->scenario.machine, command->nodes, command->threads, err))
        return err->code;
    if (watch_resolve(command, &run->scenario.machine, &run->watch, err) ||
        timeline_resolve(command, &run->scenario.machine, &run->range, err) ||
        trace_resolve(command, &run->scenario.machine, &run->trace, err))
        return err->code;
    progress_init(&run->progress, run->scenario.machine.until, command->quiet);
    if (console_view_open(&run->view, command, &run->scenario.machine, &run->progress, err))
        return err->code;
    if (recordings_make(&run->scenario, &run->progress, err))
        return err->code;
    return check_resume(run, err);
}

static enum err_code make_folder(struct run *run, struct err *err)
{
    const struct run_command *command = &run->command;
    if (folder_open(&run->folder, command->out, run->scenario.machine.name, command->force, err))
        return err->code;
    if (publish_resolved(&run->folder, &run->scenario, err))
        return err->code;
    if (run_command_saves(command))
        return publish_save_begin(&run->folder, run->saving, err);
    return ERR_OK;
}

static enum err_code open_texts(struct run *run, struct err *err)
{
    run->texts.view = &run->view;
    if (text_files_open(&run->texts, &run->folder, &run->scenario.machine, &run->plan, &run->trace,
                        run->command.text_limit, err))
        return err->code;
    return run->resume[0] ? text_files_continue(&run->texts, &run->manifest, err) : ERR_OK;
}

static enum err_code open_course(struct run *run, struct err *err)
{
    const struct course_options options = {.series = run->command.series,
                                           .replay = run->command.replay,
                                           .resumed = run->resume[0] ? run->resume : NULL};
    return course_open(&run->course, &run->scenario, &options, &run->folder, err);
}

// Nobody may connect; consoles that come later find how the run ended.
static void shut_consoles(struct run *run)
{
    consoles_shut(&run->consoles, &run->scenario.machine, run->folder.path, &run->hooks);
    run->course.live = &run->hooks;
}

static bool has_guest(const struct machine *machine)
{
    for (uint32_t p = 0; p < machine->n_partitions; p++)
        if (machine->partitions[p].guest.image[0])
            return true;
    return false;
}

// Somebody who did not ask for consoles gets the run without them when they cannot be had.
static enum err_code open_consoles(struct run *run, struct err *err)
{
    const struct run_command *c = &run->command;
    const struct machine *machine = &run->scenario.machine;
    bool asked = c->control || c->paused || c->hold;
    if (c->no_control || !(asked || machine->n_pools || has_guest(machine))) {
        shut_consoles(run);
        return ERR_OK;
    }
    enum err_code code =
        consoles_open(&run->consoles, machine, run->folder.path, c->paused, &run->hooks, err);
    if (code && asked)
        return code;
    if (code) {
        fprintf(stderr, "numaplex: warning: no console can connect: %s\n", err->text);
        shut_consoles(run);
        return ERR_OK;
    }
    run->course.live = &run->hooks;
    if (c->paused && !c->quiet)
        fprintf(stderr, "numaplex: paused at its beginning; numaplex continue --run %s lets it go\n",
                run->folder.shown);
    return ERR_OK;
}

static enum err_code simulate(struct run *run, struct err *err)
{
    const struct drive_config config = {.machine = &run->scenario.machine,
                                        .plan = &run->plan,
                                        .command = &run->command,
                                        .folder = &run->folder,
                                        .resume_folder = run->resume,
                                        .save_folder = run->saving,
                                        .watch = &run->watch,
                                        .timeline = &run->range,
                                        .timeline_file = &run->timeline,
                                        .text_files = &run->texts,
                                        .course = &run->course,
                                        .progress = progress_show,
                                        .context = &run->progress};
    if (run->range.interval &&
        timeline_open(&run->timeline, &run->folder, &run->scenario.machine, &run->plan, err))
        return err->code;
    if (open_texts(run, err) || open_course(run, err) || open_consoles(run, err))
        return err->code;
    outcome_init(&run->outcome, &run->scenario.machine, &run->plan);
    enum err_code code = drive_run(&config, &run->outcome, run->last_words, err);
    progress_clear(&run->progress);
    struct err lost;
    if (text_files_finish(&run->texts, &lost) && !code)
        *err = lost;
    return err->code;
}

static enum err_code flush_output(struct err *err)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return ERR_OK;
    return err_errno(err, ERR_FILE, "standard output cannot be written; the run folder is whole");
}

static void print_saved_json(const char *folder, sim_time at)
{
    json_t *json = json_pack("{s:s, s:i, s:s, s:I}", "format", "numaplex-saved", "version", 1, "folder",
                             folder, "time_ps", (json_int_t)at);
    json_dumpf(json, stdout, 0);
    putchar('\n');
    json_decref(json);
}

static enum err_code save_manifest(struct run *run, struct err *err)
{
    struct saved_text *texts;
    uint32_t n;
    enum err_code code = text_files_save(&run->texts, run->saving, &texts, &n, err);
    if (!code)
        code = course_save(&run->course, run->saving, err);
    if (!code)
        code = manifest_write(run->saving, &run->scenario, &run->outcome, texts, n, run->folder.epoch, err);
    free(texts);
    return code;
}

static enum err_code save(struct run *run, struct err *err)
{
    char final[PATH_MAX_BYTES], time[UNIT_TEXT_SIZE];
    sim_time at = 0;
    if (folder_is_ours(&run->folder, err) || save_manifest(run, err) ||
        publish_save_end(&run->folder, run->saving, final, err))
        return err->code;
    for (uint32_t p = 0; p < run->scenario.machine.n_partitions; p++)
        at = sim_max(at, run->outcome.groups[p].time);
    if (run->command.json)
        print_saved_json(final, at);
    else if (!run->command.quiet)
        printf("Saved at %s of simulated time. To go on:\n  numaplex run --continue %s\n",
               unit_pretty_time(at, time), final);
    return flush_output(err);
}

static enum err_code report(struct run *run, struct err *err)
{
    const struct run_report report = {&run->scenario, &run->command, &run->plan,
                                      &run->outcome,  &run->folder,  &run->watch};
    if (run->saving[0]) {
        rmdir(run->saving);
        fprintf(stderr, "numaplex: warning: the run ended before its save point; nothing was saved\n");
    }
    course_warn(&run->course, stderr);
    run->outcome.history = run->course.history;
    run->course.history = NULL;
    timeline_warn(&run->timeline, stderr);
    if (outcome_complete(&run->outcome, &run->scenario.machine, err) ||
        timeline_finish(&run->timeline, err) || publish_results(&report, err))
        return err->code;
    if (run->command.json)
        return results_json_write(&report, stdout, err);
    if (!run->command.quiet)
        summary_print(&report, stdout);
    return ERR_OK;
}

// What the scenario claims is claimed of the file as it stands: with other values it is only shown.
static enum err_code check_claims(const struct run *run, const struct run_report *report, struct err *err)
{
    const struct run_command *c = &run->command;
    bool as_it_stands = !c->settings.n && !c->seed_given && !c->until_given && !run->outcome.interrupted;
    if (run->scenario.n_claims == 0 || !as_it_stands || run->outcome.reason == PAUSE_SAVE_POINT)
        return ERR_OK;
    json_t *document = results_document(report);
    enum err_code code = claims_check(&run->scenario, document, err);
    json_decref(document);
    return code;
}

// What the user must be told although all went well: wrong values first.
static enum err_code conclude(const struct run *run, struct err *err)
{
    const struct run_report report = {&run->scenario, &run->command, &run->plan,
                                      &run->outcome,  &run->folder,  &run->watch};
    if (report_checks(&report, err) || guest_ends_check(&report, err) || check_claims(run, &report, err) ||
        flush_output(err))
        return err->code;
    if (run->outcome.interrupted)
        return err_set(err, ERR_INTERRUPTED, "interrupted; the results in %s are partial", run->folder.shown);
    return ERR_OK;
}

// What a process said that died without giving a reason; a line of which only the end is left is not shown.
static void say_last_words(const char *words)
{
    bool cut = strlen(words) == LAST_WORDS_SIZE - 1;
    const char *line = cut ? words + strcspn(words, "\n") : words;
    if (*line)
        fprintf(stderr, "Its last words (the log has all):\n");
    for (line += *line == '\n'; *line; line += *line == '\n') {
        fprintf(stderr, "  | %.*s\n", (int)strcspn(line, "\n"), line);
        line += strcspn(line, "\n");
    }
}

// The reason, and how the partitions stood.
static void fail_folder(struct run *run, const struct err *err)
{
    char *standing = NULL;
    size_t size;
    FILE *out = run->course.agenda ? open_memstream(&standing, &size) : NULL;
    if (out) {
        standing_write(&run->course, run->outcome.groups, out);
        fclose(out);
    }
    folder_fail(&run->folder, err, standing, run->command.keep);
    free(standing);
}

static enum err_code do_run(struct run *run, struct err *err)
{
    if (prepare(run, err))
        return err->code;
    enum err_code code = make_folder(run, err);
    if (!code)
        code = simulate(run, err);
    if (!code)
        code = run->saving[0] && run->outcome.reason == PAUSE_SAVE_POINT ? save(run, err) : report(run, err);
    if (code && run->folder.epoch)
        fail_folder(run, err);
    return code ? code : conclude(run, err);
}

int run_execute(const struct run_command *command, char folder[PATH_MAX_BYTES])
{
    static struct run run; // large, and there is one
    struct err err;
    run.command = *command;
    // A reader of our output that goes away, or a file that may not grow, is an error of a call, not a death.
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    err_clear(&err);
    enum err_code code = do_run(&run, &err);
    if (folder)
        memcpy(folder, run.folder.path, PATH_MAX_BYTES);
    int status = code ? err_report(&err) : EXIT_CLASS_OK;
    say_last_words(run.last_words);
    if (command->hold && run.consoles && !code) {
        fprintf(stderr, "numaplex: open to consoles (--hold); Ctrl-C or numaplex stop ends it\n");
        consoles_hold(run.consoles);
    }
    consoles_close(run.consoles, &err);
    timeline_drop(&run.timeline, run.command.keep);
    text_files_close(&run.texts);
    course_close(&run.course);
    console_view_free(&run.view);
    folder_close(&run.folder);
    outcome_free(&run.outcome);
    manifest_free(&run.manifest);
    scenario_free(&run.scenario);
    return status;
}

int run_main(int argc, char **argv)
{
    static struct run_command command;
    struct err err;
    if (run_command_read(&command, argc, argv, &err))
        return err_report(&err);
    return run_execute(&command, NULL);
}
