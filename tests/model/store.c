// SPDX-License-Identifier: Apache-2.0
#include "tests/model/store.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "proto/base/assert.h"

#define STATE_WORDS_MAX (sizeof(struct model_state) / 4)

static void *resized(void *old, uint64_t bytes)
{
    void *new = realloc(old, bytes);
    NP_ASSERT(new);
    return new;
}

void store_init(struct store *store, const struct model_config *config)
{
    *store =
        (struct store){.config = config, .capacity = 1u << 10, .room = 1u << 14, .slot_mask = (1u << 12) - 1};
    store->offset = resized(NULL, store->capacity * sizeof *store->offset);
    store->words = resized(NULL, store->room * sizeof *store->words);
    store->slot = calloc(store->slot_mask + UINT64_C(1), sizeof *store->slot);
    NP_ASSERT(store->slot);
}

void store_free(struct store *store)
{
    free(store->offset);
    free(store->words);
    free(store->slot);
    *store = (struct store){0};
}

uint64_t store_bytes(const struct store *store)
{
    return store->capacity * sizeof *store->offset + store->room * sizeof *store->words +
           (store->slot_mask + UINT64_C(1)) * sizeof *store->slot;
}

static unsigned home_words(const struct model_config *config)
{
    return (unsigned)(config->lines * sizeof(struct home_line) + 3) / 4;
}

// Header, homes, boards, messages: only what the configuration has and the state uses.
static unsigned pack(const struct model_config *config, const struct model_state *state, uint32_t *out)
{
    unsigned n = 1, messages = (unsigned)state->unordered + state->forwards;
    memcpy(out, state, 4);
    out[n + home_words(config) - 1] = 0; // homes may end inside a word
    memcpy(out + n, state->home, config->lines * sizeof state->home[0]);
    n += home_words(config);
    for (unsigned line = 0; line < config->lines; line++, n += 2 * config->boards)
        memcpy(out + n, state->board[line], config->boards * sizeof state->board[0][0]);
    memcpy(out + n, state->message, messages * 4);
    return n + messages;
}

static void unpack(const struct model_config *config, const uint32_t *in, struct model_state *state)
{
    unsigned n = 1;
    memset(state, 0, sizeof *state);
    memcpy(state, in, 4);
    memcpy(state->home, in + n, config->lines * sizeof state->home[0]);
    n += home_words(config);
    for (unsigned line = config->lines; line < MODEL_LINES_MAX; line++)
        state->home[line].owner = MODEL_NO_BOARD;
    for (unsigned line = 0; line < config->lines; line++, n += 2 * config->boards)
        memcpy(state->board[line], in + n, config->boards * sizeof state->board[0][0]);
    memcpy(state->message, in + n, ((size_t)state->unordered + state->forwards) * 4);
}

static void grow_slots(struct store *store)
{
    uint32_t mask = store->slot_mask * 2 + 1;
    uint64_t *slot = calloc(mask + UINT64_C(1), sizeof *slot);
    NP_ASSERT(slot);
    for (uint64_t i = 0; i <= store->slot_mask; i++) {
        uint32_t at = (uint32_t)(store->slot[i] >> 32) & mask;
        if (store->slot[i] == 0)
            continue;
        while (slot[at])
            at = (at + 1) & mask;
        slot[at] = store->slot[i];
    }
    free(store->slot);
    store->slot = slot;
    store->slot_mask = mask;
}

static void append(struct store *store, const uint32_t *words, unsigned n)
{
    if (store->n == store->capacity) {
        store->capacity *= 2;
        store->offset = resized(store->offset, store->capacity * sizeof *store->offset);
    }
    if (store->used + n > store->room) {
        store->room *= 2;
        store->words = resized(store->words, store->room * sizeof *store->words);
    }
    NP_ASSERT(store->used + n < UINT32_MAX);
    store->offset[store->n++] = (uint32_t)store->used;
    memcpy(store->words + store->used, words, n * 4);
    store->used += n;
}

static bool equals(const struct store *store, uint32_t number, const uint32_t *words, unsigned n)
{
    uint64_t end = number + 1 < store->n ? store->offset[number + 1] : store->used;
    return end - store->offset[number] == n &&
           memcmp(store->words + store->offset[number], words, n * 4) == 0;
}

uint32_t store_add(struct store *store, const struct model_state *state, bool *added)
{
    uint32_t words[STATE_WORDS_MAX];
    unsigned n = pack(store->config, state, words);
    uint32_t hash = (uint32_t)XXH3_64bits(words, n * 4);
    uint32_t at = hash & store->slot_mask;
    *added = false;
    for (; store->slot[at]; at = (at + 1) & store->slot_mask)
        if (store->slot[at] >> 32 == hash && equals(store, (uint32_t)store->slot[at] - 1, words, n))
            return (uint32_t)store->slot[at] - 1;
    *added = true;
    append(store, words, n);
    store->slot[at] = (uint64_t)hash << 32 | store->n;
    if (store->n > store->slot_mask / 2)
        grow_slots(store);
    return store->n - 1;
}

void store_get(const struct store *store, uint32_t number, struct model_state *state)
{
    NP_ASSERT(number < store->n);
    unpack(store->config, store->words + store->offset[number], state);
}
