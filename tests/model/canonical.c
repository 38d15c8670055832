// SPDX-License-Identifier: Apache-2.0
// Symmetry. Renaming boards, L1s of a board, or words of a line maps every move onto a move and every checked
// property onto itself, because no table, step or gate compares the number of a board, L1 or word with
// anything but another number of the same kind. A board that is a line's home may only be exchanged together
// with the line, one that may die only with another that may, and those that share a directory's bit
// together.
#include <string.h>

#include "tests/model/model.h"

struct renaming {
    uint8_t from[MODEL_BOARDS_MAX]; // new board i is old board from[i]
    uint8_t to[8];                  // its inverse; 7 stays 7
    uint8_t line[MODEL_LINES_MAX];  // new line i is old line line[i]
};

// Coarse vectors tell boards apart: those of one bit stay together.
static bool share_a_bit(const struct model_config *config, unsigned a, unsigned b)
{
    return config->coarse && a / config->coarse == b / config->coarse;
}

static bool permits(const struct model_config *config, const struct renaming *r)
{
    for (unsigned line = 0; line < config->lines; line++) {
        unsigned home = config->home[r->line[line]];
        if (config->home[line] != (home < config->boards ? r->to[home] : home))
            return false;
    }
    for (unsigned i = 0; i < config->boards; i++)
        if ((config->may_die >> i & 1) != (config->may_die >> r->from[i] & 1))
            return false;
    for (unsigned i = 1; i < config->boards; i++)
        for (unsigned j = 0; j < i; j++)
            if (share_a_bit(config, i, j) != share_a_bit(config, r->from[i], r->from[j]))
                return false;
    return true;
}

static unsigned add_boards(const struct model_config *config, struct renaming r, unsigned at, unsigned used,
                           struct renaming *out)
{
    unsigned n = 0;
    if (at == config->boards) {
        *out = r;
        return permits(config, &r);
    }
    for (uint8_t i = 0; i < config->boards; i++) {
        if (used >> i & 1)
            continue;
        r.from[at] = i;
        r.to[i] = (uint8_t)at;
        n += add_boards(config, r, at + 1, used | 1u << i, out + n);
    }
    return n;
}

#define RENAMINGS_MAX 48

static unsigned renamings(const struct model_config *config, struct renaming out[RENAMINGS_MAX])
{
    struct renaming r = {.to = {0, 0, 0, 0, 4, 5, 6, 7}, .line = {0, 1}};
    unsigned n = add_boards(config, r, 0, 0, out);
    r.line[0] = 1;
    r.line[1] = 0;
    return config->lines == 2 ? n + add_boards(config, r, 0, 0, out + n) : n;
}

static uint64_t mix(uint64_t x)
{
    x *= UINT64_C(0x9e3779b97f4a7c15);
    x ^= x >> 29;
    x *= UINT64_C(0xbf58476d1ce4e5b9);
    return x ^ x >> 32;
}

// A number per board that renamings carry along: sorting by it leaves few renamings to try.
static void board_keys(const struct model *model, const struct model_state *state, uint64_t key[8])
{
    const struct home_line *home = &state->home[0];
    for (unsigned i = 0; i < model->config->boards; i++) {
        struct board_line at = state->board[0][i];
        uint64_t bits = 0;
        at.value = (uint8_t)__builtin_popcount(at.value);
        for (unsigned j = 0; j < MODEL_PARKED_MAX; j++)
            at.parked[j] = parked_renamed(at.parked[j], parked_requestor(at.parked[j]) == i);
        memcpy(&bits, &at, sizeof bits);
        unsigned role =
            (home->sharers >> i & 1u) | (home->owner == i ? 2u : 0) | (state->dead >> i & 1u) << 2;
        key[i] = mix(bits + role * UINT64_C(0x1000193));
    }
    unsigned end = state->unordered + state->forwards, place = 0;
    for (unsigned i = 0; i < end; i++) {
        packed_message packed = state->message[i];
        place = i > state->unordered && packed_queue(packed) == packed_queue(state->message[i - 1])
                    ? place + 1
                    : 0;
        uint64_t content =
            packed_renamed(packed, 0, 0, 0, (unsigned)__builtin_popcount(packed_value(packed)));
        content = mix(content + place);
        key[packed_dst(packed)] += content;
        key[packed_requestor(packed)] += content * 3;
    }
}

static bool is_sorted(const struct model_config *config, const struct renaming *r, const uint64_t *key)
{
    for (unsigned i = 1; i < config->boards; i++) {
        bool alike = config->home[0] >= config->boards || (config->home[0] != i && config->home[0] != i - 1);
        alike = alike && (!config->coarse || share_a_bit(config, i, i - 1));
        alike = alike && (config->may_die >> i & 1) == (config->may_die >> (i - 1) & 1);
        if (alike && key[r->from[i - 1]] > key[r->from[i]])
            return false;
    }
    return true;
}

static unsigned swapped_words(unsigned value)
{
    return (value & 0xfc) | (value & 1) << 1 | (value >> 1 & 1);
}

