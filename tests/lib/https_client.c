// SPDX-License-Identifier: Apache-2.0
#include "tests/lib/https_client.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hmc/web/openssl.h"
#include "proto/base/assert.h"

#define WAIT_S 120 // for what comes at once, but for the load of the host

struct https_stream {
    SSL_CTX *context;
    SSL *ssl;
    int file;
    char *text;
    size_t n;
    bool ended;
};

static int connect_file(unsigned port)
{
    struct sockaddr_in place = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    const struct timeval wait = {WAIT_S, 0};
    place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int file = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    NP_ASSERT(file >= 0);
    setsockopt(file, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    setsockopt(file, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
    if (connect(file, (struct sockaddr *)&place, sizeof place) == 0)
        return file;
    close(file);
    return -1;
}

static bool is_trusted(SSL *ssl, const char *fingerprint)
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    char text[3 * EVP_MAX_MD_SIZE + 1] = "";
    unsigned n = 0;
    X509 *certificate = SSL_get0_peer_certificate(ssl);
    if (!*fingerprint)
        return true;
    if (!certificate || !X509_digest(certificate, EVP_sha256(), hash, &n))
        return false;
    for (unsigned i = 0; i < n; i++)
        snprintf(text + 3 * i, 4, "%02X%s", hash[i], i + 1 < n ? ":" : "");
    return strcmp(text, fingerprint) == 0;
}

void https_leave(struct https_stream *stream)
{
    if (!stream)
        return;
    SSL_free(stream->ssl);
    SSL_CTX_free(stream->context);
    if (stream->file >= 0)
        close(stream->file);
    free(stream->text);
    free(stream);
}

static struct https_stream *open_stream(const struct https_client *client)
{
    struct https_stream *stream = calloc(1, sizeof *stream);
    NP_ASSERT(stream);
    stream->text = calloc(1, 1);
    stream->context = SSL_CTX_new(TLS_client_method());
    stream->ssl = SSL_new(stream->context);
    NP_ASSERT(stream->text && stream->ssl);
    stream->file = connect_file(client->port);
    if (stream->file >= 0 && SSL_set_fd(stream->ssl, stream->file) == 1 && SSL_connect(stream->ssl) == 1 &&
        is_trusted(stream->ssl, client->fingerprint))
        return stream;
    https_leave(stream);
    return NULL;
}

static void read_some(struct https_stream *stream)
{
    stream->text = realloc(stream->text, stream->n + 16385);
    NP_ASSERT(stream->text);
    int n = SSL_read(stream->ssl, stream->text + stream->n, 16384);
    stream->ended = n <= 0;
    stream->n += n > 0 ? (size_t)n : 0;
    stream->text[stream->n] = '\0';
}

bool https_hears(struct https_stream *stream, const char *text)
{
    while (!strstr(stream->text, text) && !stream->ended)
        read_some(stream);
    return strstr(stream->text, text) != NULL;
}

const char *https_heard(const struct https_stream *stream)
{
    return stream->text;
}

void https_client_free(struct https_client *client)
{
    json_decref(client->answer);
    free(client->text);
    client->answer = NULL;
    client->text = NULL;
}

// Keeps what the answer says, and the cookie that it sets in place of all before.
static void take_answer(struct https_client *client, struct https_stream *stream)
{
    const char *cookie = strstr(stream->text, "\r\nSet-Cookie: ");
    const char *body = strstr(stream->text, "\r\n\r\n");
    https_client_free(client);
    client->text = strdup(stream->text);
    client->status = strncmp(stream->text, "HTTP/1.1 ", 9) == 0 ? atoi(stream->text + 9) : 0;
    client->answer = body ? json_loads(body + 4, 0, NULL) : NULL;
    if (cookie)
        snprintf(client->cookies, sizeof client->cookies, "%.*s", (int)strcspn(cookie + 14, ";"),
                 cookie + 14);
    if (*https_text(client, "csrf"))
        snprintf(client->csrf, sizeof client->csrf, "%s", https_text(client, "csrf"));
}

static struct https_stream *send_request(struct https_client *client, const char *method, const char *path,
                                         const char *body, const char *more)
{
    char head[2048];
    struct https_stream *stream = open_stream(client);
    client->status = 0;
    if (!stream)
        return NULL;
    int n = snprintf(head, sizeof head,
                     "%s %s HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nCookie: %s\r\nX-CSRF-Token: %s\r\n%s", method,
                     path, client->port, client->cookies, client->csrf, more);
    NP_ASSERT(n < (int)sizeof head);
    if (body)
        n += snprintf(head + n, sizeof head - (size_t)n,
                      "Content-Type: application/json\r\nContent-Length: %zu\r\n", strlen(body));
    n += snprintf(head + n, sizeof head - (size_t)n, "\r\n%s", body ? body : "");
    NP_ASSERT(n < (int)sizeof head);
    SSL_write(stream->ssl, head, n);
    return stream;
}

int https_ask(struct https_client *client, const char *method, const char *path, const char *body)
{
    struct https_stream *stream = send_request(client, method, path, body, "Connection: close\r\n");
    if (!stream)
        return 0;
    while (!stream->ended)
        read_some(stream);
    take_answer(client, stream);
    https_leave(stream);
    return client->status;
}

bool https_throw(struct https_client *client, const void *bytes, size_t n)
{
    struct https_stream *stream = open_stream(client);
    if (!stream)
        return false;
    if (n)
        SSL_write(stream->ssl, bytes, (int)n);
    SSL_shutdown(stream->ssl);
    https_leave(stream);
    return true;
}

int https_login(struct https_client *client, const char *user, const char *password)
{
    char body[512];
    if (https_ask(client, "GET", "/api/session", NULL) != 200)
        return client->status;
    snprintf(body, sizeof body, "{\"user\": \"%s\", \"password\": \"%s\"}", user, password);
    return https_ask(client, "POST", "/api/login", body);
}

const char *https_text(const struct https_client *client, const char *path)
{
    const json_t *at = client->answer;
    while (at && *path) {
        char key[64];
        size_t n = strcspn(path, ".");
        snprintf(key, sizeof key, "%.*s", (int)n, path);
        at = json_object_get(at, key);
        path += n + (path[n] == '.');
    }
    const char *text = json_string_value(at);
    return text ? text : "";
}

struct https_stream *https_listen(struct https_client *client, const char *path, const char *last_event_id)
{
    char more[80] = "";
    if (last_event_id)
        snprintf(more, sizeof more, "Last-Event-ID: %s\r\n", last_event_id);
    struct https_stream *stream = send_request(client, "GET", path, NULL, more);
    if (!stream)
        return NULL;
    https_hears(stream, "\r\n\r\n");
    if (strstr(stream->text, "text/event-stream"))
        return stream;
    take_answer(client, stream);
    https_leave(stream);
    return NULL;
}
