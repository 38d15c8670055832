// SPDX-License-Identifier: Apache-2.0
// Requests of consoles: whatever they send is checked here before anything looks at it.
#include <stdlib.h>
#include <string.h>

#include "proto/codec/api_wire.h"

_Static_assert((int)NP__API_REQUEST__KIND_SHOW == 10 && (int)NP__API_REQUEST__KIND_SERIES == 17 &&
                   API_SERIES - API_SHOW == 7,
               "the schema numbers the kinds of requests as enum api_kind does, from 10 on");

#define KIND_FIRST 10

static Np__ApiCommand *command_to_wire(const struct api_command *from, struct arena *arena)
{
    Np__ApiCommand *to = arena_new(arena, 1, sizeof *to);
    np__api_command__init(to);
    to->verb = arena_text(arena, api_verb_word(from->verb), API_WORD_BYTES);
    to->level = arena_text(arena, api_level_word(from->level), API_WORD_BYTES);
    to->position = arena_text(arena, api_position_word(from->position), API_WORD_BYTES);
    API_PUT_TEXT(board)
    API_PUT_TEXT(partition)
    API_PUT_TEXT(name)
    API_PUT(on)
    API_PUT(force)
    return to;
}

static enum err_code command_from_wire(const Np__ApiCommand *from, struct api_command *to, struct err *err)
{
    if (!api_verb_of(from->verb, &to->verb))
        return REFUSE(err, "there is no verb '%.20s'", from->verb);
    if (!api_level_of(from->level, &to->level))
        return REFUSE(err, "there is no level '%.20s'", from->level);
    if (!api_position_of(from->position, &to->position))
        return REFUSE(err, "a keyswitch has no position '%.20s'", from->position);
    API_GET_TEXT(board)
    API_GET_TEXT(partition)
    API_GET_TEXT(name)
    API_GET(on)
    API_GET(force)
    return ERR_OK;
}

static Np__ApiWatch *watch_to_wire(const struct api_watch *from, struct arena *arena)
{
    Np__ApiWatch *to = arena_new(arena, 1, sizeof *to);
    np__api_watch__init(to);
    API_PUT(from_seq)
    API_PUT(samples_ms)
    API_PUT(stop)
    return to;
}

static enum err_code watch_from_wire(const Np__ApiWatch *from, struct api_watch *to, struct err *err)
{
    API_GET(from_seq)
    API_GET(samples_ms)
    API_GET(stop)
    if (to->samples_ms && (to->samples_ms < API_SAMPLE_MS_MIN || to->samples_ms > API_SAMPLE_MS_MAX))
        return REFUSE(err, "samples every %u ms, where %u to %u can be had", to->samples_ms,
                      API_SAMPLE_MS_MIN, API_SAMPLE_MS_MAX);
    return ERR_OK;
}

static Np__ApiPace *pace_to_wire(const struct api_pace *from, struct arena *arena)
{
    Np__ApiPace *to = arena_new(arena, 1, sizeof *to);
    np__api_pace__init(to);
    to->what = arena_text(arena, api_pace_word(from->kind), API_WORD_BYTES);
    API_PUT(step_ps)
    API_PUT(ps_per_s)
    return to;
}

static enum err_code pace_from_wire(const Np__ApiPace *from, struct api_pace *to, struct err *err)
{
    if (!api_pace_of(from->what, &to->kind))
        return REFUSE(err, "there is no pace '%.20s'", from->what);
    API_GET(step_ps)
    API_GET(ps_per_s)
    if (to->kind == API_STEP && to->step_ps == 0)
        return REFUSE(err, "a step of no time");
    return ERR_OK;
}

static Np__ApiType *type_to_wire(const struct api_type *from, struct arena *arena)
{
    Np__ApiType *to = arena_new(arena, 1, sizeof *to);
    np__api_type__init(to);
    API_PUT_TEXT(partition)
    API_PUT_TEXT(text)
    return to;
}

static enum err_code type_from_wire(const Np__ApiType *from, struct api_type *to, struct err *err)
{
    API_GET_TEXT(partition)
    API_GET_TEXT(text)
    for (const char *c = to->text; *c; c++)
        if (*c & 0x80)
            return REFUSE(err, "consoles take ASCII only");
    return ERR_OK;
}

static Np__ApiConsole *console_to_wire(const struct api_console *from, struct arena *arena)
{
    Np__ApiConsole *to = arena_new(arena, 1, sizeof *to);
    np__api_console__init(to);
    API_PUT_TEXT(partition)
    API_PUT(from_byte)
    return to;
}

static enum err_code console_from_wire(const Np__ApiConsole *from, struct api_console *to, struct err *err)
{
    API_GET_TEXT(partition)
    API_GET(from_byte)
    return ERR_OK;
}

static void kind_to_wire(const struct api_request *from, Np__ApiRequest *to, struct arena *arena)
{
    switch (from->kind) {
    case API_SHOW:
        to->show = arena_new(arena, 1, sizeof *to->show);
        np__api_show__init(to->show);
        break;
    case API_WATCH:
        to->watch = watch_to_wire(&from->watch, arena);
        break;
    case API_COMMAND:
        to->command = command_to_wire(&from->command, arena);
        break;
    case API_PLAN:
        to->plan = command_to_wire(&from->command, arena);
        break;
    case API_PACE:
        to->pace = pace_to_wire(&from->pace, arena);
        break;
    case API_TYPE:
        to->type = type_to_wire(&from->type, arena);
        break;
    case API_SERIES:
        to->series = arena_new(arena, 1, sizeof *to->series);
        np__api_show__init(to->series);
        break;
    default:
        to->console = console_to_wire(&from->console, arena);
        break;
    }
    to->kind_case = (Np__ApiRequest__KindCase)(from->kind - API_SHOW + KIND_FIRST);
}

