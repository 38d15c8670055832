// SPDX-License-Identifier: Apache-2.0
// The verb top: a screen that follows a running machine. Where standard output is no terminal, a plain block
// of text each time instead.
#include "hmc/cli/top.h"

#include <curses.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hmc/cli/cli.h"
#include "hmc/cli/top_text.h"

#define SAMPLES_MS 500
#define LOOK_MS    50 // between two looks at the keyboard
#define STEP_PS    UINT64_C(10000000)

struct top {
    struct cli cli; // first: the input of the child
    struct top_view view;
    struct top_screen screen;
    struct api_sample before, after;
    unsigned samples, times; // how many came; how many blocks to print, 0: until the run ends
    bool quit;
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
    struct top *top = state->input;
    char *end;
    unsigned long times;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &top->cli;
        return 0;
    case 'n':
        times = strtoul(arg, &end, 10);
        if (*arg < '1' || *arg > '9' || *end || times > UINT16_MAX)
            argp_error(state, "--times: '%s' is no number from 1 to %u", arg, UINT16_MAX);
        top->times = (unsigned)times;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "'%s' is too much", arg);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static void take_sample(struct top *top, const struct api_sample *sample)
{
    api_sample_free(&top->before);
    top->before = top->after;
    api_sample_copy(&top->after, sample);
    top->samples++;
    top->view.after = &top->after;
    top->view.before = top->samples > 1 ? &top->before : NULL;
}

static void take_reply(struct top *top, const struct api_reply *reply)
{
    if (reply->has_sample)
        take_sample(top, &reply->sample);
    if (reply->n_events) {
        const struct api_event *last = &reply->events[reply->n_events - 1];
        snprintf(top->view.message, sizeof top->view.message, "%s", last->text);
    }
    if (reply->outcome.code) // of a key's request
        snprintf(top->view.message, sizeof top->view.message, "%s %.240s", err_id(reply->outcome.code),
                 reply->outcome.text);
}

// Takes all that is there, waiting for the first a moment.
static enum err_code listen(struct top *top, struct err *err)
{
    bool got = true;
    for (int wait = LOOK_MS; got; wait = 0) {
        struct api_reply reply;
        if (client_receive(top->cli.client, wait, &reply, &got, err))
            return err->code;
        if (got) {
            take_reply(top, &reply);
            api_reply_free(&reply);
        }
    }
    top->view.now = client_snapshot(top->cli.client);
    top->view.lost = client_state(top->cli.client) == CLIENT_LOST;
    return ERR_OK;
}

static void send_pace(struct top *top, enum api_pace_kind kind)
{
    struct api_request request = {.kind = API_PACE,
                                  .pace = {.kind = kind, .step_ps = kind == API_STEP ? STEP_PS : 0}};
    struct err err;
    if (client_send(top->cli.client, &request, &err))
        snprintf(top->view.message, sizeof top->view.message, "%.200s", err.text);
}

static void obey_key(struct top *top, int key)
{
    bool paused = top->view.now && strcmp(top->view.now->state, "paused") == 0;
    if (key == 'q' || key == 'Q')
        top->quit = true;
    else if (key == 'p' || key == 'P')
        send_pace(top, paused ? API_CONTINUE : API_PAUSE);
    else if (key == ' ')
        send_pace(top, API_STEP);
    else if (key == KEY_UP && top->view.selected > 0)
        top->view.selected--;
    else if (key == KEY_DOWN)
        top->view.selected++; // drawing stops at the last
}

static void put_screen(const struct top_screen *screen)
{
    static const int pairs[] = {[TOP_WARM] = 1, [TOP_HOT] = 2};
    erase();
    for (unsigned i = 0; i < screen->rows; i++) {
        enum top_style style = screen->style[i];
        attr_t attributes = style == TOP_HEAD       ? A_BOLD
                            : style == TOP_SELECTED ? A_REVERSE
                            : style >= TOP_WARM     ? COLOR_PAIR(pairs[style])
                                                    : A_NORMAL;
        attr_set(attributes & ~(attr_t)A_COLOR, (short)PAIR_NUMBER(attributes), NULL);
        mvaddnstr((int)i, 0, screen->text[i], (int)screen->columns);
    }
    refresh();
}

