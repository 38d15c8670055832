// SPDX-License-Identifier: Apache-2.0
// A browser as a test needs one, against a console in another process: keeps its cookies and CSRF token, asks
// and waits, listens to an event stream. It trusts a certificate by its fingerprint.
#ifndef NP_TESTS_LIB_HTTPS_CLIENT_H
#define NP_TESTS_LIB_HTTPS_CLIENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct https_stream; // of events

struct https_client {
    unsigned port;        // at 127.0.0.1
    char fingerprint[96]; // SHA-256 "AB:CD:..", checked at each connection; "": any
    char cookies[512], csrf[80];
    int status;     // of the last answer; 0: there was no connection
    json_t *answer; // NULL: no JSON
    char *text;     // head and body
};

void https_client_free(struct https_client *client);

// Asks and waits for the answer, two minutes at most. `body` NULL: none. Returns the status.
int https_ask(struct https_client *client, const char *method, const char *path, const char *body);

// Sends any bytes over a connection of its own and goes, without an answer. False: there was no connection.
bool https_throw(struct https_client *client, const void *bytes, size_t n);

// Logs in. Returns the status.
int https_login(struct https_client *client, const char *user, const char *password);

// A text of the last answer: "user.name". "" when there is none such.
const char *https_text(const struct https_client *client, const char *path);

// Listens; `last_event_id` NULL: none. NULL when there is no such stream: then the client has the answer.
struct https_stream *https_listen(struct https_client *client, const char *path, const char *last_event_id);

// Waits, two minutes at most, until the stream has said a text. False: it has not, or has ended before.
bool https_hears(struct https_stream *stream, const char *text);
const char *https_heard(const struct https_stream *stream); // all that it has said
void https_leave(struct https_stream *stream);

#endif
