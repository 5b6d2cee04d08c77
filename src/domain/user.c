#include "domain/user.h"

#include "base/clock.h"
#include "base/error.h"
#include "domain/event.h"
#include "domain/file.h"
#include "domain/fold.h"
#include "domain/folded.h"
#include "domain/row.h"
#include "domain/task.h"
#include "domain/transaction.h"

/* Held by who makes one administrator less. */
#define ADMINS_LOCK INT64_C(7310034118204612)

/* Columns that no client sees stand behind those of the schema. */
#define HIDDEN_COLUMNS ", password_hash, token_generation"

static void decode_row(const struct db_rows *rows, struct arena *arena, struct user *user)
{
    *user = (struct user){0};
    int column = row_decode(&user_schema, rows, arena, user);
    user->password_hash = arena_copy(arena, db_column_text(rows, column));
    user->token_generation = db_column_integer(rows, column + 1);
}

static void select_users(struct sql *sql, struct arena *arena)
{
    sql_init(sql, arena);
    sql_add(sql, "SELECT ");
    row_add_columns(sql, &user_schema);
    sql_add(sql, HIDDEN_COLUMNS " FROM users");
}

static int load_one(struct sql *sql, struct db_connection *connection, struct arena *arena,
                    struct user *ret_user)
{
    DB_ROWS_CLEANUP struct db_rows rows = {0};
    int error = sql_query_one(sql, connection, &rows);
    if (error < 0)
        return error;
    decode_row(&rows, arena, ret_user);
    return 0;
}

int user_load(struct db_connection *connection, struct arena *arena, int64_t id,
              struct user *ret_user)
{
    struct sql sql;
    select_users(&sql, arena);
    sql_add(&sql, " WHERE id = ");
    sql_value(&sql, db_integer(id));
    sql_add(&sql, DB_FOR_UPDATE(connection));
    return load_one(&sql, connection, arena, ret_user);
}

struct find {
    struct arena *arena;
    int64_t id;
    struct text name; /* folded; used when not null */
    struct user *user;
};

static int run_find(struct db_connection *connection, void *argument)
{
    struct find *find = argument;
    if (find->name.data == NULL)
        return user_load(connection, find->arena, find->id, find->user);
    struct sql sql;
    select_users(&sql, find->arena);
    sql_add(&sql, " WHERE username_folded = ");
    sql_value(&sql, db_text(find->name));
    return load_one(&sql, connection, find->arena, find->user);
}

int user_find(struct services *services, struct arena *arena, int64_t id, struct user *ret_user)
{
    struct find find = {.arena = arena, .id = id, .user = ret_user};
    return db_read(services->db, DB_SINGLE, run_find, &find);
}

int user_find_by_name(struct services *services, struct arena *arena, struct text username,
                      struct user *ret_user)
{
    if (!text_is_valid(username) || text_has_nul(username))
        return ERROR_NOT_FOUND; /* nobody is called so, and PostgreSQL would not have it asked */
    struct find find = {.arena = arena, .name = text_fold(arena, username), .user = ret_user};
    return db_read(services->db, DB_SINGLE, run_find, &find);
}

struct admins {
    struct arena *arena;
    struct user *users;
    int count;
    bool any;
};

static int run_list_admins(struct db_connection *connection, void *argument)
{
    struct admins *admins = argument;
    struct sql sql;
    select_users(&sql, admins->arena);
    sql_add(&sql, " WHERE role = ");
    sql_value(&sql, db_integer(ROLE_ADMIN));
    sql_add(&sql, " ORDER BY is_active DESC, id LIMIT ");
    sql_value(&sql, db_integer(USER_ADMINS_LIMIT));
    DB_ROWS_CLEANUP struct db_rows rows = {0};
    int more = sql_query(&sql, connection, &rows);
    if (more < 0)
        return more;
    admins->users = arena_allocate(admins->arena, USER_ADMINS_LIMIT * sizeof *admins->users);
    admins->count = 0;
    while ((more = db_rows_next(&rows)) > 0) {
        struct user *user = &admins->users[admins->count];
        decode_row(&rows, admins->arena, user);
        admins->any = true;
        admins->count += user->is_active;
    }
    return more;
}

int user_list_admins(struct services *services, struct arena *arena, struct user **ret_admins,
                     bool *ret_any)
{
    struct admins admins = {.arena = arena};
    int error = db_read(services->db, DB_LIGHT, run_list_admins, &admins);
    if (error < 0)
        return error;
    *ret_admins = admins.users;
    *ret_any = admins.any;
    return admins.count;
}

