#include "domain/folded.h"

#include "domain/fold.h"

/* Stands between the texts in one column: U+FFFF is no character, so that nobody looks for it. */
#define SEPARATOR "\xEF\xBF\xBF"

static const struct folded_column table[] = {
    {"tasks", "folded_text", {"title", "description"}, 2},
    {"tasks", "city_folded", {"city"}, 1},
    {"users", "folded_text", {"username", "email", "full_name"}, 3},
};

const struct folded_column *folded_find(struct text name, struct text column)
{
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (text_is(name, table[i].table) && text_is(column, table[i].name))
            return &table[i];
    return NULL;
}

struct text folded_join(struct arena *arena, const struct text *texts, size_t count)
{
    if (count == 1)
        return text_fold_for_search(arena, texts[0]);
    size_t limit = 0;
    struct text folded[FOLDED_PARTS];
    for (size_t i = 0; i < count; i++) {
        folded[i] = text_fold_for_search(arena, texts[i]);
        limit += folded[i].length + sizeof SEPARATOR;
    }
    struct buffer buffer;
    buffer_init(&buffer, arena, limit);
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buffer_add_string(&buffer, SEPARATOR);
        buffer_add_text(&buffer, folded[i]);
    }
    return buffer_text(&buffer);
}

size_t folded_of_task(const struct db_connection *connection, struct arena *arena,
                      const struct task *task, struct row_column columns[static FOLDED_COLUMNS])
{
    if (!db_is_postgres(connection))
        return 0;
    const struct text texts[] = {task->title, task->description};
    columns[0] = (struct row_column){table[0].name, db_text(folded_join(arena, texts, 2))};
    columns[1] = (struct row_column){table[1].name, db_text(folded_join(arena, &task->city, 1))};
    return 2;
}

size_t folded_of_user(const struct db_connection *connection, struct arena *arena,
                      const struct user *user, struct row_column columns[static FOLDED_COLUMNS])
{
    if (!db_is_postgres(connection))
        return 0;
    const struct text texts[] = {user->username, user->email, user->full_name};
    columns[0] = (struct row_column){table[2].name, db_text(folded_join(arena, texts, 3))};
    return 1;
}

void folded_add_assignments(struct sql *sql, const struct row_column *columns, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        sql_add(sql, ", ");
        sql_add(sql, columns[i].name);
        sql_add(sql, " = ");
        sql_value(sql, columns[i].value);
    }
}

/* "%needle%" for LIKE. */
static struct text pattern_of(struct arena *arena, struct text needle)
{
    struct text folded = text_fold_for_search(arena, needle);
    struct buffer buffer;
    buffer_init(&buffer, arena, 2 * folded.length + 2);
    buffer_add_char(&buffer, '%');
    for (size_t i = 0; i < folded.length; i++) {
        char c = folded.data[i];
        if (c == '%' || c == '_' || c == '\\')
            buffer_add_char(&buffer, '\\');
        buffer_add_char(&buffer, c);
    }
    buffer_add_char(&buffer, '%');
    return buffer_text(&buffer);
}

void folded_add_contains(struct sql *sql, const struct db_connection *connection,
                         struct arena *arena, const char *const *columns, size_t count,
                         struct text needle)
{
    if (db_is_postgres(connection)) {
        sql_add(sql, "folded_text LIKE ");
        sql_value(sql, db_text(pattern_of(arena, needle)));
        return;
    }
    for (size_t i = 0; i < count; i++) {
        sql_add(sql, i == 0 ? "(contains_folded(" : " OR contains_folded(");
        sql_add(sql, columns[i]);
        sql_add(sql, ", ");
        sql_value(sql, db_text(needle));
        sql_add(sql, ")");
    }
    sql_add(sql, ")");
}

void folded_add_city(struct sql *sql, const struct db_connection *connection, struct arena *arena,
                     struct text city)
{
    bool kept = db_is_postgres(connection);
    sql_add(sql, kept ? "city_folded = " : "folded(city) = folded(");
    sql_value(sql, db_text(kept ? text_fold_for_search(arena, city) : city));
    sql_add(sql, kept ? "" : ")");
}
