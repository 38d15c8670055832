// SPDX-License-Identifier: Apache-2.0
#include "hmc/web/headers.h"

#include "proto/base/assert.h"

// The page loads its own files only, and runs no script or style that stands in it. Chart.js sets styles of
// its canvas by calls, which the policy does not concern. Browsers heed HSTS only where they trust the
// certificate.
const struct header security_headers[] = {
    {"Content-Security-Policy",
     "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
     "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"},
    {"Strict-Transport-Security", "max-age=31536000"},
    {"X-Content-Type-Options", "nosniff"},
    {"X-Frame-Options", "DENY"}, // for browsers that do not know frame-ancestors
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
};

const size_t n_security_headers = NP_ARRAY_LEN(security_headers);
