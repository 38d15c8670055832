// SPDX-License-Identifier: Apache-2.0
// What the page asks of a run. Whether the user may do it, the run decides as well: it is told who asks.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hmc/client/json.h"
#include "hmc/web/api.h"
#include "hmc/web/events.h"
#include "hmc/web/router.h"
#include "hmc/web/run_ended.h"
#include "hmc/web/runs.h"
#include "hmc/web/utf8.h"
#include "hmc/web/web.h"
#include "proto/base/assert.h"

// The run of the request, ?run=NAME; answers when there is none.
static struct run *find_run(struct exchange *exchange)
{
    char name[NAME_MAX_BYTES * 4] = "";
    struct run *run = NULL;
    struct err err;
    exchange_parameter(exchange, "run", name, sizeof name);
    if (runs_find(exchange->web->runs, name, &run, &err)) {
        exchange_error(exchange, &err);
        return NULL;
    }
    return run;
}

void api_runs(struct exchange *exchange)
{
    exchange_json(exchange, 200, json_pack("{s:o}", "runs", runs_json(exchange->web->runs)));
}

static void answer_snapshot(struct exchange *exchange, struct run *run, const struct api_snapshot *snapshot)
{
    json_t *json = api_snapshot_json(snapshot);
    json_object_set_new(json, "run", json_string(run_name(run)));
    json_object_set_new(json, "link", json_string(run_link(run)));
    exchange_json(exchange, 200, json);
}

static void shown(struct exchange *exchange, struct run *run, const struct api_reply *reply)
{
    if (reply->outcome.code)
        exchange_error(exchange, &reply->outcome);
    else
        answer_snapshot(exchange, run, &reply->snapshot);
}

void api_snapshot(struct exchange *exchange)
{
    struct run *run = find_run(exchange);
    if (!run)
        return;
    const struct api_snapshot *snapshot = run_snapshot(run);
    if (snapshot)
        answer_snapshot(exchange, run, snapshot);
    else
        run_ask(run, exchange, &(struct api_request){.kind = API_SHOW}, shown);
}

static void answer_series(struct exchange *exchange, const struct api_series *series)
{
    exchange_json(exchange, 200, json_pack("{s:o}", "partitions", api_series_json(series)));
}

static void drawn(struct exchange *exchange, struct run *run, const struct api_reply *reply)
{
    (void)run;
    if (reply->outcome.code)
        exchange_error(exchange, &reply->outcome);
    else
        answer_series(exchange, &reply->series);
}

void api_series(struct exchange *exchange)
{
    struct run *run = find_run(exchange);
    const struct client_last *last = run ? run_last(run) : NULL;
    if (last)
        answer_series(exchange, &last->series);
    else if (run)
        run_ask(run, exchange, &(struct api_request){.kind = API_SERIES}, drawn);
}

// A page of its own: its scripts stand in it, and can reach nothing of the console, nor anything elsewhere.
static const char report_policy[] =
    "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

void api_report(struct exchange *exchange)
{
    char name[NAME_MAX_BYTES * 4] = "", path[PATH_MAX_BYTES], *page = NULL;
    struct err err;
    size_t n;
    exchange_parameter(exchange, "run", name, sizeof name);
    if (runs_folder(exchange->web->runs, name, path, &err) || run_report_read(path, &page, &n, &err))
        exchange_error(exchange, &err);
    else
        exchange_answer(exchange, &(struct web_answer){.status = 200,
                                                       .type = "text/html; charset=utf-8",
                                                       .body = page,
                                                       .body_bytes = n,
                                                       .headers = {{"Cache-Control", "no-store"}},
                                                       .policy = report_policy});
    free(page);
}

static void console_read(struct exchange *exchange, struct run *run, const struct api_reply *reply)
{
    (void)run;
    if (reply->outcome.code) {
        exchange_error(exchange, &reply->outcome);
        return;
    }
    char *text = utf8_clean(reply->console, reply->n_console);
    json_t *json =
        json_pack("{s:I, s:I}", "bytes", (json_int_t)reply->n_console, "end", (json_int_t)reply->console_end);
    json_t *said = json_string(text);
    NP_ASSERT(json && said);
    json_object_set_new(json, "text", said);
    free(text);
    exchange_json(exchange, 200, json);
}

