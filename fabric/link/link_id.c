// SPDX-License-Identifier: Apache-2.0
#include "fabric/link/link_id.h"

#include <string.h>

struct link_id link_id_of(uint64_t run, uint32_t epoch, uint32_t peer)
{
    struct link_id id = {{'n'}};
    for (unsigned i = 0; i < 4; i++) {
        id.bytes[1 + i] = (uint8_t)(peer >> (24 - 8 * i));
        id.bytes[5 + i] = (uint8_t)(epoch >> (24 - 8 * i));
    }
    for (unsigned i = 0; i < 8; i++)
        id.bytes[9 + i] = (uint8_t)(run >> (56 - 8 * i));
    return id;
}

bool link_id_peer(const uint8_t *bytes, size_t size, uint64_t run, uint32_t epoch, uint32_t peers,
                  uint32_t *peer)
{
    if (size != sizeof(struct link_id))
        return false;
    uint32_t number =
        (uint32_t)bytes[1] << 24 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 8 | bytes[4];
    if (number >= peers)
        return false;
    struct link_id expected = link_id_of(run, epoch, number);
    *peer = number;
    return memcmp(expected.bytes, bytes, size) == 0;
}
