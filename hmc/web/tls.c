// SPDX-License-Identifier: Apache-2.0
#include "hmc/web/tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "hmc/web/openssl.h"
#include "hmc/web/random.h"
#include "proto/base/assert.h"
#include "proto/base/limits.h"

#define CERTIFICATE_DAYS 825 // the longest that browsers have accepted of certificates that a user installs

static enum err_code openssl_error(struct err *err, enum err_code code, const char *what)
{
    char text[160];
    ERR_error_string_n(ERR_get_error(), text, sizeof text);
    ERR_clear_error();
    return err_set(err, code, "%s: %s", what, text);
}

static void add_extension(X509 *certificate, int nid, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    NP_ASSERT(extension && X509_add_ext(certificate, extension, -1) == 1);
    X509_EXTENSION_free(extension);
}

// Names that may stand in a certificate's list as they are; anything else is left out.
static bool plain_name(const char *host)
{
    size_t n = strlen(host);
    return n > 0 && n < 128 &&
           strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.") == n;
}

static void names_text(const char *host, char *text, size_t size)
{
    unsigned char bytes[16];
    char own[128] = "";
    gethostname(own, sizeof own - 1);
    int n = snprintf(text, size, "DNS:localhost,IP:127.0.0.1,IP:::1");
    if (plain_name(own))
        n += snprintf(text + n, size - (size_t)n, ",DNS:%s", own);
    if (!host)
        return;
    if (inet_pton(AF_INET, host, bytes) == 1 || inet_pton(AF_INET6, host, bytes) == 1)
        snprintf(text + n, size - (size_t)n, ",IP:%s", host);
    else if (plain_name(host))
        snprintf(text + n, size - (size_t)n, ",DNS:%s", host);
}

static void set_number(X509 *certificate)
{
    uint64_t number;
    random_bytes(&number, sizeof number);
    ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), number >> 1 | 1);
}

static X509 *make_certificate(EVP_PKEY *key, const char *host)
{
    char names[512];
    X509 *certificate = X509_new();
    NP_ASSERT(certificate);
    X509_set_version(certificate, X509_VERSION_3);
    set_number(certificate);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600); // clocks of browsers may be behind
    X509_gmtime_adj(X509_getm_notAfter(certificate), CERTIFICATE_DAYS * 24L * 3600);
    X509_NAME *name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"numaplex console", -1, -1,
                               0);
    X509_set_issuer_name(certificate, name);
    X509_set_pubkey(certificate, key);
    names_text(host, names, sizeof names);
    add_extension(certificate, NID_basic_constraints, "critical,CA:FALSE");
    add_extension(certificate, NID_key_usage, "critical,digitalSignature");
    add_extension(certificate, NID_ext_key_usage, "serverAuth");
    add_extension(certificate, NID_subject_alt_name, names);
    NP_ASSERT(X509_sign(certificate, key, EVP_sha256()) > 0);
    return certificate;
}

// Written beside and renamed: a console that is killed here leaves no half of a file.
static enum err_code write_pem(const char *path, X509 *certificate, EVP_PKEY *key, struct err *err)
{
    char beside[PATH_MAX_BYTES + 8];
    snprintf(beside, sizeof beside, "%s.new", path);
    unlink(beside);
    int file = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    FILE *out = file < 0 ? NULL : fdopen(file, "w");
    if (!out)
        return err_errno(err, ERR_FILE, "%s", beside);
    int well = certificate ? PEM_write_X509(out, certificate)
                           : PEM_write_PrivateKey(out, key, NULL, NULL, 0, NULL, NULL);
    well = well && fflush(out) == 0 && fsync(file) == 0;
    well = fclose(out) == 0 && well && rename(beside, path) == 0;
    return well ? ERR_OK : err_errno(err, ERR_FILE, "%s", path);
}

static enum err_code make_pair(const char *certificate_path, const char *key_path, const char *host,
                               struct err *err)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    NP_ASSERT(key);
    X509 *certificate = make_certificate(key, host);
    enum err_code code = write_pem(key_path, NULL, key, err);
    if (!code)
        code = write_pem(certificate_path, certificate, NULL, err);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return code;
}

// Whether a pair has to be made: there is none, or its time is over.
static bool pair_is_over(const char *certificate_path, const char *key_path)
{
    FILE *in = fopen(certificate_path, "re");
    X509 *certificate = in ? PEM_read_X509(in, NULL, NULL, NULL) : NULL;
    bool over = !in && errno == ENOENT;
    if (certificate)
        over = X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0 || access(key_path, F_OK) != 0;
    X509_free(certificate);
    if (in)
        fclose(in);
    ERR_clear_error();
    return over;
}

static SSL_CTX *make_context(void)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    NP_ASSERT(context);
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET |
                                     SSL_OP_CIPHER_SERVER_PREFERENCE);
    // A connection sends little at a time; buffers are given back while it is idle.
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    NP_ASSERT(SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1); // of TLS 1.2
    return context;
}

static void fingerprint_text(X509 *certificate, char text[TLS_FINGERPRINT_BYTES])
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    X509_digest(certificate, EVP_sha256(), hash, &n);
    for (unsigned i = 0; i < n; i++)
        snprintf(text + 3 * i, 4, "%02X%s", hash[i], i + 1 < n ? ":" : "");
}

static enum err_code load(SSL_CTX *context, const char *certificate, const char *key, struct err *err)
{
    if (SSL_CTX_use_certificate_chain_file(context, certificate) != 1)
        return openssl_error(err, ERR_FILE, certificate);
    if (SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1)
        return openssl_error(err, ERR_FILE, key);
    if (SSL_CTX_check_private_key(context) != 1)
        return openssl_error(err, ERR_DAMAGED_STATE, "key and certificate do not belong together");
    return ERR_OK;
}

enum err_code tls_open(const struct tls_files *files, SSL_CTX **context,
                       char fingerprint[TLS_FINGERPRINT_BYTES], bool *made, struct err *err)
{
    char certificate[PATH_MAX_BYTES], key[PATH_MAX_BYTES];
    bool given = files->certificate != NULL;
    if (snprintf(certificate, sizeof certificate, "%s%s", given ? files->certificate : files->folder,
                 given ? "" : "/console.crt") >= (int)sizeof certificate ||
        snprintf(key, sizeof key, "%s%s", given ? files->key : files->folder, given ? "" : "/console.key") >=
            (int)sizeof key)
        return err_set(err, ERR_LIMIT, "%s: the path is too long", files->folder);
    *made = !given && pair_is_over(certificate, key);
    if (*made && make_pair(certificate, key, files->host, err))
        return err->code;
    *context = make_context();
    if (load(*context, certificate, key, err)) {
        SSL_CTX_free(*context);
        *context = NULL;
        return err->code;
    }
    fingerprint_text(SSL_CTX_get0_certificate(*context), fingerprint);
    return ERR_OK;
}