/* What every change of an account needs. */
struct change {
    const struct actor *actor;
    struct problems *problems;
    struct arena *arena;
    int64_t id;
    uint64_t fields;
    const struct user *changes;
    struct user *result;
};

/* Whether another account has that folded name or address. */
static int check_unique(struct db_connection *connection, const struct change *change,
                        const char *field, struct text folded)
{
    if (folded.data == NULL)
        return 0;
    struct sql sql;
    sql_init(&sql, change->arena);
    sql_add(&sql, "SELECT count(*) FROM users WHERE ");
    sql_add(&sql, field);
    sql_add(&sql, "_folded = ");
    sql_value(&sql, db_text(folded));
    sql_add(&sql, " AND id <> ");
    sql_value(&sql, db_integer(change->id));
    int64_t taken;
    int error = sql_query_integer(&sql, connection, &taken);
    if (error < 0)
        return error;
    if (taken > 0)
        problem_add(change->problems, text_from(field), "value_error", TEXT_NULL,
                    "%s already registered", text_is(TEXT("email"), field) ? "Email" : "Username");
    return 0;
}

static int insert_user(struct db_connection *connection, const struct change *change,
                       struct text username_folded, struct text email_folded)
{
    struct row_column hidden[3 + FOLDED_COLUMNS] = {
        {"username_folded", db_text(username_folded)},
        {"email_folded", db_text(email_folded)},
        {"password_hash", db_text(change->result->password_hash)},
    };
    size_t count = 3 + folded_of_user(connection, change->arena, change->result, &hidden[3]);
    struct sql sql;
    sql_init(&sql, change->arena);
    sql_add(&sql, "INSERT INTO users ");
    row_add_insert(&sql, &user_schema, change->result, hidden, count);
    sql_add(&sql, " RETURNING id");
    return sql_query_integer(&sql, connection, &change->result->id);
}

static int run_create(struct db_connection *connection, void *argument)
{
    struct change *change = argument;
    struct user *user = change->result;
    struct text username_folded = text_fold(change->arena, user->username);
    struct text email_folded = text_fold(change->arena, user->email);
    change->problems->count = 0;
    int error = check_unique(connection, change, "username", username_folded);
    if (error >= 0)
        error = check_unique(connection, change, "email", email_folded);
    if (error < 0)
        return error;
    if (change->problems->count > 0)
        return ERROR_CONFLICT;
    error = insert_user(connection, change, username_folded, email_folded);
    if (error < 0)
        return error;
    struct event event = {"user.created", &user_schema, user->id, NULL, user};
    return event_append(connection, change->arena, change->actor, &event);
}

int user_create(struct services *services, const struct actor *actor, struct problems *problems,
                struct user *user)
{
    user->created_at = clock_now();
    struct change change = {
        .actor = actor, .problems = problems, .arena = problems->arena, .result = user};
    return transaction_write(services, actor, run_create, &change);
}

int user_count_admins(struct db_connection *connection, int64_t *ret_count)
{
    return db_query_integer(connection,
                            TEXT("SELECT count(*) FROM users WHERE role = $1 AND is_active = 1"),
                            DB_VALUES(db_integer(ROLE_ADMIN)), ret_count);
}

static bool is_acting_admin(const struct user *user)
{
    return user->role == ROLE_ADMIN && user->is_active;
}

/* ERROR_CONFLICT when `before` is the last active administrator and will not be one afterwards. */
static int check_last_admin(struct db_connection *connection, const struct change *change,
                            const struct user *before, bool stays_admin)
{
    if (!is_acting_admin(before) || stays_admin)
        return 0;
    int64_t admins = 0;
    int error = db_lock(connection, ADMINS_LOCK);
    if (error >= 0)
        error = user_count_admins(connection, &admins);
    if (error < 0 || admins > 1)
        return error;
    problem_value(change->problems, "", "The last active administrator must stay one");
    return ERROR_CONFLICT;
}

static void apply_changes(const struct change *change, struct user *user)
{
    const struct user *changes = change->changes;
    if ((change->fields & FIELD_BIT(USER_EMAIL)) != 0)
        user->email = changes->email;
    if ((change->fields & FIELD_BIT(USER_FULL_NAME)) != 0)
        user->full_name = changes->full_name;
    if ((change->fields & FIELD_BIT(USER_ROLE)) != 0)
        user->role = changes->role;
    if ((change->fields & FIELD_BIT(USER_IS_ACTIVE)) != 0)
        user->is_active = changes->is_active;
    if ((change->fields & FIELD_BIT(USER_PASSWORD)) != 0)
        user->password_hash = changes->password_hash;
}

