// SPDX-License-Identifier: Apache-2.0
// How digests combine: a partition's from those of its boards, a run's from those of its partitions. Nothing
// of another partition enters a partition's digest, its number included.
#ifndef NP_PROTO_BASE_DIGEST_H
#define NP_PROTO_BASE_DIGEST_H

#include <stddef.h>

#include "proto/base/archive.h"

// The digest of n digests in this order.
struct digest digest_combine(const struct digest *parts, size_t n);

// 32 hexadecimal digits and a NUL.
#define DIGEST_TEXT_SIZE 33
void digest_text(struct digest digest, char text[DIGEST_TEXT_SIZE]);

static inline int digest_equal(struct digest a, struct digest b)
{
    return a.low == b.low && a.high == b.high;
}

#endif