static enum err_code kind_from_wire(const Np__ApiRequest *from, struct api_request *to, struct err *err)
{
    switch (from->kind_case) {
    case NP__API_REQUEST__KIND_SHOW:
    case NP__API_REQUEST__KIND_SERIES:
        return ERR_OK;
    case NP__API_REQUEST__KIND_WATCH:
        return watch_from_wire(from->watch, &to->watch, err);
    case NP__API_REQUEST__KIND_COMMAND:
        return command_from_wire(from->command, &to->command, err);
    case NP__API_REQUEST__KIND_PLAN:
        return command_from_wire(from->plan, &to->command, err);
    case NP__API_REQUEST__KIND_PACE:
        return pace_from_wire(from->pace, &to->pace, err);
    case NP__API_REQUEST__KIND_TYPE:
        return type_from_wire(from->type, &to->type, err);
    case NP__API_REQUEST__KIND_CONSOLE:
        return console_from_wire(from->console, &to->console, err);
    default:
        return REFUSE(err, "it asks for nothing that is known");
    }
}

static enum err_code domains_from_wire(const Np__ApiRequest *from, struct api_request *to, struct err *err)
{
    if (from->n_domains > PARTITIONS_MAX)
        return REFUSE(err, "%zu domains of a user, where %u is the most", from->n_domains, PARTITIONS_MAX);
    to->n_domains = (uint32_t)from->n_domains;
    to->domains = api_new(from->n_domains, sizeof *to->domains);
    for (uint32_t i = 0; i < to->n_domains; i++)
        if (api_text(to->domains[i], sizeof to->domains[i], from->domains[i], "domains", err))
            return err->code;
    return ERR_OK;
}

static enum err_code request_from_wire(const Np__ApiRequest *from, struct api_request *to, struct err *err)
{
    to->id = from->id;
    if (from->version != API_VERSION)
        return REFUSE(err,
                      "version %u of the control API, where this run speaks %u; use programs of one "
                      "installation",
                      from->version, API_VERSION);
    if (from->id == 0)
        return REFUSE(err, "a request without a number");
    if (from->role >= API_ROLE_COUNT)
        return REFUSE(err, "there is no role %u", from->role);
    to->role = (enum api_role)from->role;
    API_GET_TEXT(user)
    if (domains_from_wire(from, to, err) || kind_from_wire(from, to, err))
        return err->code;
    to->kind = (enum api_kind)(from->kind_case - KIND_FIRST + API_SHOW);
    return ERR_OK;
}

static Np__ApiRequest *request_to_wire(const struct api_request *from, struct arena *arena)
{
    Np__ApiRequest *to = arena_new(arena, 1, sizeof *to);
    np__api_request__init(to);
    to->version = API_VERSION;
    API_PUT(id)
    API_PUT_TEXT(user)
    to->role = from->role;
    to->n_domains = from->n_domains;
    to->domains = arena_new(arena, from->n_domains, sizeof *to->domains);
    for (uint32_t i = 0; i < from->n_domains; i++)
        to->domains[i] = arena_text(arena, from->domains[i], sizeof from->domains[i]);
    kind_to_wire(from, to, arena);
    return to;
}

static enum err_code refuse(struct err *err)
{
    err->code = ERR_REQUEST;
    return err_wrap(err, "request");
}

// Both ways ask the same question: does the generated form read as a request?
static enum err_code check(const Np__ApiRequest *wire, struct api_request *request, struct err *err)
{
    memset(request, 0, sizeof *request);
    if (!request_from_wire(wire, request, err))
        return ERR_OK;
    uint64_t id = request->id;
    api_request_free(request);
    request->id = id;
    return refuse(err);
}

enum err_code api_request_encode(const struct api_request *request, struct bytes *bytes, struct err *err)
{
    NP_ASSERT(request->kind >= API_SHOW && request->kind <= API_SERIES);
    struct arena arena;
    struct api_request again;
    arena_init(&arena, SIZE_MAX);
    err_clear(err);
    Np__ApiRequest *wire = request_to_wire(request, &arena);
    if (!check(wire, &again, err)) {
        api_request_free(&again);
        wire_pack(&wire->base, bytes);
    }
    arena_free(&arena);
    return err->code;
}

enum err_code api_request_decode(const uint8_t *data, size_t size, struct api_request *request,
                                 struct err *err)
{
    struct arena arena;
    memset(request, 0, sizeof *request);
    err_clear(err);
    if (size > API_REQUEST_BYTES_MAX)
        return err_set(err, ERR_REQUEST, "request: %zu bytes, where %u is the most", size,
                       API_REQUEST_BYTES_MAX);
    arena_init(&arena, API_REQUEST_UNPACKED_MAX);
    ProtobufCMessage *wire = wire_unpack(&np__api_request__descriptor, data, size, &arena, err);
    if (wire)
        check((const Np__ApiRequest *)wire, request, err);
    else
        refuse(err);
    arena_free(&arena);
    return err->code;
}
