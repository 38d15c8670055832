// SPDX-License-Identifier: Apache-2.0
// Between the files that make up the codec of the control API, as wire.h describes. Nothing outside this
// folder includes it.
#ifndef NP_PROTO_CODEC_API_WIRE_H
#define NP_PROTO_CODEC_API_WIRE_H

#include "proto/codec/api.h"
#include "proto/codec/wire.h"
#include "proto/schema/api.pb-c.h"

#define API_REQUEST_UNPACKED_MAX ((size_t)1 << 20)
#define API_REPLY_UNPACKED_MAX   ((size_t)16 << 20)

// Rows of fields: numbers are copied, texts are copied with a check, both ways.
#define API_PUT(field)       to->field = from->field;
#define API_PUT_TEXT(field)  to->field = arena_text(arena, from->field, sizeof from->field);
#define API_PUT_CLEAN(field) to->field = api_clean(arena, from->field, sizeof from->field);
#define API_GET(field)       to->field = from->field;
#define API_GET_TEXT(field)                                                                                  \
    if (api_text(to->field, sizeof to->field, from->field, #field, err))                                     \
        return err->code;

// Copies a text that must be UTF-8 without control characters and fit with its NUL.
enum err_code api_text(char *to, size_t size, const char *from, const char *what, struct err *err);

// A copy in the arena in which what is no such text stands as '?': what a run says always arrives, also where
// a text was cut in the middle of a character.
char *api_clean(struct arena *arena, const char *text, size_t max);

// An error travels as its identifier and its text.
char *api_code_to_wire(const struct err *outcome, struct arena *arena);
enum err_code api_outcome_from_wire(const char *id, const char *text, struct err *to, struct err *err);

// Zeroed memory for `count` items; aborts when there is none.
void *api_new(size_t count, size_t size);

Np__ApiSnapshot *api_snapshot_to_wire(const struct api_snapshot *from, struct arena *arena);
enum err_code api_snapshot_from_wire(const Np__ApiSnapshot *from, struct api_snapshot *to, struct err *err);
Np__ApiSample *api_sample_to_wire(const struct api_sample *from, struct arena *arena);
enum err_code api_sample_from_wire(const Np__ApiSample *from, struct api_sample *to, struct err *err);

#endif
