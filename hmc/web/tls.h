// SPDX-License-Identifier: Apache-2.0
// The console's certificate and key, and TLS (1.2 and later) with them.
#ifndef NP_HMC_WEB_TLS_H
#define NP_HMC_WEB_TLS_H

#include <stdbool.h>

#include "hmc/web/openssl.h"
#include "proto/base/err.h"

#define TLS_FINGERPRINT_BYTES 96 // SHA-256 as "AB:CD:...", with its NUL

struct tls_files {
    const char *certificate, *key; // PEM files of the user; NULL: made and kept in `folder`
    const char *folder;            // console.crt and console.key, mode 0600
    const char *host; // name or address that people will type, besides localhost; "" or NULL: none
};

// Reads certificate and key; makes a self-signed pair (P-256) when the folder has none, or an expired one.
// *made: it did. The caller frees *context. ERR_FILE, ERR_DAMAGED_STATE.
enum err_code tls_open(const struct tls_files *files, SSL_CTX **context,
                       char fingerprint[TLS_FINGERPRINT_BYTES], bool *made, struct err *err);

#endif
