// SPDX-License-Identifier: Apache-2.0
// The verbs console and type. With --run, console is a live console: what is typed goes to the guest.
// Without, the program that owns run folders shows what guests wrote, also of runs that have ended.
#include "hmc/cli/console.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "hmc/cli/cli.h"
#include "hmc/cli/execute.h"
#include "hmc/cli/show.h"
#include "proto/base/guest.h"

#define LOOK_MS 100

struct console_line {
    struct cli cli;
    const char *partition;
    const char *text; // verb type: the line
    uint64_t shown;   // bytes
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct console_line *line = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &line->cli;
        return 0;
    case ARGP_KEY_ARG:
        if (line->partition || strlen(arg) >= NAME_MAX_BYTES)
            argp_error(state, "'%s' is too much", arg);
        line->partition = arg;
        return 0;
    case ARGP_KEY_END:
        if (!line->partition)
            argp_error(state, "the domain is missing");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

// A guest cannot play with the terminal: control characters as ^X, bytes beyond ASCII as \xNN.
static void put(const uint8_t *text, uint32_t n, bool terminal)
{
    for (uint32_t i = 0; i < n; i++) {
        uint8_t c = text[i];
        if (!terminal || c == '\n' || c == '\t' || (c >= ' ' && c < 0x7f))
            putchar(c);
        else if (c < ' ')
            printf("^%c", c + '@');
        else
            printf("\\x%02x", c);
    }
    fflush(stdout);
}

// Shows what has been written since; all of it, in as many replies as that takes.
static enum err_code show_new(struct console_line *line, struct err *err)
{
    uint64_t end;
    do {
        struct api_request request = {.kind = API_CONSOLE, .console = {.from_byte = line->shown}};
        struct api_reply reply;
        strcpy(request.console.partition, line->partition);
        if (!client_ask(line->cli.client, &request, 0, &reply, err)) {
            put(reply.console, reply.n_console, isatty(STDOUT_FILENO));
            line->shown += reply.n_console;
        }
        end = reply.n_console ? reply.console_end : 0;
        api_reply_free(&reply);
    } while (!err->code && line->shown < end);
    return err->code;
}

static enum err_code check_line(const char *text, struct err *err)
{
    size_t length = strlen(text);
    if (length > GUEST_INPUT_BYTES_MAX - 2)
        return err_set(err, ERR_LIMIT, "a line of %zu characters, where a console takes %u", length,
                       GUEST_INPUT_BYTES_MAX - 2);
    if (!guest_line_ok((const uint8_t *)text, length))
        return err_set(err, ERR_BAD_VALUE,
                       "a console takes printable ASCII characters only, and what was typed has others");
    return ERR_OK;
}

static enum err_code type_line(struct console_line *line, const char *text, struct err *err)
{
    struct api_request request = {.kind = API_TYPE};
    struct api_reply reply;
    strcpy(request.type.partition, line->partition);
    strcpy(request.type.text, text);
    client_ask(line->cli.client, &request, 0, &reply, err);
    api_reply_free(&reply);
    return err->code;
}

// What somebody typed who stays: a refusal is told, and the next line may do better.
static enum err_code take_line(struct console_line *line, char *text, struct err *err)
{
    text[strcspn(text, "\r\n")] = '\0';
    if (!check_line(text, err) && !type_line(line, text, err))
        return ERR_OK;
    bool lasts = err->code == ERR_LIMIT || err->code == ERR_BAD_VALUE || err->code == ERR_TOO_OFTEN;
    if (lasts && isatty(STDIN_FILENO)) {
        fprintf(stderr, "numaplex: %s: %s\n", err_id(err->code), err->text);
        *err = (struct err){.code = ERR_OK};
    }
    return err->code;
}

// Whether a line has come; false at the end of input too, with *ended set.
static bool read_line(char *text, size_t size, bool *ended)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    if (poll(&input, 1, LOOK_MS) <= 0)
        return false;
    *ended = fgets(text, (int)size, stdin) == NULL;
    return !*ended;
}

static enum err_code talk(struct console_line *line, struct err *err)
{
    char text[2 * GUEST_INPUT_BYTES_MAX];
    bool ended = false;
    if (cli_open(&line->cli, err))
        return err->code;
    setvbuf(stdin, NULL, _IONBF, 0); // what is buffered here, poll does not see
    while (!ended && !show_new(line, err))
        if (read_line(text, sizeof text, &ended) && take_line(line, text, err))
            break;
    return err->code ? err->code : show_new(line, err);
}

static bool is_live(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strncmp(argv[i], "--run", 5) == 0 || strncmp(argv[i], "-r", 2) == 0)
            return true;
    return false;
}

int verb_console(int argc, char **argv)
{
    static const struct verb folder = {.name = "console", .program = "numaplex-coordinator", .args_max = -1};
    const struct argp_child children[] = {{&cli_argp, 0, 0, 0}, {0}};
    const struct argp argp = {
        NULL,
        parse_option,
        "DOMAIN",
        "The console of a domain of a running machine: lines that are typed go to its guest. "
        "The end of input (Ctrl-D) leaves it.",
        children,
        0,
        0};
    struct console_line line = {0};
    struct err err = {0};
    if (!is_live(argc, argv))
        return execute_verb(&folder, argc, argv);
    cli_parse(&argp, argc, argv, &line);
    talk(&line, &err);
    return cli_end(&line.cli, &err);
}

static error_t parse_type_option(int key, char *arg, struct argp_state *state)
{
    struct console_line *line = state->input;
    if (key == ARGP_KEY_ARG && line->partition && !line->text) {
        line->text = arg;
        return 0;
    }
    if (key == ARGP_KEY_END && !line->text)
        argp_error(state, "the domain or the line is missing");
    if (key == ARGP_KEY_ARG && line->text)
        argp_error(state, "'%s' is too much; a line with spaces stands in quotation marks", arg);
    return parse_option(key, arg, state);
}

static void say_typed(const struct console_line *line)
{
    if (line->cli.json)
        cli_print_json(json_pack("{s:n, s:s}", "code", "text", "typed"));
    else
        printf("%s: typed\n", line->partition);
}

int verb_type(int argc, char **argv)
{
    const struct argp_child children[] = {{&cli_argp, 0, 0, 0}, {0}};
    const struct argp argp = {
        NULL,
        parse_type_option,
        "DOMAIN TEXT",
        "Types a line at the console of a domain's guest. It holds from a simulated time on that nobody has "
        "passed, and is journalled, so that numaplex replay types it again. A line has at most 254 printable "
        "ASCII characters; 16 lines may wait to be read.",
        children,
        0,
        0};
    struct console_line line = {0};
    struct err err = {0};
    cli_parse(&argp, argc, argv, &line);
    if (!check_line(line.text, &err) && !cli_open(&line.cli, &err) && !type_line(&line, line.text, &err))
        say_typed(&line);
    return cli_end(&line.cli, &err);
}
