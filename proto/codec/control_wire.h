// SPDX-License-Identifier: Apache-2.0
// Between the files that make up the control codec: one pair of functions per kind of message, as wire.h
// describes them, and what they are written with. Nothing outside this folder includes it.
#ifndef NP_PROTO_CODEC_CONTROL_WIRE_H
#define NP_PROTO_CODEC_CONTROL_WIRE_H

#include "proto/codec/control.h"
#include "proto/codec/wire.h"

// Makes a generated message, initialised, in `to`, where COPY fills it from `from`.
#define NEW(type, init)                                                                                      \
    type *to = arena_new(arena, 1, sizeof *to);                                                              \
    init(to)

#define COPY(field) to->field = from->field;

enum err_code role_from_wire(uint32_t role, uint32_t index, enum control_role *to, struct err *err);

#define CONTROL_PAIR(stem)                                                                                   \
    void stem##_to_wire(const struct control *control, Np__Control *wire, struct arena *arena);              \
    enum err_code stem##_from_wire(const Np__Control *wire, struct control *control, struct err *err)
CONTROL_PAIR(progress);  // control_reports.c
CONTROL_PAIR(paused);    // control_reports.c
CONTROL_PAIR(saved);     // control_reports.c
CONTROL_PAIR(configure); // control_configure.c
CONTROL_PAIR(watched);   // control_inside.c
CONTROL_PAIR(timeline);  // control_inside.c
CONTROL_PAIR(text);      // control_text.c
CONTROL_PAIR(start);     // control_groups.c
CONTROL_PAIR(regroup);   // control_groups.c
CONTROL_PAIR(orders);    // control_orders.c
CONTROL_PAIR(reports);   // control_board_reports.c

// Which group each of n boards is in; control_groups.c.
uint32_t *group_of_board_to_wire(const uint32_t *from, uint32_t n, struct arena *arena);
enum err_code group_of_board_from_wire(const uint32_t *from, size_t n, uint32_t *to, struct err *err);

// The part of CONFIGURE's options that says what to record; control_inside.c.
void inside_options_to_wire(const struct run_options *from, Np__RunOptions *to, struct arena *arena);
enum err_code inside_options_from_wire(const Np__RunOptions *from, struct run_options *to, struct err *err);

#endif