static int store_changes(struct db_connection *connection, const struct change *change,
                         const struct user *before, struct user *after)
{
    bool new_password = (change->fields & FIELD_BIT(USER_PASSWORD)) != 0;
    uint64_t changed = row_changed(&user_schema, before, after);
    if (changed == 0 && !new_password)
        return 0;
    bool ends_tokens = new_password || (before->is_active && !after->is_active);
    after->token_generation = before->token_generation + ends_tokens;
    struct sql sql;
    sql_init(&sql, change->arena);
    sql_add(&sql, "UPDATE users SET token_generation = ");
    sql_value(&sql, db_integer(after->token_generation));
    sql_add(&sql, ", password_hash = ");
    sql_value(&sql, db_text(after->password_hash));
    sql_add(&sql, ", email_folded = ");
    sql_value(&sql, db_text(text_fold(change->arena, after->email)));
    if (changed != 0)
        sql_add(&sql, ", ");
    row_add_assignments(&sql, &user_schema, changed, after);
    struct row_column folded[FOLDED_COLUMNS];
    folded_add_assignments(&sql, folded, folded_of_user(connection, change->arena, after, folded));
    sql_add(&sql, " WHERE id = ");
    sql_value(&sql, db_integer(change->id));
    int error = sql_execute(&sql, connection);
    if (error < 0)
        return error;
    const char *action = new_password ? "user.password_changed" : "user.updated";
    struct event event = {action, &user_schema, change->id, before, after};
    return event_append(connection, change->arena, change->actor, &event);
}

static int run_update(struct db_connection *connection, void *argument)
{
    struct change *change = argument;
    struct user before;
    change->problems->count = 0;
    int error = user_load(connection, change->arena, change->id, &before);
    if (error < 0)
        return error;
    struct user after = before;
    apply_changes(change, &after);
    error = check_last_admin(connection, change, &before, is_acting_admin(&after));
    if (error >= 0)
        error = check_unique(connection, change, "email", text_fold(change->arena, after.email));
    if (error < 0)
        return error;
    if (change->problems->count > 0)
        return ERROR_CONFLICT;
    error = store_changes(connection, change, &before, &after);
    if (error < 0)
        return error;
    *change->result = after;
    return 0;
}

int user_update(struct services *services, const struct actor *actor, struct problems *problems,
                int64_t id, uint64_t fields, const struct user *changes, struct user *ret_user)
{
    struct change change = {.actor = actor,
                            .problems = problems,
                            .arena = problems->arena,
                            .id = id,
                            .fields = fields,
                            .changes = changes,
                            .result = ret_user};
    return transaction_write(services, actor, run_update, &change);
}

static int run_end_tokens(struct db_connection *connection, void *argument)
{
    const struct change *change = argument;
    struct user user;
    int error = user_load(connection, change->arena, change->id, &user);
    if (error < 0)
        return error;
    error = db_execute(
        connection, TEXT("UPDATE users SET token_generation = token_generation + 1 WHERE id = $1"),
        DB_VALUES(db_integer(change->id)));
    if (error < 0)
        return error;
    struct event event = {"user.signed_out", &user_schema, change->id, &user, &user};
    return event_append(connection, change->arena, change->actor, &event);
}

int user_end_tokens(struct services *services, struct arena *arena, const struct actor *actor,
                    int64_t id)
{
    struct change change = {.actor = actor, .arena = arena, .id = id};
    return transaction_write(services, actor, run_end_tokens, &change);
}

static int run_delete(struct db_connection *connection, void *argument)
{
    struct change *change = argument;
    struct user before;
    change->problems->count = 0;
    int error = user_load(connection, change->arena, change->id, &before);
    if (error >= 0)
        error = check_last_admin(connection, change, &before, false);
    if (error >= 0)
        error = task_delete_owned_by(connection, change->actor, change->id);
    if (error >= 0)
        error = task_unassign_from(connection, change->actor, change->id);
    if (error >= 0)
        error = db_execute(connection, TEXT("DELETE FROM users WHERE id = $1"),
                           DB_VALUES(db_integer(change->id)));
    if (error < 0)
        return error;
    struct event event = {"user.deleted", &user_schema, change->id, &before, NULL};
    return event_append(connection, change->arena, change->actor, &event);
}

int user_delete(struct services *services, const struct actor *actor, struct problems *problems,
                int64_t id)
{
    struct change change = {
        .actor = actor, .problems = problems, .arena = problems->arena, .id = id};
    return transaction_write(services, actor, run_delete, &change);
}
