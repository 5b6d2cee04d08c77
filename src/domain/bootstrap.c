#include "domain/bootstrap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/descriptor.h"
#include "base/error.h"
#include "base/log.h"
#include "base/random.h"
#include "domain/password.h"
#include "domain/user.h"

#define DEFAULT_USERNAME "admin"
#define DEFAULT_PASSWORD "Admin123"

enum {
    KEY_BYTES = 32,
    KEY_DIGITS = 2 * KEY_BYTES,
    KEY_MINIMUM = 16, /* characters of a SECRET_KEY on an address that others reach */
};

static struct text random_key(struct arena *arena)
{
    static const char hex[] = "0123456789abcdef";
    unsigned char bytes[KEY_BYTES];
    random_bytes(bytes, sizeof bytes);
    char *digits = arena_allocate(arena, KEY_DIGITS);
    for (size_t i = 0; i < sizeof bytes; i++) {
        digits[2 * i] = hex[bytes[i] >> 4];
        digits[2 * i + 1] = hex[bytes[i] & 15];
    }
    return (struct text){digits, KEY_DIGITS};
}

/* Written under another name and linked into place: of two servers that start at once the second
 * one finds the first one's key, and never half of it. */
static int write_key(struct arena *arena, const char *path, struct text key)
{
    struct text draft = arena_format(arena, "%s.%jx", path, (uintmax_t)random_integer());
    CLEANUP_CLOSE int file = open(draft.data, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0)
        return ERROR_IO;
    bool written = write(file, key.data, key.length) == (ssize_t)key.length && fsync(file) == 0;
    bool linked = written && (link(draft.data, path) == 0 || errno == EEXIST);
    int reason = errno;
    unlink(draft.data);
    errno = reason;
    return linked ? 0 : ERROR_IO;
}

static int read_key(struct arena *arena, const char *path, struct text *ret_key)
{
    CLEANUP_CLOSE int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return errno == ENOENT ? ERROR_NOT_FOUND : ERROR_IO;
    char digits[KEY_DIGITS];
    if (read(file, digits, sizeof digits) != KEY_DIGITS) {
        errno = EINVAL;
        return ERROR_IO;
    }
    *ret_key = arena_copy(arena, (struct text){digits, sizeof digits});
    return 0;
}

int bootstrap_secret_key(const struct config *config, struct arena *arena,
                         const char *database_path, struct text *ret_key, struct text *ret_message)
{
    bool loopback = config_is_loopback(config);
    if (config->secret_key != NULL && config->secret_key[0] != '\0') {
        struct text key = text_from(config->secret_key);
        if (!loopback && key.length < KEY_MINIMUM) {
            *ret_message = arena_format(arena,
                                        "SECRET_KEY must have at least %d characters when HOST is "
                                        "not a loopback address",
                                        KEY_MINIMUM);
            return ERROR_INVALID;
        }
        *ret_key = key;
        return 0;
    }
    if (database_path == NULL) {
        *ret_message = TEXT("SECRET_KEY must be set when DATABASE_URL names a server, to the same "
                            "for all that use it, for instance to the output of: "
                            "openssl rand -hex 32");
        return ERROR_INVALID;
    }
    if (!loopback) {
        *ret_message = arena_format(arena,
                                    "SECRET_KEY must be set when HOST (%s) is not a loopback "
                                    "address, for instance to the output of: openssl rand -hex 32",
                                    config->host);
        return ERROR_INVALID;
    }
    struct text path = arena_format(arena, "%s.secret", database_path);
    int error = read_key(arena, path.data, ret_key);
    if (error == ERROR_NOT_FOUND) {
        error = write_key(arena, path.data, random_key(arena));
        if (error == 0)
            error = read_key(arena, path.data, ret_key);
    }
    if (error < 0)
        *ret_message = arena_format(arena, "cannot keep a secret key in %s: %s; set SECRET_KEY",
                                    path.data, strerror(errno));
    return error;
}

/* `remedy` is what to do about it, and takes the user name. */
static int refuse_default(struct arena *arena, const struct config *config, const char *remedy,
                          const char *username, struct text *ret_message)
{
    *ret_message = arena_format(arena,
                                "HOST (%s) is not a loopback address and the administrator %s "
                                "has the default password: %s%s",
                                config->host, username, remedy, username);
    return ERROR_INVALID;
}

static const char *admin_username(const struct config *config)
{
    return config->admin_username != NULL ? config->admin_username : DEFAULT_USERNAME;
}

static int create_admin(struct services *services, struct arena *arena, struct text *ret_message)
{
    const struct config *config = services->config;
    struct text password = text_from(DEFAULT_PASSWORD);
    if (config->admin_password != NULL)
        password = text_from(config->admin_password);
    if (!config_is_loopback(config) && text_is(password, DEFAULT_PASSWORD))
        return refuse_default(arena, config, "set ADMIN_PASSWORD for ", admin_username(config),
                              ret_message);
    struct user user = {
        .username = text_from(admin_username(config)),
        .role = ROLE_ADMIN,
        .is_active = true,
    };
    struct problems problems;
    problems_init(&problems, arena);
    user_check(&user, password, &problems);
    if (problems.count > 0) {
        *ret_message = arena_format(arena, "ADMIN_USERNAME or ADMIN_PASSWORD: %.*s",
                                    TEXT_ARGUMENTS(problems.items[0].message));
        return ERROR_INVALID;
    }
    int error = password_hash(services->passwords, arena, password, &user.password_hash);
    if (error < 0)
        return error;
    struct actor nobody = {0};
    error = user_create(services, &nobody, &problems, &user);
    if (error == ERROR_CONFLICT)
        return 0; /* another server made it a moment ago */
    if (error == 0)
        log_info("created the administrator %.*s", TEXT_ARGUMENTS(user.username));
    return error;
}

/* A database that was made on a loopback address may still have the password made there. */
static int check_admins(struct services *services, struct arena *arena, const struct user *admins,
                        int count, struct text *ret_message)
{
    for (int i = 0; i < count; i++) {
        int error =
            password_verify(services->passwords, TEXT(DEFAULT_PASSWORD), admins[i].password_hash);
        if (error == 0)
            return refuse_default(arena, services->config, "run errand user passwd ",
                                  admins[i].username.data, ret_message);
        if (error != ERROR_UNAUTHORIZED)
            return error;
    }
    return 0;
}

int bootstrap_admin(struct services *services, struct arena *arena, struct text *ret_message)
{
    struct user *admins;
    bool any;
    int error = user_list_admins(services, arena, &admins, &any);
    if (error >= 0 && !any)
        error = create_admin(services, arena, ret_message);
    else if (error >= 0 && !config_is_loopback(services->config))
        error = check_admins(services, arena, admins, error, ret_message);
    if (error < 0 && ret_message->data == NULL)
        *ret_message = text_from(error_text(error));
    return error < 0 ? error : 0;
}
