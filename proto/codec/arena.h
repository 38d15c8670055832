// SPDX-License-Identifier: Apache-2.0
// Memory for one message at a time: handed out in a row, given back all at once, and kept for the next
// message. With a limit, so that a message from outside cannot ask for more than its size justifies.
#ifndef NP_PROTO_CODEC_ARENA_H
#define NP_PROTO_CODEC_ARENA_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>

struct arena_chunk;

struct arena {
    struct arena_chunk *newest; // owned; older ones behind it
    size_t at;                  // used of the newest
    size_t used, limit;         // bytes handed out since the last reset, and how many may be
    ProtobufCAllocator allocator;
};

// At most `limit` bytes (SIZE_MAX: as many as wanted) are handed out. The arena must not move afterwards: its
// allocator points to it.
void arena_init(struct arena *arena, size_t limit);
void arena_free(struct arena *arena);

// Takes everything back. From then on at most `limit` bytes are handed out.
void arena_reset(struct arena *arena, size_t limit);

// Memory aligned for any type, undefined content; NULL when the limit is reached.
void *arena_alloc(struct arena *arena, size_t size);

// The same for our own use, where no limit is set: `count` zeroed items, and a copy of a text that ends at
// its NUL or after `max` bytes (NULL: an empty one).
void *arena_new(struct arena *arena, size_t count, size_t size);
char *arena_text(struct arena *arena, const char *text, size_t max);

#endif
