/*
 * user_schema.c: the fields of an account and the rules for each; see user.c for what is done with
 * them.
 */
#include <unictype.h>
#include <unistr.h>

#include "domain/password.h"
#include "domain/user.h"
#include "schema/value.h"

static const char *const role_names[] = {"user", "admin"};
const struct enumeration user_roles = {role_names, 2};

/* Control characters (general category Cc) and white space at the ends make names that look alike
 * or break a line of a log. */
static const char *check_username(struct text username)
{
    if (text_trim(username).length != username.length)
        return "User name must not start or end with white space";
    const uint8_t *at = (const uint8_t *)username.data;
    const uint8_t *end = at + username.length;
    while (at < end) {
        ucs4_t character;
        at += u8_mbtouc(&character, at, (size_t)(end - at));
        if (uc_is_cntrl(character))
            return "User name must not contain control characters";
    }
    return NULL;
}

/* An address is local@domain; whether it exists, only a message sent there can tell. */
static const char *check_email(struct text email)
{
    static const char wrong[] = "Input should be a valid e-mail address";
    const char *at = memchr(email.data, '@', email.length);
    if (at == NULL || at == email.data || at - email.data > 64)
        return wrong;
    struct text domain = {at + 1, email.length - (size_t)(at + 1 - email.data)};
    if (domain.length < 3 || memchr(domain.data, '.', domain.length) == NULL ||
        domain.data[0] == '.' || domain.data[domain.length - 1] == '.' ||
        memchr(domain.data, '@', domain.length) != NULL)
        return wrong;
    for (size_t i = 0; i < email.length; i++) {
        unsigned char c = (unsigned char)email.data[i];
        if (c <= ' ' || c == 0x7F || strchr("\"(),:;<>[\\]", c) != NULL)
            return wrong;
    }
    return NULL;
}

static const struct field fields[USER_FIELDS] = {
    [USER_ID] = {.name = "id",
                 .type = FIELD_INTEGER,
                 .flags = FIELD_READ_ONLY | FIELD_STORED,
                 .offset = offsetof(struct user, id),
                 .description = "Identifier",
                 .example = "1"},
    [USER_USERNAME] = {.name = "username",
                       .type = FIELD_TEXT,
                       .flags = FIELD_REQUIRED | FIELD_STORED,
                       .offset = offsetof(struct user, username),
                       .minimum = 3,
                       .maximum = 50,
                       .check = check_username,
                       .description = "Name to sign in with, unique without regard to case",
                       .example = "\"johndoe\""},
    [USER_EMAIL] = {.name = "email",
                    .type = FIELD_TEXT,
                    .flags = FIELD_NULLABLE | FIELD_STORED | FIELD_TRIMMED,
                    .offset = offsetof(struct user, email),
                    .minimum = 3,
                    .maximum = 254,
                    .check = check_email,
                    .description = "E-mail address, unique without regard to case",
                    .example = "\"user@example.com\""},
    [USER_FULL_NAME] = {.name = "full_name",
                        .type = FIELD_TEXT,
                        .flags = FIELD_NULLABLE | FIELD_STORED | FIELD_TRIMMED,
                        .offset = offsetof(struct user, full_name),
                        .maximum = 100,
                        .description = "Name to show",
                        .example = "\"John Doe\""},
    [USER_ROLE] = {.name = "role",
                   .type = FIELD_ENUM,
                   .flags = FIELD_STORED,
                   .offset = offsetof(struct user, role),
                   .values = &user_roles,
                   .default_value = "\"user\"",
                   .description =
                       "What the user may do; counts only when an administrator sends it"},
    [USER_IS_ACTIVE] = {.name = "is_active",
                        .type = FIELD_BOOLEAN,
                        .flags = FIELD_STORED,
                        .offset = offsetof(struct user, is_active),
                        .default_value = "true",
                        .description = "Whether the user may sign in"},
    [USER_CREATED_AT] = {.name = "created_at",
                         .type = FIELD_TIMESTAMP,
                         .flags = FIELD_READ_ONLY | FIELD_STORED,
                         .offset = offsetof(struct user, created_at),
                         .description = "When the account was made",
                         .example = "\"2025-05-24T14:35:00.000Z\""},
    [USER_PASSWORD] = {.name = "password",
                       .type = FIELD_TEXT,
                       .flags = FIELD_REQUIRED | FIELD_WRITE_ONLY,
                       .offset = offsetof(struct user, password),
                       .minimum = PASSWORD_MINIMUM,
                       .check = password_check,
                       .description = "At least 8 characters, at most 72 bytes; on /api/v1 with an "
                                      "upper-case letter and a digit",
                       .example = "\"SecurePass123\""},
    [USER_CURRENT_PASSWORD] = {.name = "current_password",
                               .type = FIELD_TEXT,
                               .flags = FIELD_WRITE_ONLY,
                               .offset = offsetof(struct user, current_password),
                               .description = "The password so far; needed to set a new one"},
};

