// SPDX-License-Identifier: Apache-2.0
// Watching lines: every change of state and every message of a few lines, as they happen on one board. A
// board that watches nothing has no `struct watch`, and pays one predictable branch at each place that could
// see a change.
#ifndef NP_NODE_BOARD_WATCH_H
#define NP_NODE_BOARD_WATCH_H

#include "fabric/time/event_queue.h"
#include "proto/base/message.h"
#include "proto/base/watch.h"

struct board;
struct watch;

// NULL when no line of the list is of a partition of the board's system: it can join none of theirs.
struct watch *watch_new(const struct board *board, const struct watch_list *list);
void watch_free(struct watch *watch);

// The board's partition has changed.
void watch_domain(struct board *board);

// Before an event: what is recorded from now on bears its key. What CPUs have written silently since the last
// event (E to M in their own L1, which nobody else is told) shows now.
void watch_event(struct board *board, const struct event *event);

// Something may have changed the states of a line: compares with what was seen last.
void watch_look(struct board *board, uint64_t line);

// A message was sent or received.
void watch_message(struct board *board, const struct message *message, enum watch_kind kind);

// The events of line number `index` of the list, oldest first; *n of them, *dropped more that were not kept.
const struct watch_event *watch_events(const struct watch *watch, uint32_t index, uint32_t *n,
                                       uint64_t *dropped);

#endif
