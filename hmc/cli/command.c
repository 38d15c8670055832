// SPDX-License-Identifier: Apache-2.0
#include "hmc/cli/command.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "hmc/cli/table.h"

#define LOOK_MS    200 // a person reads no faster
#define BAR_MAX    24
#define PAGE       UINT64_C(4096)
#define LINE_BYTES 512

enum err_code command_send(struct cli *cli, const struct api_command *command, uint64_t *operation,
                           struct err *err)
{
    struct api_request request = {.kind = API_COMMAND, .command = *command};
    struct api_reply reply;
    client_ask(cli->client, &request, 0, &reply, err);
    *operation = reply.operation;
    api_reply_free(&reply);
    return err->code;
}

enum err_code command_plan(struct cli *cli, const struct api_command *command, struct api_plan *plan,
                           struct err *err)
{
    struct api_request request = {.kind = API_PLAN, .command = *command};
    struct api_reply reply;
    client_ask(cli->client, &request, 0, &reply, err);
    *plan = reply.plan;
    if (!err->code && !reply.has_plan)
        err_set(err, ERR_DAMAGED_MESSAGE, "the run answered without a plan");
    api_reply_free(&reply);
    return err->code;
}

static void bar(const struct api_operation *o, char text[BAR_MAX + 1])
{
    uint64_t filled = o->pages_total ? o->pages_done * BAR_MAX / o->pages_total : 0;
    for (unsigned i = 0; i < BAR_MAX; i++)
        text[i] = i < filled ? '#' : '-';
    text[BAR_MAX] = '\0';
}

const char *command_progress(const struct api_operation *o, uint64_t now_ps, unsigned columns, char *text,
                             size_t size)
{
    char gauge[BAR_MAX + 1], done[UNIT_TEXT], all[UNIT_TEXT], took[UNIT_TEXT];
    bar(o, gauge);
    time_text(now_ps > o->began_ps ? now_ps - o->began_ps : 0, took);
    if (o->pages_done < o->pages_total) // the other steps are no matter of pages
        snprintf(text, size, "%s: %s [%s] %s of %s, %s", o->board, o->step, gauge,
                 bytes_text(o->pages_done * PAGE, done), bytes_text(o->pages_total * PAGE, all), took);
    else
        snprintf(text, size, "%s: %s, %s", o->board, o->step, took);
    if (columns < size)
        text[columns] = '\0';
    return text;
}

static unsigned columns(void)
{
    struct winsize size;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 10 ? size.ws_col - 1U : 79;
}

static void draw(const struct api_snapshot *snapshot, const struct api_operation *operation)
{
    char text[LINE_BYTES];
    const char *paused = strcmp(snapshot->state, "paused") == 0 ? " (paused: numaplex continue)" : "";
    fprintf(stderr, "\r\033[K%s%s",
            command_progress(operation, snapshot->time_ps, columns() - (unsigned)strlen(paused), text,
                             sizeof text),
            paused);
    fflush(stderr);
}

// Whether an operation has ended, as far as is known; draws it while it has not.
static bool look(const struct cli *cli, uint64_t id, bool quiet, struct api_operation *ended)
{
    const struct api_snapshot *snapshot = client_snapshot(cli->client);
    const struct api_operation *o = snapshot ? client_operation(snapshot, id) : NULL;
    if (!o)
        return false;
    *ended = *o;
    if (o->ended_ps)
        return true;
    if (!quiet)
        draw(snapshot, o);
    return false;
}

enum err_code command_wait(struct cli *cli, uint64_t operation, bool quiet, struct api_operation *ended,
                           struct err *err)
{
    *ended = (struct api_operation){0};
    quiet = quiet || !isatty(STDERR_FILENO);
    if (client_watch(cli->client, 0, 0, err))
        return err->code;
    while (!look(cli, operation, quiet, ended)) {
        struct api_reply reply;
        bool got;
        if (client_receive(cli->client, LOOK_MS, &reply, &got, err))
            break;
        if (got)
            api_reply_free(&reply);
    }
    if (!quiet)
        fputs("\r\033[K", stderr);
    if (!err->code && ended->outcome.code)
        *err = ended->outcome;
    return err->code;
}
