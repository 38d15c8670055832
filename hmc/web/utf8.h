// SPDX-License-Identifier: Apache-2.0
// Bytes of guests as text for the page.
#ifndef NP_HMC_WEB_UTF8_H
#define NP_HMC_WEB_UTF8_H

#include <stddef.h>
#include <stdint.h>

// The bytes as UTF-8, terminated: what is none, and NUL, becomes U+FFFD. The caller frees.
char *utf8_clean(const uint8_t *bytes, size_t n);

#endif
