// SPDX-License-Identifier: Apache-2.0
// OpenSSL's headers. One of them defines a type ERR_STATE, which is also one of our error codes: it gets
// another name here, and no file includes those headers by itself.
#ifndef NP_HMC_WEB_OPENSSL_H
#define NP_HMC_WEB_OPENSSL_H

#define ERR_STATE OPENSSL_ERR_STATE
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#undef ERR_STATE

#endif
