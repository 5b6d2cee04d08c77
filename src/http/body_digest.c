#include "http/body_digest.h"

#include <openssl/evp.h>
#include <stdio.h>

#include "base/memory.h"

static EVP_MD_CTX *start(void)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (context == NULL || EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1)
        memory_exhausted(1);
    return context;
}

static void release(void *resource)
{
    struct body_digest *digest = resource;
    EVP_MD_CTX_free(digest->whole);
    EVP_MD_CTX_free(digest->content);
}

void body_digest_init(struct body_digest *digest, struct arena *arena)
{
    *digest = (struct body_digest){.whole = start(), .content = start()};
    arena_defer(arena, release, digest);
}

/* What came since the last part began goes into the whole, which is then a list of digests and
 * lengths: no two different bodies make the same one. */
static void close_part(struct body_digest *digest)
{
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    EVP_DigestFinal_ex(digest->content, bytes, &size);
    EVP_DigestUpdate(digest->whole, bytes, size);
    EVP_DigestInit_ex(digest->content, EVP_sha256(), NULL);
}

static void add_text(struct body_digest *digest, struct text text)
{
    uint64_t length = text.data == NULL ? UINT64_MAX : text.length;
    EVP_DigestUpdate(digest->whole, &length, sizeof length);
    EVP_DigestUpdate(digest->whole, text.data, text.length);
}

void body_digest_part(struct body_digest *digest, struct text name, struct text filename)
{
    close_part(digest);
    add_text(digest, name);
    add_text(digest, filename);
}

void body_digest_add(struct body_digest *digest, const void *data, size_t size)
{
    EVP_DigestUpdate(digest->content, data, size);
}

void body_digest_finish(struct body_digest *digest)
{
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    close_part(digest);
    EVP_DigestFinal_ex(digest->whole, bytes, &size);
    for (unsigned int i = 0; i < size; i++)
        snprintf(digest->text + (size_t)2 * i, 3, "%02x", bytes[i]);
    digest->finished = true;
}
