// SPDX-License-Identifier: Apache-2.0
// Passwords: kept as scrypt's output (RFC 7914) with a salt of their own and the cost that it was made with,
// so that the cost can rise later without anybody's password being asked for.
#ifndef NP_HMC_WEB_PASSWORD_H
#define NP_HMC_WEB_PASSWORD_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/base/err.h"

#define PASSWORD_SALT_BYTES 16
#define PASSWORD_HASH_BYTES 32
#define PASSWORD_MADE_BYTES 25 // of a generated password, with its NUL

struct password_cost {
    uint64_t n; // a power of two
    uint64_t r, p;
};

// One of the settings that OWASP's Password Storage Cheat Sheet lists as equal: N = 2^15, r = 8, p = 3; 32
// MiB.
extern const struct password_cost password_cost_default;

struct password_record {
    uint8_t salt[PASSWORD_SALT_BYTES], hash[PASSWORD_HASH_BYTES];
    struct password_cost cost;
};

// Whether a password may be chosen: its length, and no control characters. ERR_REQUEST says what is wrong.
enum err_code password_acceptable(const char *password, struct err *err);

// Makes a record with a new salt. ERR_MEMORY when scrypt does not get its memory.
enum err_code password_make(const char *password, const struct password_cost *cost,
                            struct password_record *record, struct err *err);

// Whether it is the password. Takes as long for a wrong one as for the right one.
bool password_verify(const char *password, const struct password_record *record);

// A record that no password fits, which takes as long to verify as any other: for users that there are not.
struct password_record password_nobody(const struct password_cost *cost);

// Random: 24 letters and digits of 31, in groups of four; about 99 bits.
void password_generate(char password[PASSWORD_MADE_BYTES]);

#endif
