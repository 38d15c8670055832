// SPDX-License-Identifier: Apache-2.0
// numaplex trace-info: what a trace holds, for people and as JSON.
#include <argp.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "coordinator/record/record.h"

// What the lists of a trace add to its information.
struct lists {
    uint32_t pages, shared_pages, words, symbols, processes;
};

struct command {
    const char *path;
    bool json, check;
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct command *command = state->input;
    switch (key) {
    case 'j':
        command->json = true;
        return 0;
    case 'c':
        command->check = true;
        return 0;
    case ARGP_KEY_ARG:
        if (command->path)
            argp_error(state, "one trace at a time");
        command->path = arg;
        return 0;
    case ARGP_KEY_NO_ARGS:
        argp_error(state, "the name of the trace is missing");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    {"json", 'j', NULL, 0, "print JSON", 0},
    {"check", 'c', NULL, 0, "read the whole trace and check every byte of it", 0},
    {0},
};

static const struct argp argp = {options, parse_option, "FILE", "Says what a recorded trace holds.",
                                 NULL,    NULL,         NULL};

// Text from a file: nothing in it may steer the terminal.
static void print_text(const char *text)
{
    for (; *text; text++)
        putchar(isprint((unsigned char)*text) ? *text : '?');
}

static const char *next_argument(const struct trace_origin *origin, const char *argument)
{
    if (!argument)
        return origin->argv_bytes ? origin->argv : NULL;
    argument += strlen(argument) + 1;
    return argument < origin->argv + origin->argv_bytes ? argument : NULL;
}

static void print_refs(const uint64_t refs[TRACE_KIND_COUNT])
{
    for (unsigned kind = 0; kind < TRACE_KIND_COUNT; kind++)
        printf(" %14" PRIu64, refs[kind]);
    putchar('\n');
}

static void print_streams(const struct trace_info *info)
{
    printf("%-7s %7s %6s %14s", "stream", "process", "thread", "starts at");
    for (unsigned kind = 0; kind < TRACE_KIND_COUNT; kind++)
        printf(" %14s", trace_kind_name(kind));
    puts("  command");
    for (uint32_t i = 0; i < info->n_streams; i++) {
        const struct trace_stream *stream = &info->streams[i];
        printf("%-7u %7u %6u %14" PRIu64, i, stream->process, stream->thread, stream->started_at);
        for (unsigned kind = 0; kind < TRACE_KIND_COUNT; kind++)
            printf(" %14" PRIu64, stream->refs[kind]);
        fputs("  ", stdout);
        print_text(stream->command);
        putchar('\n');
    }
    printf("%-37s", "all");
    print_refs(info->refs);
}

static enum err_code read_lists(const char *path, const struct trace_info *info, struct lists *lists,
                                struct err *err)
{
    struct trace_touched *pages;
    struct trace_word *words;
    struct trace_symbol *symbols;
    *lists = (struct lists){0};
    if (trace_pages_read(path, &pages, &lists->pages, err))
        return err->code;
    for (uint32_t i = 0; i < lists->pages; i++)
        lists->shared_pages += pages[i].shared;
    free(pages);
    if (trace_words_read(path, &words, &lists->words, err))
        return err->code;
    free(words);
    if (trace_symbols_read(path, &symbols, &lists->symbols, err))
        return err->code;
    free(symbols);
    bool seen[TRACE_STREAMS_MAX] = {false};
    for (uint32_t i = 0; i < info->n_streams; i++) {
        uint32_t process = info->streams[i].process;
        lists->processes += !seen[process];
        seen[process] = true;
    }
    return ERR_OK;
}

static void print_info(const char *path, const struct trace_info *info, const struct lists *lists)
{
    const struct trace_origin *origin = &info->origin;
    uint64_t total = trace_refs_total(info->refs);
    printf("%s\n  program    ", path);
    for (const char *arg = NULL; (arg = next_argument(origin, arg));) {
        print_text(arg);
        putchar(' ');
    }
    fputs("\n  recorded   with ", stdout);
    print_text(origin->tool);
    fputs(" on ", stdout);
    print_text(origin->arch);
    printf(", pages of %u bytes; %s\n", origin->page_bytes,
           origin->complete ? "until the program ended" : "the program was stopped");
    printf("  references %" PRIu64 " after skipping %" PRIu64 "; %" PRIu64 " bytes", total, origin->skip,
           info->file_bytes);
    if (total)
        printf(", %.3f per reference", (double)info->file_bytes / (double)total);
    printf("\n  threads    %u of %u processes; %" PRIu64 " syncs on %u words, %" PRIu64 " peeks\n",
           info->n_streams, lists->processes, info->refs[TRACE_SYNC], lists->words, info->refs[TRACE_PEEK]);
    printf("  footprint  %" PRIu64 " pages of %u bytes, %u of them shared by threads; %" PRIu64
           " lines of %u bytes; %u symbols\n\n",
           info->footprint_pages, PAGE_BYTES, lists->shared_pages, info->footprint_lines,
           TRACE_FOOTPRINT_LINE, lists->symbols);
    print_streams(info);
}

static json_t *json_refs(const uint64_t refs[TRACE_KIND_COUNT])
{
    json_t *object = json_object();
    for (unsigned kind = 0; kind < TRACE_KIND_COUNT; kind++)
        json_object_set_new(object, trace_kind_name(kind), json_integer((json_int_t)refs[kind]));
    return object;
}

// A text that is no UTF-8 cannot stand in JSON.
static json_t *json_text(const char *text)
{
    json_t *string = json_string(text);
    return string ? string : json_null();
}

static json_t *json_stream(const struct trace_stream *stream)
{
    json_t *object = json_object();
    json_object_set_new(object, "process", json_integer(stream->process));
    json_object_set_new(object, "thread", json_integer(stream->thread));
    json_object_set_new(object, "started_at", json_integer((json_int_t)stream->started_at));
    json_object_set_new(object, "references", json_refs(stream->refs));
    json_object_set_new(object, "command", json_text(stream->command));
    return object;
}

static json_t *json_info(const char *path, const struct trace_info *info, const struct lists *lists)
{
    const struct trace_origin *origin = &info->origin;
    json_t *object = json_object(), *argv = json_array(), *streams = json_array();
    for (const char *arg = NULL; (arg = next_argument(origin, arg));)
        json_array_append_new(argv, json_text(arg));
    for (uint32_t i = 0; i < info->n_streams; i++)
        json_array_append_new(streams, json_stream(&info->streams[i]));
    json_object_set_new(object, "file", json_text(path));
    json_object_set_new(object, "argv", argv);
    json_object_set_new(object, "tool", json_text(origin->tool));
    json_object_set_new(object, "arch", json_text(origin->arch));
    json_object_set_new(object, "page_bytes", json_integer(origin->page_bytes));
    json_object_set_new(object, "skip", json_integer((json_int_t)origin->skip));
    json_object_set_new(object, "max_refs", json_integer((json_int_t)origin->max_refs));
    json_object_set_new(object, "complete", json_boolean(origin->complete));
    json_object_set_new(object, "references", json_refs(info->refs));
    json_object_set_new(object, "footprint_pages", json_integer((json_int_t)info->footprint_pages));
    json_object_set_new(object, "footprint_lines", json_integer((json_int_t)info->footprint_lines));
    json_object_set_new(object, "shared_pages", json_integer(lists->shared_pages));
    json_object_set_new(object, "sync_words", json_integer(lists->words));
    json_object_set_new(object, "symbols", json_integer(lists->symbols));
    json_object_set_new(object, "processes", json_integer(lists->processes));
    json_object_set_new(object, "threads", json_integer(info->n_streams));
    json_object_set_new(object, "file_bytes", json_integer((json_int_t)info->file_bytes));
    json_object_set_new(object, "streams", streams);
    return object;
}

int trace_info_main(int argc, char **argv)
{
    struct command command = {0};
    argp_err_exit_status = EXIT_CLASS_USAGE;
    argp_parse(&argp, argc, argv, 0, NULL, &command);
    struct trace_info info;
    struct lists lists;
    struct err err;
    if (trace_info_read(command.path, &info, &err))
        return err_report(&err);
    if (read_lists(command.path, &info, &lists, &err)) {
        trace_info_free(&info);
        return err_report(&err);
    }
    if (command.json) {
        json_t *object = json_info(command.path, &info, &lists);
        json_dumpf(object, stdout, JSON_INDENT(2));
        putchar('\n');
        json_decref(object);
    } else {
        print_info(command.path, &info, &lists);
    }
    trace_info_free(&info);
    if (command.check && trace_check(command.path, &err))
        return err_report(&err);
    if (command.check && !command.json)
        puts("\nevery byte was checked and is right");
    return 0;
}
