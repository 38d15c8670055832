// SPDX-License-Identifier: Apache-2.0
#include "hmc/web/password.h"

#include <string.h>

#include "hmc/web/limits.h"
#include "hmc/web/openssl.h"
#include "hmc/web/random.h"

// Twice what N, r and p above need; a damaged record cannot ask for more.
#define SCRYPT_BYTES_MAX (64u << 20)

const struct password_cost password_cost_default = {1u << 15, 8, 3};

enum err_code password_acceptable(const char *password, struct err *err)
{
    size_t n = strlen(password);
    if (n < WEB_PASSWORD_BYTES_MIN || n > WEB_PASSWORD_BYTES_MAX)
        return err_set(err, ERR_REQUEST, "a password has %u to %u characters", WEB_PASSWORD_BYTES_MIN,
                       WEB_PASSWORD_BYTES_MAX);
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)password[i] < ' ' || password[i] == 0x7f)
            return err_set(err, ERR_REQUEST, "a password has no control characters");
    return ERR_OK;
}

static bool derive(const char *password, const struct password_record *record,
                   uint8_t hash[PASSWORD_HASH_BYTES])
{
    const struct password_cost *cost = &record->cost;
    return EVP_PBE_scrypt(password, strlen(password), record->salt, sizeof record->salt, cost->n, cost->r,
                          cost->p, SCRYPT_BYTES_MAX, hash, PASSWORD_HASH_BYTES) == 1;
}

enum err_code password_make(const char *password, const struct password_cost *cost,
                            struct password_record *record, struct err *err)
{
    *record = (struct password_record){.cost = *cost};
    random_bytes(record->salt, sizeof record->salt);
    if (!derive(password, record, record->hash))
        return err_set(err, ERR_MEMORY, "scrypt does not get the memory that it needs");
    return ERR_OK;
}

bool password_verify(const char *password, const struct password_record *record)
{
    uint8_t hash[PASSWORD_HASH_BYTES];
    bool same = derive(password, record, hash) && CRYPTO_memcmp(hash, record->hash, sizeof hash) == 0;
    OPENSSL_cleanse(hash, sizeof hash);
    return same;
}

struct password_record password_nobody(const struct password_cost *cost)
{
    struct password_record record = {.cost = *cost};
    random_bytes(record.salt, sizeof record.salt);
    random_bytes(record.hash, sizeof record.hash);
    return record;
}

void password_generate(char password[PASSWORD_MADE_BYTES])
{
    static const char letters[] = "abcdefghjkmnpqrstuvwxyz23456789"; // 31, none that looks like another
    enum { N_LETTERS = sizeof letters - 1, FAIR = 256 / N_LETTERS * N_LETTERS };
    for (int i = 0; i < PASSWORD_MADE_BYTES - 1;) {
        uint8_t byte;
        random_bytes(&byte, 1);
        if (i % 5 == 4)
            password[i++] = '-';
        else if (byte < FAIR)
            password[i++] = letters[byte % N_LETTERS];
    }
    password[PASSWORD_MADE_BYTES - 1] = '\0';
}
