// SPDX-License-Identifier: Apache-2.0
// numaplex record: the command line, progress and summary.
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "coordinator/record/record.h"

struct command {
    struct recording_request request;
    char out[PATH_MAX_BYTES];
};

static volatile sig_atomic_t cancelled;

static void on_signal(int signal_number)
{
    (void)signal_number;
    cancelled = 1;
}

// Counts may end in k, M or G (thousands).
static uint64_t parse_count(const char *text, struct argp_state *state)
{
    char *end;
    errno = 0;
    unsigned long long count = strtoull(text, &end, 10);
    uint64_t unit = *end == 'k' ? 1000 : *end == 'M' ? 1000000 : *end == 'G' ? 1000000000 : 1;
    if (unit > 1)
        end++;
    if (errno || end == text || *end || text[0] == '-' || count > UINT64_MAX / unit)
        argp_error(state, "'%s' is not a count of references (such as 5000000 or 5M)", text);
    return count * unit;
}

static enum recording_tool parse_tool(const char *text, struct argp_state *state)
{
    for (unsigned i = 0; i < TOOL_COUNT; i++)
        if (strcmp(text, recording_tool_names[i]) == 0)
            return i;
    argp_error(state, "'%s' is no tool; there are auto, qemu and lackey", text);
    return TOOL_AUTO;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct command *command = state->input;
    switch (key) {
    case 'o':
        if (snprintf(command->out, sizeof command->out, "%s", arg) >= (int)sizeof command->out)
            argp_error(state, "the name of the file is too long");
        return 0;
    case 'm':
        command->request.max_refs = parse_count(arg, state);
        return 0;
    case 's':
        command->request.skip = parse_count(arg, state);
        return 0;
    case 'e':
        command->request.keep_env = true;
        return 0;
    case 't':
        command->request.tool = parse_tool(arg, state);
        return 0;
    case 'q':
        command->request.quiet = true;
        return 0;
    case ARGP_KEY_ARGS:
        command->request.argv = state->argv + state->next;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "the program to record is missing");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    {"output", 'o', "FILE", 0, "the trace to write (PROGRAM" TRACE_SUFFIX ")", 0},
    {"max-refs", 'm', "N", 0, "stop the program after N recorded references; k, M, G are understood", 0},
    {"skip", 's', "N", 0, "leave out the first N references", 0},
    {"tool", 't', "TOOL", 0,
     "qemu (threads become streams; x86-64 and s390x programs), lackey (follows programs that the program "
     "starts), or auto: qemu where it can, else lackey",
     0},
    {"keep-env", 'e', NULL, 0, "give the program this environment instead of a fixed small one", 0},
    {"quiet", 'q', NULL, 0, "connect the program to /dev/null", 0},
    {0},
};

static const struct argp argp = {
    options,
    parse_option,
    "[--] PROGRAM [ARGS...]",
    "Records the instruction fetches, loads, stores and synchronisation of a program, its threads and its "
    "forks, by running it under qemu-user or valgrind, for replay on simulated CPUs.\vThe program runs some "
    "fifty times slower than it would by itself.",
    NULL,
    NULL,
    NULL};

static void show_progress(void *context, uint64_t refs, uint64_t skipped, uint64_t bytes, double seconds)
{
    (void)context;
    fprintf(stderr, "\r\033[Krecording: %.1f M references", 1e-6 * (double)refs);
    if (skipped && !refs)
        fprintf(stderr, " (skipping: %.1f M)", 1e-6 * (double)skipped);
    fprintf(stderr, ", %.1f MB, %.2f M/s", 1e-6 * (double)bytes,
            1e-6 * (double)(refs + skipped) / (seconds + 1e-9));
}

// What a reader of the numbers should know.
static void print_remarks(const struct recording_result *result, uint64_t total)
{
    if (result->note[0])
        fprintf(stderr, "  note: %s\n", result->note);
    if (result->unrecorded)
        fprintf(stderr, "  note: %u program%s started by it ran unrecorded; --tool lackey follows them\n",
                result->unrecorded, result->unrecorded == 1 ? "" : "s");
    if (result->unordered)
        fprintf(stderr, "  note: %u atomic accesses are not ordered: too many different words\n",
                result->unordered);
    if (result->unseen_operands)
        fputs("  note: storage operands of MVC and the like are missing: this qemu does not tell registers\n",
              stderr);
    if (result->too_many_streams)
        fprintf(stderr,
                "  the program was stopped: it made more than %u threads, which is what a trace holds\n",
                TRACE_STREAMS_MAX);
    else if (result->stopped)
        fprintf(stderr, "  the program was stopped after %" PRIu64 " references, as --max-refs says\n",
                total);
    else if (result->exit_status > 128)
        fprintf(stderr, "  note: the program was ended by signal %d; what it did before is recorded\n",
                result->exit_status - 128);
    else if (result->exit_status)
        fprintf(stderr, "  note: the program ended with exit status %d\n", result->exit_status);
}

static void print_summary(const char *path, const struct recording_result *result, uint64_t skip)
{
    const struct trace_info *info = &result->info;
    uint64_t total = trace_refs_total(info->refs);
    fprintf(stderr, "%s: %" PRIu64 " references:", path, total);
    for (unsigned kind = 0; kind < TRACE_KIND_COUNT; kind++)
        fprintf(stderr, "%s %" PRIu64 " %s", kind ? "," : "", info->refs[kind], trace_kind_name(kind));
    fprintf(stderr,
            "\n  %s; footprint %" PRIu64 " pages of %u bytes, %" PRIu64 " lines of %u bytes; %u stream%s\n",
            info->origin.tool, info->footprint_pages, PAGE_BYTES, info->footprint_lines, TRACE_FOOTPRINT_LINE,
            info->n_streams, info->n_streams == 1 ? "" : "s");
    fprintf(stderr, "  %" PRIu64 " bytes, %.3f per reference; %.1f s, %.2f M references/s\n",
            info->file_bytes, total ? (double)info->file_bytes / (double)total : 0.0, result->seconds,
            1e-6 * (double)(total + skip) / result->seconds);
    print_remarks(result, total);
}

// SIGINT and SIGTERM end the program and complete the trace; a closed terminal does, too.
static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
}

static void default_output(struct command *command)
{
    if (command->out[0])
        return;
    char program[PATH_MAX_BYTES];
    snprintf(program, sizeof program, "%s", command->request.argv[0]);
    snprintf(command->out, sizeof command->out, "%.900s" TRACE_SUFFIX, basename(program));
}

int record_main(int argc, char **argv)
{
    struct command command = {.request = {.keep_partial = true, .cancel = &cancelled}};
    argp_err_exit_status = EXIT_CLASS_USAGE;
    // In order: what follows the program's name belongs to the program.
    argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &command);
    default_output(&command);
    bool terminal = isatty(STDERR_FILENO);
    if (terminal)
        command.request.progress = show_progress;
    catch_signals();
    struct recording_result result = {0};
    struct err err;
    enum err_code code = record_program(&command.request, command.out, &result, &err);
    if (terminal)
        fputs("\r\033[K", stderr);
    if (result.info.streams)
        print_summary(command.out, &result, command.request.skip);
    trace_info_free(&result.info);
    return code ? err_report(&err) : 0;
}
