// SPDX-License-Identifier: Apache-2.0
// Conversions between UTF-8, UTF-16 and UTF-32 (Principles of Operation, "CONVERT UTF-8 TO UTF-16" and its
// like). Each execution converts one unit.
#include "node/isa/families.h"
#include "node/isa/storage.h"

// What ends a conversion before a character: its condition code.
enum ending { END_OF_SOURCE = 0, END_OF_TARGET = 1, END_INVALID = 2, END_NONE = 3 };

#define CHARACTER_MAX 4u // bytes in any encoding

struct source {
    struct window w;
    uint64_t length; // of the operand; w holds the first bytes of it
    uint32_t at;
    bool check; // well-formedness
    uint32_t character, size;
    uint64_t target; // where the result goes,
    uint32_t made;   // and what of it is there: the source may be read from it
    uint8_t result[UNIT];
};

static uint32_t left(const struct source *s)
{
    return least(s->length - s->at, CHARACTER_MAX);
}

static uint32_t source_byte(struct zcpu *z, struct source *s, uint32_t i)
{
    uint64_t in_result = (s->w.address + s->at + i - s->target) & z->address_mask;
    return in_result < s->made ? s->result[in_result] : window_byte(z, &s->w, s->at + i);
}

typedef enum ending decoder(struct zcpu *z, struct source *s);

// Bytes of a UTF-8 character by its first one; 0: none begins so. C0, C1, F5-F7 are left to the check.
static uint32_t utf8_size(uint32_t first, bool check)
{
    if (first < 0x80)
        return 1;
    if (first < (check ? 0xc2u : 0xc0u))
        return 0;
    if (first < 0xe0)
        return 2;
    if (first < 0xf0)
        return 3;
    return first <= (check ? 0xf4u : 0xf7u) ? 4 : 0;
}

// The shortest form, no surrogates, nothing beyond 10FFFF.
static bool well_formed(uint32_t character, uint32_t size)
{
    if (size == 3)
        return character >= 0x800 && (character < 0xd800 || character > 0xdfff);
    return size != 4 || (character >= 0x10000 && character <= 0x10ffff);
}

static enum ending decode_utf8(struct zcpu *z, struct source *s)
{
    if (left(s) == 0)
        return END_OF_SOURCE;
    uint32_t first = source_byte(z, s, 0), size = utf8_size(first, s->check);
    if (size == 0)
        return END_INVALID;
    if (left(s) < size)
        return END_OF_SOURCE;
    uint32_t character = size == 1 ? first : first & (0x7fu >> size);
    for (uint32_t i = 1; i < size; i++) {
        uint32_t byte = source_byte(z, s, i);
        if (s->check && (byte & 0xc0) != 0x80)
            return END_INVALID;
        character = character << 6 | (byte & 0x3f);
    }
    if (s->check && !well_formed(character, size))
        return END_INVALID;
    s->character = character;
    s->size = size;
    return END_NONE;
}

static enum ending decode_utf16(struct zcpu *z, struct source *s)
{
    if (left(s) < 2)
        return END_OF_SOURCE;
    uint32_t high = source_byte(z, s, 0) << 8 | source_byte(z, s, 1);
    s->character = high;
    s->size = 2;
    if ((high & 0xfc00) != 0xd800)
        return END_NONE;
    if (left(s) < 4)
        return END_OF_SOURCE;
    uint32_t second = source_byte(z, s, 2) << 8 | source_byte(z, s, 3);
    if (s->check && (second & 0xfc00) != 0xdc00)
        return END_INVALID;
    s->character = ((high & 0x3ff) << 10 | (second & 0x3ff)) + 0x10000;
    s->size = 4;
    return END_NONE;
}

static enum ending decode_utf32(struct zcpu *z, struct source *s)
{
    if (left(s) < 4)
        return END_OF_SOURCE;
    uint32_t character = 0;
    for (uint32_t i = 0; i < 4; i++)
        character = character << 8 | source_byte(z, s, i);
    if ((character >= 0xd800 && character <= 0xdbff) || character > 0x10ffff)
        return END_INVALID;
    s->character = character;
    s->size = 4;
    return END_NONE;
}

