// SPDX-License-Identifier: Apache-2.0
// Any bytes as a program image. What is accepted lies in the file and in memory, is ascending and disjoint,
// and has an entry that is in it.
#include <stdint.h>
#include <string.h>

#include "proto/base/assert.h"
#include "proto/image/image.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct image *image)
{
    uint64_t next = 0, sum = 0;
    bool entered = false;
    NP_ASSERT(image->n_parts >= 1 && image->n_parts <= IMAGE_PARTS_MAX && image->psw_address % 2 == 0);
    for (uint32_t i = 0; i < image->n_parts; i++) {
        const struct image_part *p = &image->parts[i];
        NP_ASSERT(p->address >= next && p->size <= UINT64_MAX - p->zeroes &&
                  p->size + p->zeroes <= UINT64_MAX - p->address);
        NP_ASSERT(p->bytes >= image->bytes && p->bytes + p->size <= image->bytes + image->size);
        for (uint64_t b = 0; b < p->size; b++)
            sum += p->bytes[b];
        entered = entered || image->psw_address - p->address < p->size;
        next = p->address + p->size + p->zeroes;
    }
    NP_ASSERT(entered && image->end == next && sum <= 255 * IMAGE_PARTS_MAX * (uint64_t)image->size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct image image;
    struct err err = {0};
    enum err_code code = image_read(&image, data, size, "image", &err);
    if (code == ERR_OK)
        check(&image);
    else
        NP_ASSERT(code == err.code && strlen(err.text) > 10 &&
                  (code == ERR_IMAGE || code == ERR_DAMAGED_IMAGE || code == ERR_LIMIT));
    return 0;
}
