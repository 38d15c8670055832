// SPDX-License-Identifier: Apache-2.0
#include "tests/lib/tiny_guest.h"

#include <stdint.h>
#include <stdio.h>

#include "proto/base/assert.h"
#include "proto/base/limits.h"

// 0x10000: larl %r4,data; lghi %r5,200; loop: lg %r1,0(%r4); agr %r1,%r5; stg %r1,0(%r4); st %r1,10(%r4); l
// %r2,6(%r4); lg %r3,13(%r4); la %r4,88(%r4); brctg %r5,loop; larl %r6,end; lpswe 0(%r6). Operands cross
// doublewords and lines; the data lie on both boards.
static const uint8_t program[] = {
    0xc0, 0x40, 0x00, 0x00, 0x00, 0x28, 0xa7, 0x59, 0x00, 0xc8, 0xe3, 0x10, 0x40, 0x00, 0x00, 0x04, 0xb9,
    0x08, 0x00, 0x15, 0xe3, 0x10, 0x40, 0x00, 0x00, 0x24, 0x50, 0x10, 0x40, 0x0a, 0x58, 0x20, 0x40, 0x06,
    0xe3, 0x30, 0x40, 0x0d, 0x00, 0x04, 0x41, 0x40, 0x40, 0x58, 0xa7, 0x57, 0xff, 0xef, 0xc0, 0x60, 0x00,
    0x00, 0x00, 0x08, 0xb2, 0xb2, 0x60, 0x00, 0x07, 0x07, 0x07, 0x07, 0x07, 0x07,
    // end: a disabled wait at 0xfff
    0x00, 0x02, 0x00, 0x01, 0x80, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x0f, 0xff};
static const uint8_t start[] = {0x00, 0x08, 0x00, 0x01, 0x80, 0x01, 0x00, 0x00};

static const char scenario_text[] =
    "scenario: guest\nseed: 1\nuntil: 200us\nsystems:\n"
    "  - name: m\n    preset: teaching-board\n    boards: [A0, A1, A2]\n"
    "    partitions:\n"
    "      - name: P\n        boards: [A0, A1]\n        memory: [{size: 64MiB, interleave: 4KiB}]\n"
    "        programs:\n          - {on: all, load: guest.img}\n"
    "      - name: Q\n        boards: [A2]\n        programs:\n"
    "          - {on: all, generator: random, region: {base: 0, size: 4KiB}, count: 3000}\n";

static FILE *create(const char *folder, const char *name)
{
    char path[2 * PATH_MAX_BYTES];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    NP_ASSERT(file);
    return file;
}

void tiny_guest_write(const char *folder)
{
    FILE *image = create(folder, "guest.img"), *text = create(folder, "guest.yaml");
    fwrite(start, 1, sizeof start, image);
    fseek(image, 0x10000, SEEK_SET);
    fwrite(program, 1, sizeof program, image);
    fputs(scenario_text, text);
    NP_ASSERT(fclose(image) == 0 && fclose(text) == 0);
}
