#include "domain/password.h"

#include <crypt.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/memory.h"
#include "runtime/offload.h"

enum {
    QUEUE_LIMIT = 256,
    NICE = 10,
};

struct passwords {
    struct offload *pool;
    unsigned long cost;
    char dummy[CRYPT_GENSALT_OUTPUT_SIZE]; /* a setting of our cost for users that do not exist */
};

/* One call of crypt_r; `setting` is a salt with a cost, or a whole hash to compare with. */
struct hashing {
    char password[PASSWORD_MAXIMUM_BYTES + 1];
    const char *setting;
    char output[CRYPT_OUTPUT_SIZE];
};

static void run_crypt(void *argument)
{
    struct hashing *hashing = argument;
    struct crypt_data *data = memory_allocate(sizeof *data);
    crypt_r(hashing->password, hashing->setting, data);
    memcpy(hashing->output, data->output, sizeof hashing->output);
    explicit_bzero(data, sizeof *data);
    free(data);
}

static int hash_with(struct passwords *passwords, struct text password, const char *setting,
                     struct hashing *hashing)
{
    memcpy(hashing->password, password.data, password.length);
    hashing->password[password.length] = '\0';
    hashing->setting = setting;
    int error = offload_run(passwords->pool, run_crypt, hashing);
    explicit_bzero(hashing->password, sizeof hashing->password);
    return error;
}

struct passwords *passwords_create(int cost, unsigned threads)
{
    struct passwords *passwords = memory_allocate(sizeof *passwords);
    passwords->cost = (unsigned long)cost;
    passwords->pool = offload_create(&(struct offload_options){
        .name = "errand-password", .threads = threads, .queue_limit = QUEUE_LIMIT, .nice = NICE});
    if (crypt_gensalt_rn("$2b$", passwords->cost, NULL, 0, passwords->dummy,
                         sizeof passwords->dummy) == NULL)
        abort(); /* a cost outside 4 to 31, which the option's bounds exclude */
    return passwords;
}

void passwords_free(struct passwords *passwords)
{
    if (passwords == NULL)
        return;
    offload_free(passwords->pool);
    free(passwords);
}

int password_hash(struct passwords *passwords, struct arena *arena, struct text password,
                  struct text *ret_hash)
{
    if (password_check(password) != NULL)
        return ERROR_INVALID;
    char salt[CRYPT_GENSALT_OUTPUT_SIZE];
    if (crypt_gensalt_rn("$2b$", passwords->cost, NULL, 0, salt, sizeof salt) == NULL)
        return ERROR_INTERNAL;
    struct hashing hashing = {0};
    int error = hash_with(passwords, password, salt, &hashing);
    if (error < 0)
        return error;
    if (hashing.output[0] == '*')
        return ERROR_INTERNAL;
    *ret_hash = arena_copy(arena, text_from(hashing.output));
    return 0;
}

/* Compares without telling by its duration where two hashes differ. */
static bool same_hash(const char *a, struct text b)
{
    size_t length = strlen(a);
    if (length != b.length)
        return false;
    unsigned char difference = 0;
    for (size_t i = 0; i < length; i++)
        difference |= (unsigned char)(a[i] ^ b.data[i]);
    return difference == 0;
}

int password_verify(struct passwords *passwords, struct text password, struct text hash)
{
    bool possible = password_check(password) == NULL && hash.data != NULL;
    struct hashing hashing = {0};
    int error = hash_with(passwords, possible ? password : TEXT("x"),
                          possible ? hash.data : passwords->dummy, &hashing);
    if (error < 0)
        return error;
    return possible && same_hash(hashing.output, hash) ? 0 : ERROR_UNAUTHORIZED;
}

const char *password_check(struct text password)
{
    if (password.length > PASSWORD_MAXIMUM_BYTES)
        return "Password should have at most 72 bytes";
    if (text_has_nul(password))
        return "Password must not contain NUL characters";
    return NULL;
}

const char *password_check_strict(struct text password)
{
    bool upper = false;
    bool digit = false;
    for (size_t i = 0; i < password.length; i++) {
        upper = upper || (password.data[i] >= 'A' && password.data[i] <= 'Z');
        digit = digit || (password.data[i] >= '0' && password.data[i] <= '9');
    }
    if (!upper && !digit)
        return "Password should contain an upper-case letter and a digit";
    if (!upper)
        return "Password should contain an upper-case letter";
    return digit ? NULL : "Password should contain a digit";
}
