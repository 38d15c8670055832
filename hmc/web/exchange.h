// SPDX-License-Identifier: Apache-2.0
// One request and its answer, whatever carries them: the HTTP server, or a test. An answer may come later
// than the handler returns; the peer may be gone by then.
#ifndef NP_HMC_WEB_EXCHANGE_H
#define NP_HMC_WEB_EXCHANGE_H

#include <jansson.h>

#include "hmc/web/headers.h"
#include "hmc/web/session.h"

struct exchange;
struct route;
struct web;

// What came; texts are NULL where the request has none, and last until the handler has returned.
struct web_request {
    const char *method;       // "GET"
    const char *path, *query; // query: behind the question mark, as it came
    const char *host, *origin, *cookie, *csrf, *content_type, *last_event_id, *if_none_match;
    const char *fetch_site; // Sec-Fetch-Site
    const char *body;
    size_t body_bytes;
};

struct web_answer {
    int status;
    const char *type; // of the content; NULL: there is none
    const void *body;
    size_t body_bytes;
    struct header headers[4]; // further ones; name NULL: no more
    const char *policy;       // Content-Security-Policy; NULL: the page's
};

// What carries exchanges. After reply and finish it owns the exchange and frees it by exchange_free().
struct transport {
    void (*reply)(struct exchange *exchange, const struct web_answer *answer);
    void (*stream)(struct exchange *exchange); // answers with an event stream that goes on
    // Sends on a stream; returns the bytes that wait to be sent.
    size_t (*send)(struct exchange *exchange, const void *bytes, size_t n);
    // Ends a stream: after what is queued for it, or at once and without that.
    void (*finish)(struct exchange *exchange, bool at_once);
};

struct exchange {
    struct web *web;
    const struct transport *transport;
    void *peer; // of the transport
    struct web_request in;
    const struct route *route;
    bool has_session;
    struct session session;
    char address[64];
    char cookie[192]; // Set-Cookie of the answer; ""
    json_t *json;     // the body of a POST; owned
    bool gone;        // the peer is: answers go nowhere
    void (*on_gone)(struct exchange *exchange,
                    void *self); // of a stream; it calls exchange_free() at some time
    void *self;
};

struct exchange *exchange_new(struct web *web, const struct transport *transport);
void exchange_free(struct exchange *exchange);

// The peer has gone: a stream is told; a request's answer will be dropped when it comes.
void exchange_gone(struct exchange *exchange);

// Each answers, and ends, the exchange.
void exchange_json(struct exchange *exchange, int status, json_t *body); // takes the body
void exchange_error(struct exchange *exchange, const struct err *err);   // {"code", "meaning", "text"}
void exchange_status(struct exchange *exchange, int status, enum err_code code, const char *text);
void exchange_answer(struct exchange *exchange, const struct web_answer *answer);

// The HTTP status that goes with an error.
int exchange_status_of(enum err_code code);

// The value of a parameter of the query, decoded, in a buffer; false when there is none or it does not fit.
bool exchange_parameter(const struct exchange *exchange, const char *name, char *value, size_t size);

// Likewise a whole number; `otherwise` when there is none, false when it is anything else.
bool exchange_number(const struct exchange *exchange, const char *name, uint64_t otherwise, uint64_t *value);

// The value of a cookie, copied; false when there is none or it does not fit.
bool exchange_cookie(const struct exchange *exchange, const char *name, char *value, size_t size);

// A line in the audit log about what the user of an exchange did or was refused. A log that cannot be written
// is said on standard error, and the caller is told: what cannot be logged is not done.
enum err_code exchange_audit(struct exchange *exchange, const char *what, const char *run,
                             enum err_code outcome, struct err *err, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));

#endif
