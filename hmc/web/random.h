// SPDX-License-Identifier: Apache-2.0
// Secrets and how they are written down.
#ifndef NP_HMC_WEB_RANDOM_H
#define NP_HMC_WEB_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Bytes that nobody can guess, from OpenSSL's generator; stops the process when there are none.
void random_bytes(void *to, size_t n);

// Lower-case hexadecimal, 2 n digits and a NUL.
void hex_text(const uint8_t *bytes, size_t n, char *text);

// The bytes of exactly 2 n digits; false when it is anything else.
bool hex_bytes(const char *text, uint8_t *bytes, size_t n);

#endif
