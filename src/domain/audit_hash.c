#include "domain/audit_hash.h"

#include <inttypes.h>

#include "base/memory.h"

enum { SHOWN_SIZE = AUDIT_HASH_SIZE / 2, COLUMNS = 8 };

static EVP_MD_CTX *start(void)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (context == NULL || EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1)
        memory_exhausted(1);
    return context;
}

static void add_hexadecimal(struct buffer *buffer, const unsigned char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buffer_format(buffer, "%02x", bytes[i]);
}

int audit_rows_start(struct db_connection *connection, int64_t after, int64_t until, int64_t limit,
                     struct audit_rows *ret_rows)
{
    return db_query(
        connection,
        TEXT("SELECT seq, at, actor_id, action, resource_type, resource_id, request_id, "
             "changes FROM events WHERE seq > $1 AND seq <= $2 ORDER BY seq LIMIT $3"),
        DB_VALUES(db_integer(after), db_integer(until), db_integer(limit)), &ret_rows->rows);
}

int audit_rows_next(struct audit_rows *rows)
{
    int more = db_rows_next(&rows->rows);
    if (more <= 0)
        return more;
    rows->seq = db_column_integer(&rows->rows, 0);
    EVP_MD_CTX *context = start();
    for (int column = 0; column < COLUMNS; column++) {
        if (db_column_is_null(&rows->rows, column)) {
            EVP_DigestUpdate(context, "n", 1);
            continue;
        }
        struct text text = db_column_text(&rows->rows, column);
        char storage[32];
        struct buffer head;
        buffer_init_fixed(&head, storage, sizeof storage);
        buffer_format(&head, "%zu:", text.length);
        EVP_DigestUpdate(context, head.data, head.length);
        EVP_DigestUpdate(context, text.data, text.length);
    }
    EVP_DigestFinal_ex(context, rows->hash, NULL);
    EVP_MD_CTX_free(context);
    return more;
}

void audit_rows_describe(const struct audit_rows *rows, struct buffer *buffer)
{
    buffer_format(buffer, "%" PRId64 ":", rows->seq);
    add_hexadecimal(buffer, rows->hash, SHOWN_SIZE);
    buffer_add_char(buffer, ' ');
}

void audit_hash_init(struct audit_hash *hash, struct text previous_hash)
{
    hash->context = start();
    EVP_DigestUpdate(hash->context, previous_hash.data, previous_hash.length);
}

void audit_hash_add(struct audit_hash *hash, const struct audit_rows *rows)
{
    EVP_DigestUpdate(hash->context, rows->hash, AUDIT_HASH_SIZE);
}

struct text audit_hash_release(struct audit_hash *hash, struct arena *arena)
{
    unsigned char digest[AUDIT_HASH_SIZE];
    EVP_DigestFinal_ex(hash->context, digest, NULL);
    EVP_MD_CTX_free(hash->context);
    struct buffer buffer;
    buffer_init(&buffer, arena, 2 * AUDIT_HASH_SIZE + 1);
    add_hexadecimal(&buffer, digest, AUDIT_HASH_SIZE);
    return buffer_text(&buffer);
}
