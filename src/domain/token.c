#include "domain/token.h"

#include <jwt.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/random.h"
#include "runtime/loop.h"

enum {
    TOKEN_LIMIT = 1024,     /* bytes; ours have fewer than 300 */
    REMEMBERED_COUNT = 256, /* tokens that a loop remembers */
};

struct remembered {
    uint64_t hash;
    size_t length;
    struct token_claims claims;
    char token[TOKEN_LIMIT];
};

struct tokens {
    unsigned char *key;
    int key_length;
    jwt_alg_t algorithm;
    int64_t lifetime;   /* seconds */
    uint64_t hash_seed; /* random, so that nobody can aim tokens at one place */
    unsigned loops;
    struct remembered *caches[]; /* one for each loop, of REMEMBERED_COUNT */
};

struct tokens *tokens_create(struct text key, enum config_algorithm algorithm,
                             int64_t lifetime_minutes, unsigned loops)
{
    static const jwt_alg_t algorithms[] = {
        [ALGORITHM_HS256] = JWT_ALG_HS256,
        [ALGORITHM_HS384] = JWT_ALG_HS384,
        [ALGORITHM_HS512] = JWT_ALG_HS512,
    };
    struct tokens *tokens = memory_allocate(sizeof *tokens + loops * sizeof(struct remembered *));
    tokens->key = memory_allocate(key.length + 1);
    memcpy(tokens->key, key.data, key.length);
    tokens->key_length = (int)key.length;
    tokens->algorithm = algorithms[algorithm];
    tokens->lifetime = lifetime_minutes * 60;
    tokens->hash_seed = random_integer();
    tokens->loops = loops;
    return tokens;
}

void tokens_free(struct tokens *tokens)
{
    if (tokens == NULL)
        return;
    for (unsigned i = 0; i < tokens->loops; i++)
        free(tokens->caches[i]);
    explicit_bzero(tokens->key, (size_t)tokens->key_length);
    free(tokens->key);
    free(tokens);
}

int64_t tokens_lifetime(const struct tokens *tokens)
{
    return tokens->lifetime;
}

static int64_t now_seconds(void)
{
    return clock_now() / CLOCK_SECOND;
}

int token_issue(struct tokens *tokens, struct arena *arena, int64_t user_id, int64_t generation,
                struct text *ret_token)
{
    jwt_t *jwt;
    if (jwt_new(&jwt) != 0)
        return ERROR_INTERNAL;
    struct text subject = arena_format(arena, "%jd", (intmax_t)user_id);
    int64_t now = now_seconds();
    int error = jwt_set_alg(jwt, tokens->algorithm, tokens->key, tokens->key_length);
    error = error != 0 ? error : jwt_add_grant(jwt, "sub", subject.data);
    error = error != 0 ? error : jwt_add_grant_int(jwt, "iat", now);
    error = error != 0 ? error : jwt_add_grant_int(jwt, "exp", now + tokens->lifetime);
    error = error != 0 ? error : jwt_add_grant_int(jwt, "gen", generation);
    char *encoded = error != 0 ? NULL : jwt_encode_str(jwt);
    jwt_free(jwt);
    if (encoded == NULL)
        return ERROR_INTERNAL;
    *ret_token = arena_copy(arena, text_from(encoded));
    free(encoded);
    return 0;
}

/* The claims of a token whose signature holds, whether expired or not. */
static int decode(const struct tokens *tokens, struct text token, struct token_claims *ret_claims)
{
    char terminated[TOKEN_LIMIT];
    if (token.length == 0 || token.length >= sizeof terminated || text_has_nul(token))
        return ERROR_UNAUTHORIZED;
    memcpy(terminated, token.data, token.length);
    terminated[token.length] = '\0';

    jwt_t *jwt;
    if (jwt_decode(&jwt, terminated, tokens->key, tokens->key_length) != 0)
        return ERROR_UNAUTHORIZED;
    struct token_claims claims = {0};
    const char *subject = jwt_get_grant(jwt, "sub");
    /* The header names the algorithm that the library checked by: it must be ours, not its. */
    bool good = jwt_get_alg(jwt) == tokens->algorithm && subject != NULL &&
                text_parse_integer(text_from(subject), &claims.user_id) == 0;
    claims.expires_at = jwt_get_grant_int(jwt, "exp");
    claims.generation = jwt_get_grant_int(jwt, "gen");
    jwt_free(jwt);
    if (!good || claims.user_id <= 0)
        return ERROR_UNAUTHORIZED;
    *ret_claims = claims;
    return 0;
}

/* The place in this loop's cache where `hash` belongs, or NULL outside a loop. */
static struct remembered *place_of(struct tokens *tokens, uint64_t hash)
{
    struct loop *loop = loop_current();
    if (loop == NULL || loop_index(loop) >= tokens->loops)
        return NULL;
    struct remembered **cache = &tokens->caches[loop_index(loop)];
    if (*cache == NULL)
        *cache = memory_allocate_array(REMEMBERED_COUNT, sizeof **cache);
    return &(*cache)[hash % REMEMBERED_COUNT];
}

static int find_claims(struct tokens *tokens, struct text token, struct token_claims *ret_claims)
{
    uint64_t hash = text_hash(token, tokens->hash_seed);
    struct remembered *place = place_of(tokens, hash);
    if (place != NULL && place->hash == hash &&
        text_equal((struct text){place->token, place->length}, token)) {
        *ret_claims = place->claims;
        return 0;
    }
    int error = decode(tokens, token, ret_claims);
    if (error == 0 && place != NULL) {
        place->hash = hash;
        place->length = token.length;
        place->claims = *ret_claims;
        memcpy(place->token, token.data, token.length);
    }
    return error;
}

int token_verify(struct tokens *tokens, struct text token, struct token_claims *ret_claims)
{
    struct token_claims claims;
    int error = find_claims(tokens, token, &claims);
    if (error < 0)
        return error;
    if (claims.expires_at <= now_seconds())
        return ERROR_UNAUTHORIZED;
    *ret_claims = claims;
    return 0;
}
