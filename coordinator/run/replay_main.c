// SPDX-License-Identifier: Apache-2.0
// numaplex replay: a run once more, with everything that people did to it while it went on.
#include <argp.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "coordinator/machine/units.h"
#include "coordinator/run/digest_file.h"
#include "coordinator/run/journal.h"
#include "coordinator/run/options.h"
#include "coordinator/run/verbs.h"

struct replay {
    const char *folder, *to, *nodes, *threads;
    bool quiet, force;
    sim_time until;  // where the replay ends; SIM_NEVER: where the run would by itself
    bool comparable; // what it comes to, with what RUN_DIR came to
};

static const struct argp_option options[] = {
    {"to", 'o', "DIR", 0, "run folder of the replay (runs/NAME-TIME)", 0},
    {"nodes", 'n', "N", 0, "processes that simulate boards, as for numaplex run", 0},
    {"threads", 't', "T", 0, "threads of the one process; implies --nodes 1", 0},
    {"until", 'u', "TIME", 0, "end there, and compare nothing that lies elsewhere", 0},
    {"quiet", 'q', 0, 0, "print nothing but what is wrong", 0},
    {"force", 'f', 0, 0, "remove the results of another run from DIR", 0},
    {0},
};

static error_t read_until(struct replay *r, const char *text, struct argp_state *state)
{
    if (unit_parse(UNIT_TIME, text, &r->until) || r->until == 0 || r->until == SIM_NEVER)
        argp_error(state, "--until: '%s' is no time after 0, as 2ms", text);
    return 0;
}

static error_t parse_option(int key, char *text, struct argp_state *state)
{
    struct replay *r = state->input;
    switch (key) {
    case 'o':
        r->to = text;
        return 0;
    case 'n':
        r->nodes = text;
        return 0;
    case 't':
        r->threads = text;
        return 0;
    case 'u':
        return read_until(r, text, state);
    case 'q':
        r->quiet = true;
        return 0;
    case 'f':
        r->force = true;
        return 0;
    case ARGP_KEY_ARG:
        if (r->folder)
            argp_error(state, "%s: one RUN_DIR only", text);
        r->folder = text;
        return 0;
    case ARGP_KEY_END:
        if (!r->folder)
            argp_error(state, "name the run folder to do again");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp argp = {
    options,
    parse_option,
    "RUN_DIR",
    "Runs RUN_DIR's resolved.yaml with what its journal.jsonl says was done to it, at the same simulated "
    "times, and compares the digests. A run that was stopped is replayed to the time of its stop.",
    NULL,
    NULL,
    NULL};

// The command line of `numaplex run` that does it.
static enum err_code read_command(const struct replay *r, struct run_command *command, struct err *err)
{
    static char resolved[PATH_MAX_BYTES];
    char name[] = "numaplex replay", *argv[16] = {name, resolved};
    static char to[PATH_MAX_BYTES + 8], nodes[32], threads[32], quiet[] = "--quiet", force[] = "--force";
    int argc = 2;
    if (snprintf(resolved, sizeof resolved, "%s/resolved.yaml", r->folder) >= (int)sizeof resolved)
        return err_set(err, ERR_LIMIT, "%s: the path is too long", r->folder);
    if (access(resolved, R_OK) != 0)
        return err_errno(err, ERR_FILE, "%s: is this the folder of a run?", resolved);
    if (r->to && snprintf(to, sizeof to, "--out=%s", r->to) < (int)sizeof to)
        argv[argc++] = to;
    if (r->nodes && snprintf(nodes, sizeof nodes, "--nodes=%s", r->nodes) < (int)sizeof nodes)
        argv[argc++] = nodes;
    if (r->threads && snprintf(threads, sizeof threads, "--threads=%s", r->threads) < (int)sizeof threads)
        argv[argc++] = threads;
    if (r->quiet)
        argv[argc++] = quiet;
    if (r->force)
        argv[argc++] = force;
    if (run_command_read(command, argc, argv, err))
        return err->code;
    command->replay = r->folder;
    command->no_control = true; // what consoles did stands in the journal, and no more is to come
    return ERR_OK;
}

static void warn(const struct replay *r, const char *why)
{
    fprintf(stderr, "numaplex: warning: nothing will be compared: %s %s\n", r->folder, why);
}

// Where the replay ends, and whether it can be compared then; who waits for one that cannot is told before.
static void find_end(struct replay *r)
{
    bool even, asked = r->until != SIM_NEVER;
    char path[PATH_MAX_BYTES + 8], time[UNIT_TEXT_SIZE];
    sim_time stop = journal_stop_of(r->folder, &even);
    snprintf(path, sizeof path, "%s/digest", r->folder);
    bool stopped = stop != SIM_NEVER, digest = access(path, F_OK) == 0;
    r->comparable = digest && (!asked || r->until == stop);
    if (!asked)
        r->until = stop;
    if (r->comparable && stopped && !r->quiet)
        printf("%s was stopped at %s; the replay ends there\n", r->folder, unit_pretty_time(stop, time));
    else if (!digest && stopped && !even)
        warn(r, "was stopped where its partitions stood at different times");
    else if (!digest)
        warn(r, "has no digest, since its run did not end in order");
    else if (!r->comparable)
        warn(r, stopped ? "was stopped at another time" : "has a digest of its end only");
}

static enum err_code compare(const char *before, const char *now, bool quiet, struct err *err)
{
    static struct digest_file a, b; // large
    if (digest_file_read(&a, before, err) || digest_file_read(&b, now, err))
        return err->code;
    bool same = strcmp(a.run, b.run) == 0;
    if (same && !quiet)
        printf("The same digest as %s: %s\n", before, a.run);
    else if (!same)
        err_set(err, ERR_DIFFER, "%s has digest %s, its replay %s; see numaplex digest %s %s --diff", before,
                a.run, b.run, before, now);
    digest_file_free(&a);
    digest_file_free(&b);
    return same ? ERR_OK : err->code;
}

int replay_main(int argc, char **argv)
{
    static struct run_command command;
    struct replay replay = {.until = SIM_NEVER};
    char folder[PATH_MAX_BYTES];
    struct err err;
    if (argp_parse(&argp, argc, argv, 0, NULL, &replay))
        return EXIT_CLASS_USAGE;
    if (read_command(&replay, &command, &err))
        return err_report(&err);
    find_end(&replay);
    command.until_given = replay.until != SIM_NEVER;
    command.until = replay.until;
    int status = run_execute(&command, folder);
    if (status == EXIT_CLASS_OK && replay.comparable && compare(replay.folder, folder, replay.quiet, &err))
        return err_report(&err);
    return status;
}