void api_console(struct exchange *exchange)
{
    struct api_request request = {.kind = API_CONSOLE};
    struct err err;
    uint64_t from;
    if (!exchange_parameter(exchange, "partition", request.console.partition,
                            sizeof request.console.partition) ||
        !exchange_number(exchange, "from", 0, &from)) {
        err_set(&err, ERR_REQUEST, "partition=NAME and from=BYTE are what this takes");
        exchange_error(exchange, &err);
        return;
    }
    struct run *run = find_run(exchange);
    request.console.from_byte = from;
    if (run && run_last(run)) {
        struct api_reply reply;
        run_ended_console(run, &request.console, &reply, &reply.outcome);
        console_read(exchange, run, &reply);
        api_reply_free(&reply);
    } else if (run)
        run_ask(run, exchange, &request, console_read);
}

// What was asked, as it came; a console's line without what was typed, which may be a password.
static char *request_text(const struct exchange *exchange)
{
    if (strcmp(exchange->route->what, "type") == 0)
        return strdup(json_string_value(json_object_get(exchange->json, "partition")));
    return json_dumps(exchange->json, JSON_COMPACT);
}

static enum err_code log_outcome(struct exchange *exchange, struct run *run, const struct err *outcome,
                                 struct err *err)
{
    char *text = request_text(exchange);
    NP_ASSERT(text);
    enum err_code code =
        exchange_audit(exchange, exchange->route->what, run_name(run), outcome->code, err, "%.500s%s%s", text,
                       outcome->code ? ": " : "", outcome->code ? outcome->text : "");
    free(text);
    return code;
}

static void acted(struct exchange *exchange, struct run *run, const struct api_reply *reply)
{
    struct err err;
    if (log_outcome(exchange, run, &reply->outcome, &err))
        exchange_error(exchange, &err);
    else if (reply->outcome.code)
        exchange_error(exchange, &reply->outcome);
    else
        exchange_json(exchange, 200, api_reply_json(reply));
}

// A plan is an answer also where the command would be refused: with the numbers, and the refusal beside them.
static void planned(struct exchange *exchange, struct run *run, const struct api_reply *reply)
{
    (void)run;
    if (!reply->has_plan) {
        exchange_error(exchange, &reply->outcome);
        return;
    }
    json_t *json = api_reply_json(reply);
    if (reply->outcome.code)
        json_object_set_new(json, "meaning", json_string(err_meaning(reply->outcome.code)));
    exchange_json(exchange, 200, json);
}

static void ask_command(struct exchange *exchange, enum api_kind kind, run_done *done)
{
    struct api_request request = {.kind = kind};
    struct err err;
    if (api_command_of_json(exchange->json, &request.command, &err)) {
        exchange_error(exchange, &err);
        return;
    }
    struct run *run = find_run(exchange);
    if (run)
        run_ask(run, exchange, &request, done);
}

void api_plan(struct exchange *exchange)
{
    ask_command(exchange, API_PLAN, planned);
}

void api_command(struct exchange *exchange)
{
    ask_command(exchange, API_COMMAND, acted);
}

void api_pace(struct exchange *exchange)
{
    struct api_request request = {.kind = API_PACE};
    struct err err;
    if (api_pace_of_json(exchange->json, &request.pace, &err)) {
        exchange_error(exchange, &err);
        return;
    }
    struct run *run = find_run(exchange);
    if (run)
        run_ask(run, exchange, &request, acted);
}

void api_type(struct exchange *exchange)
{
    struct api_request request = {.kind = API_TYPE};
    const char *partition, *text;
    json_error_t error;
    if (json_unpack_ex(exchange->json, &error, JSON_STRICT, "{s:s, s:s}", "partition", &partition, "text",
                       &text)) {
        exchange_status(exchange, 400, ERR_REQUEST, error.text);
        return;
    }
    if (strlen(partition) >= sizeof request.type.partition || strlen(text) >= sizeof request.type.text) {
        exchange_status(exchange, 400, ERR_REQUEST, "the line, or the partition's name, is too long");
        return;
    }
    strcpy(request.type.partition, partition);
    strcpy(request.type.text, text);
    struct run *run = find_run(exchange);
    if (run)
        run_ask(run, exchange, &request, acted);
}

// A browser that comes back names the last event that it has; at first the page does, from its snapshot.
void api_events(struct exchange *exchange)
{
    uint64_t from;
    struct err err;
    const char *last = exchange->in.last_event_id;
    bool well = exchange_number(exchange, "from", UINT64_MAX, &from);
    if (well && last && *last) {
        size_t n = strspn(last, "0123456789");
        well = n == strlen(last) && n < 19;
        from = well ? strtoull(last, NULL, 10) : 0;
    }
    if (!well) {
        err_set(&err, ERR_REQUEST, "from, and Last-Event-ID, are the number of an event");
        exchange_error(exchange, &err);
        return;
    }
    struct run *run = find_run(exchange);
    if (run)
        hub_join(run_hub(run), exchange, from, run_newest(run));
}