static void draw(struct top *top)
{
    int rows, columns;
    getmaxyx(stdscr, rows, columns);
    top->screen.rows = rows < TOP_ROWS_MAX ? (unsigned)rows : TOP_ROWS_MAX;
    top->screen.columns = columns < TOP_COLUMNS_MAX ? (unsigned)columns : TOP_COLUMNS_MAX;
    if (top->view.now)
        top_draw(&top->view, &top->screen);
    put_screen(&top->screen);
}

static void follow_on_screen(struct top *top, struct err *err)
{
    const char *type = getenv("TERM");
    SCREEN *terminal = newterm(NULL, stdout, stdin); // initscr() would end the process
    if (!terminal) {
        err_set(err, ERR_FILE, "the terminal '%.40s' is not known here; numaplex top | cat needs none",
                type ? type : "");
        return;
    }
    cbreak();
    noecho();
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    curs_set(0);
    if (has_colors()) {
        start_color();
        use_default_colors();
        init_pair(1, COLOR_YELLOW, -1);
        init_pair(2, COLOR_RED, -1);
    }
    while (!top->quit && !listen(top, err)) {
        for (int key; (key = getch()) != ERR;)
            obey_key(top, key);
        draw(top);
    }
    endwin();
    delscreen(terminal);
}

static void print_block(struct top *top)
{
    const struct api_snapshot *now = top->view.now;
    unsigned rows = 6 + now->n_partitions + 2 * now->n_boards;
    top->screen.rows = rows < TOP_ROWS_MAX ? rows : TOP_ROWS_MAX;
    top->screen.columns = 132;
    top->view.selected = now->n_boards; // none
    top_draw(&top->view, &top->screen);
    for (unsigned i = 0; i + 1 < top->screen.rows; i++) // without the keys
        if (top->screen.text[i][0])
            puts(top->screen.text[i]);
    putchar('\n');
    fflush(stdout);
}

// A block for every sample from the second on, so that each has rates.
static void follow_as_text(struct top *top, struct err *err)
{
    unsigned printed = 0, seen = 1;
    while (!listen(top, err) && (!top->times || printed < top->times)) {
        if (!top->view.now)
            continue;
        if (strcmp(top->view.now->state, "ended") == 0) { // there will be no more samples
            print_block(top);
            return;
        }
        if (top->samples <= seen)
            continue;
        seen = top->samples;
        print_block(top);
        printed++;
    }
}

int verb_top(int argc, char **argv)
{
    static const struct argp_option options[] = {
        {"times", 'n', "N", 0, "where there is no terminal: print it so often, then end", 0}, {0}};
    const struct argp_child children[] = {{&cli_argp, 0, 0, 0}, {0}};
    const struct argp argp = {
        options,  parse_option,
        "",       "A screen of a running machine: domains, boards, traffic. Without a terminal, text.",
        children, 0,
        0};
    struct top *top = calloc(1, sizeof *top);
    struct err err = {0};
    if (!top)
        abort();
    cli_parse(&argp, argc, argv, top);
    if (!cli_open(&top->cli, &err) && !client_watch(top->cli.client, 0, SAMPLES_MS, &err)) {
        if (isatty(STDOUT_FILENO) && isatty(STDIN_FILENO))
            follow_on_screen(top, &err);
        else
            follow_as_text(top, &err);
    }
    if (err.code == ERR_OVER) { // the end of what one watches is no error
        fprintf(stderr, "%s\n", err.text);
        err_clear(&err);
    }
    int status = cli_end(&top->cli, &err);
    api_sample_free(&top->before);
    api_sample_free(&top->after);
    free(top);
    return status;
}