// Writes a character; returns how many bytes it has.
typedef uint32_t encoder(uint32_t character, uint8_t to[CHARACTER_MAX]);

static uint32_t encode_utf8(uint32_t character, uint8_t to[CHARACTER_MAX])
{
    static const uint8_t first[] = {0, 0, 0xc0, 0xe0, 0xf0};
    uint32_t size = character < 0x80 ? 1 : character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
    if (size == 1) {
        to[0] = (uint8_t)character;
        return 1;
    }
    for (uint32_t i = size - 1; i; i--, character >>= 6)
        to[i] = (uint8_t)(0x80 | (character & 0x3f));
    to[0] = (uint8_t)(first[size] | (character & 7) | (size < 4 ? character : 0));
    return size;
}

static uint32_t encode_utf16(uint32_t character, uint8_t to[CHARACTER_MAX])
{
    if (character < 0x10000) {
        to[0] = (uint8_t)(character >> 8);
        to[1] = (uint8_t)character;
        return 2;
    }
    uint32_t high = 0xd800 | ((character - 0x10000) >> 10 & 0x3ff), second = 0xdc00 | (character & 0x3ff);
    to[0] = (uint8_t)(high >> 8);
    to[1] = (uint8_t)high;
    to[2] = (uint8_t)(second >> 8);
    to[3] = (uint8_t)second;
    return 4;
}

static uint32_t encode_utf32(uint32_t character, uint8_t to[CHARACTER_MAX])
{
    for (uint32_t i = 0; i < 4; i++)
        to[i] = (uint8_t)(character >> (24 - 8 * i));
    return 4;
}

// Whether the window holds all that the next character can be.
static bool whole(const struct source *s)
{
    return s->at + CHARACTER_MAX <= s->w.size || s->w.size == s->length;
}

// Converts characters until something ends that, or the unit is full.
static enum ending convert_unit(struct zcpu *z, struct source *s, uint64_t room, decoder *decode,
                                encoder *encode)
{
    enum ending ending = END_NONE;
    while (s->made + CHARACTER_MAX <= UNIT && whole(s)) {
        uint8_t character[CHARACTER_MAX];
        ending = decode(z, s);
        if (ending != END_NONE)
            break;
        uint32_t size = encode(s->character, character);
        if (size > room - s->made)
            return END_OF_TARGET;
        memcpy(s->result + s->made, character, size);
        s->made += size;
        s->at += s->size;
    }
    return ending;
}

static void convert(struct zcpu *z, const struct instruction *in, decoder *decode, encoder *encode)
{
    uint64_t room = register_length(z, in->r1 + 1u);
    struct source s;
    window_open(&s.w, register_address(z, in->r2), least(register_length(z, in->r2 + 1u), UNIT));
    s.length = register_length(z, in->r2 + 1u);
    s.check = in->m3 & 1 && isa_has(z->level, F_ETF3E);
    s.target = register_address(z, in->r1);
    s.at = s.made = 0;
    enum ending ending = convert_unit(z, &s, room, decode, encode);
    if (s.made)
        store_bytes(z, s.target, s.made, s.result);
    set_address(z, in->r1, s.target + s.made);
    set_length(z, in->r1 + 1u, room - s.made);
    set_address(z, in->r2, s.w.address + s.at);
    set_length(z, in->r2 + 1u, s.length - s.at);
    charge(z, s.at);
    z->cc = (uint8_t)ending;
}

void isa_cu12(struct zcpu *z, const struct instruction *in)
{
    convert(z, in, decode_utf8, encode_utf16);
}

void isa_cu14(struct zcpu *z, const struct instruction *in)
{
    convert(z, in, decode_utf8, encode_utf32);
}

void isa_cu21(struct zcpu *z, const struct instruction *in)
{
    convert(z, in, decode_utf16, encode_utf8);
}

void isa_cu24(struct zcpu *z, const struct instruction *in)
{
    convert(z, in, decode_utf16, encode_utf32);
}

void isa_cu41(struct zcpu *z, const struct instruction *in)
{
    convert(z, in, decode_utf32, encode_utf8);
}

void isa_cu42(struct zcpu *z, const struct instruction *in)
{
    convert(z, in, decode_utf32, encode_utf16);
}
