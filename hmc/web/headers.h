// SPDX-License-Identifier: Apache-2.0
// Header fields that every answer carries, whoever makes it.
#ifndef NP_HMC_WEB_HEADERS_H
#define NP_HMC_WEB_HEADERS_H

#include <stddef.h>

struct header {
    const char *name, *value;
};

// Content security policy, HSTS and their like.
extern const struct header security_headers[];
extern const size_t n_security_headers;

#define POLICY_HEADER 0 // the place of Content-Security-Policy among them

#endif
