// SPDX-License-Identifier: Apache-2.0
// Lists of messages and frames as columns. Private to the codec: the only users of the data plane's generated
// types are the files that include this.
#ifndef NP_PROTO_CODEC_DATA_COLUMNS_H
#define NP_PROTO_CODEC_DATA_COLUMNS_H

#include "proto/base/message.h"
#include "proto/codec/arena.h"
#include "proto/schema/data.pb-c.h"

typedef Numaplex__Data__Messages message_columns;
typedef Numaplex__Data__Frames frame_columns;

// Spread a list over columns in the arena's memory (which must have no limit). Byte strings point into the
// list where its order allows it.
void message_columns_build(message_columns *columns, struct arena *arena, const struct message_list *list);
void frame_columns_build(frame_columns *columns, struct arena *arena, const struct frame_list *list);

// No encoding of a list is longer than this.
size_t message_columns_bound(const struct message_list *list);
size_t frame_columns_bound(const struct frame_list *list);

// Why the columns are not what a correct peer sends; NULL: they are. NULL columns are a list of nothing.
const char *message_columns_invalid(const message_columns *columns);
const char *frame_columns_invalid(const frame_columns *columns);

// Replace the content of a list with columns that were found valid.
void message_columns_take(const message_columns *columns, struct message_list *list);
void frame_columns_take(const frame_columns *columns, struct frame_list *list);

#endif