static uint8_t renamed_set(unsigned set, const struct renaming *r, unsigned boards)
{
    unsigned out = set & ~((1u << boards) - 1);
    for (unsigned i = 0; i < boards; i++)
        out |= (set >> r->from[i] & 1) << i;
    return (uint8_t)out;
}

static struct home_line renamed_home(const struct model_config *config, struct home_line home,
                                     const struct renaming *r, bool swap)
{
    home.owner = r->to[home.owner];
    home.sharers = renamed_set(home.sharers, r, config->boards);
    if (swap)
        home.value = (uint8_t)swapped_words(home.value);
    return home;
}

static void rename_messages(const struct model_state *state, struct model_state *out,
                            const struct renaming *r, bool swap)
{
    unsigned end = state->unordered + state->forwards;
    for (unsigned i = 0; i < end; i++) {
        packed_message packed = state->message[i];
        unsigned value = packed_value(packed), line = packed_line(packed);
        packed = packed_renamed(packed, r->line[line], r->to[packed_dst(packed)],
                                r->to[packed_requestor(packed)], swap ? swapped_words(value) : value);
        unsigned at = i;
        if (i < state->unordered)
            for (; at && out->message[at - 1] > packed; at--)
                out->message[at] = out->message[at - 1];
        else
            for (; at > state->unordered && packed_queue(out->message[at - 1]) > packed_queue(packed); at--)
                out->message[at] = out->message[at - 1];
        out->message[at] = packed;
    }
}

static void rename(const struct model *model, const struct model_state *state, struct model_state *out,
                   const struct renaming *r, bool swap)
{
    const struct model_config *config = model->config;
    memset(out, 0, sizeof *out);
    out->dead = renamed_set(state->dead, r, config->boards);
    out->maps = (uint8_t)(renamed_set(state->maps & 15, r, config->boards) |
                          renamed_set(state->maps >> 4, r, config->boards) << 4);
    out->unordered = state->unordered;
    out->forwards = state->forwards;
    for (unsigned line = 0; line < MODEL_LINES_MAX; line++) {
        unsigned from = line < config->lines ? r->line[line] : line;
        out->home[line] = renamed_home(config, state->home[from], r, swap);
        for (unsigned i = 0; i < config->boards; i++) {
            struct board_line *at = &out->board[line][i];
            *at = state->board[from][r->from[i]];
            for (unsigned j = 0; j < MODEL_PARKED_MAX; j++)
                at->parked[j] = parked_renamed(at->parked[j], r->to[parked_requestor(at->parked[j])]);
            if (swap)
                at->value = (uint8_t)swapped_words(at->value);
        }
    }
    rename_messages(state, out, r, swap);
}

// L1s are named by nothing but their place, so that sorting them suffices.
static void sort_l1s(const struct model_config *config, struct model_state *state)
{
    for (unsigned i = 0; i < config->boards; i++) {
        unsigned key[2] = {0, 0};
        for (unsigned line = 0; line < config->lines; line++)
            for (unsigned j = 0; j < 2; j++)
                key[j] = key[j] << 4 | l1_get(&state->board[line][i], j) << 2 |
                         waiting_get(&state->board[line][i], j);
        if (key[0] >= key[1])
            continue;
        for (unsigned line = 0; line < config->lines; line++) {
            struct board_line *at = &state->board[line][i];
            at->l1 = ((at->l1 & 3) << 2 | at->l1 >> 2) & 15;
            at->waiting = ((at->waiting & 3) << 2 | at->waiting >> 2) & 15;
        }
    }
}

// True when exchanging the words changes nothing, so that it need not be tried.
static bool words_are_alike(const struct model *model, const struct model_state *state)
{
    unsigned seen = 0;
    if (model->config->words < 2)
        return true;
    for (unsigned line = 0; line < model->config->lines; line++) {
        for (unsigned i = 0; i < model->config->boards; i++)
            seen |= 1u << (state->board[line][i].value & 3);
        seen |= 1u << (state->home[line].value & 3);
    }
    for (unsigned i = 0; i < state->unordered; i++)
        seen |= 1u << packed_value(state->message[i]);
    return (seen & 6) == 0;
}

void model_canonical(const struct model *model, const struct model_state *state,
                     struct model_state *canonical)
{
    static struct renaming group[RENAMINGS_MAX];
    static unsigned n;
    static const struct model_config *of;
    if (of != model->config)
        n = renamings(of = model->config, group);
    struct model_state sorted = *state, candidate;
    uint64_t key[8] = {0};
    if (model->config->l1s == 2)
        sort_l1s(model->config, &sorted);
    if (model->config->lines == 1)
        board_keys(model, &sorted, key);
    bool found = false, alike = words_are_alike(model, &sorted);
    for (unsigned i = 0; i < n; i++) {
        if (model->config->lines == 1 && !is_sorted(model->config, &group[i], key))
            continue;
        for (unsigned swap = 0; swap < (alike ? 1u : 2u); swap++) {
            rename(model, &sorted, found ? &candidate : canonical, &group[i], swap);
            if (found && memcmp(&candidate, canonical, sizeof candidate) < 0)
                *canonical = candidate;
            found = true;
        }
    }
}