static void init_user(void *structure)
{
    struct user *user = structure;
    user->role = ROLE_USER;
    user->is_active = true;
}

const struct schema user_schema = {
    .name = "User",
    .description = "An account",
    SCHEMA_FIELDS(fields),
    .size = sizeof(struct user),
    .init = init_user,
};

static void check_password(const void *structure, uint64_t present,
                           const struct decode_context *context, struct problems *problems)
{
    const struct user *user = structure;
    if (!context->strict_passwords || (present & FIELD_BIT(USER_PASSWORD)) == 0)
        return;
    const char *wrong = password_check_strict(user->password);
    if (wrong != NULL)
        problem_value(problems, "password", wrong);
}

static void check_account_update(const void *structure, uint64_t present,
                                 const struct decode_context *context, struct problems *problems)
{
    check_password(structure, present, context, problems);
    if ((present & FIELD_BIT(USER_PASSWORD)) != 0 &&
        (present & FIELD_BIT(USER_CURRENT_PASSWORD)) == 0)
        problem_value(problems, "current_password",
                      "The current password is needed to set a new one");
}

void user_check(const struct user *user, struct text password, struct problems *problems)
{
    struct user checked = *user;
    struct value_target target = {.structure = &checked, .problems = problems};
    const struct {
        enum user_field field;
        struct text value;
    } values[] = {
        {USER_USERNAME, user->username}, {USER_EMAIL, user->email}, {USER_PASSWORD, password}};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        target.field = &fields[values[i].field];
        target.path = text_from(target.field->name);
        if (values[i].value.data != NULL)
            value_set_text(&target, values[i].value);
    }
}

const struct body registration_body = {
    .name = "Registration",
    .schema = &user_schema,
    .mode = DECODE_CREATE,
    .fields = FIELD_BIT(USER_USERNAME) | FIELD_BIT(USER_EMAIL) | FIELD_BIT(USER_FULL_NAME) |
              FIELD_BIT(USER_ROLE) | FIELD_BIT(USER_PASSWORD),
    .admin_fields = FIELD_BIT(USER_ROLE),
    .check = check_password,
};

const struct body account_update_body = {
    .name = "AccountUpdate",
    .schema = &user_schema,
    .mode = DECODE_UPDATE,
    .fields = FIELD_BIT(USER_EMAIL) | FIELD_BIT(USER_FULL_NAME) | FIELD_BIT(USER_PASSWORD) |
              FIELD_BIT(USER_CURRENT_PASSWORD),
    .check = check_account_update,
};

const struct body user_update_body = {
    .name = "UserUpdate",
    .schema = &user_schema,
    .mode = DECODE_UPDATE,
    .fields = FIELD_BIT(USER_ROLE) | FIELD_BIT(USER_IS_ACTIVE),
};

static const struct field query_fields[] = {
    PAGING_FIELDS(struct user_query, paging),
    {.name = "search",
     .type = FIELD_TEXT,
     .offset = offsetof(struct user_query, search),
     .maximum = 100,
     .description = "Part of the user name, e-mail address or full name, in any case"},
};
static void init_query(void *structure)
{
    struct user_query *query = structure;
    paging_init(&query->paging);
}

const struct schema user_query_schema = {
    SCHEMA_FIELDS(query_fields),
    .size = sizeof(struct user_query),
    .init = init_query,
};

static const struct field page_fields[] = {
    {.name = "users",
     .type = FIELD_LIST,
     .flags = FIELD_READ_ONLY,
     .offset = offsetof(struct user_page, users),
     .items = &user_schema},
    PAGE_FIELDS(struct user_page, page),
};
const struct schema user_page_schema = {
    .name = "UserPage",
    .description = "A page of the accounts",
    SCHEMA_FIELDS(page_fields),
};
