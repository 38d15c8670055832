// SPDX-License-Identifier: Apache-2.0
// The head of an HTTP request, checked before the HTTP library sees it: what is let through is well-formed,
// of a bounded size, and its end is where we and the library both think it is (RFC 9112). Pure functions.
#ifndef NP_HMC_WEB_HEAD_H
#define NP_HMC_WEB_HEAD_H

#include <stddef.h>
#include <stdint.h>

#include "hmc/web/limits.h"

// Follows the bytes of a connection: head, body, next head.
struct head_reader {
    uint32_t n;         // bytes of the head so far
    uint32_t body_left; // bytes of the body to come
    char text[WEB_HEAD_BYTES_MAX];
};

// Takes bytes. Returns 0, or the HTTP status with which the connection has to end: 400, 411, 413, 414, 417,
// 431, 501, 505. *complete: how many requests have come to their end.
int head_read(struct head_reader *reader, const uint8_t *bytes, size_t n, unsigned *complete);

// Whether it is between two requests.
int head_idle(const struct head_reader *reader);

// Checks a whole head, its empty line included. 0 with the length of the body, or the status.
int head_check(const char *text, size_t n, uint32_t *body_bytes);

// "Bad Request"
const char *status_text(int status);

#endif
