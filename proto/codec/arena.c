// SPDX-License-Identifier: Apache-2.0
#include "proto/codec/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proto/base/assert.h"

#define CHUNK_BYTES_MIN 4096u // an empty grant or batch needs about a tenth of this

struct arena_chunk {
    struct arena_chunk *older;
    size_t size;
    alignas(max_align_t) uint8_t bytes[];
};

static void *allocator_alloc(void *context, size_t size)
{
    return arena_alloc(context, size);
}

static void allocator_free(void *context, void *memory)
{
    (void)context, (void)memory; // all of it goes back at the next reset
}

void arena_init(struct arena *arena, size_t limit)
{
    *arena = (struct arena){.limit = limit, .allocator = {allocator_alloc, allocator_free, arena}};
}

void arena_free(struct arena *arena)
{
    while (arena->newest) {
        struct arena_chunk *older = arena->newest->older;
        free(arena->newest);
        arena->newest = older;
    }
}

static void add_chunk(struct arena *arena, size_t size)
{
    struct arena_chunk *chunk = malloc(sizeof *chunk + size);
    NP_ASSERT(chunk);
    chunk->older = arena->newest;
    chunk->size = size;
    arena->newest = chunk;
    arena->at = 0;
}

void arena_reset(struct arena *arena, size_t limit)
{
    // Several chunks mean that the last message outgrew the first: one chunk for all of it serves the next.
    if (arena->newest && arena->newest->older) {
        size_t size = 0;
        for (const struct arena_chunk *chunk = arena->newest; chunk; chunk = chunk->older)
            size += chunk->size;
        arena_free(arena);
        add_chunk(arena, size);
    }
    arena->at = 0;
    arena->used = 0;
    arena->limit = limit;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    if (size > arena->limit - arena->used)
        return NULL;
    arena->used += size;
    size_t aligned = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    if (!arena->newest || aligned > arena->newest->size - arena->at) {
        size_t doubled = arena->newest ? 2 * arena->newest->size : CHUNK_BYTES_MIN;
        add_chunk(arena, doubled > aligned ? doubled : aligned);
    }
    void *memory = arena->newest->bytes + arena->at;
    arena->at += aligned;
    return memory;
}

void *arena_new(struct arena *arena, size_t count, size_t size)
{
    size_t total;
    NP_ASSERT(!__builtin_mul_overflow(count, size, &total));
    void *memory = arena_alloc(arena, total);
    NP_ASSERT(memory);
    return memset(memory, 0, total);
}

char *arena_text(struct arena *arena, const char *text, size_t max)
{
    size_t length = text ? strnlen(text, max) : 0;
    char *copy = arena_new(arena, length + 1, 1);
    return length ? memcpy(copy, text, length) : copy;
}
