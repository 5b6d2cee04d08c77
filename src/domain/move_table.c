#include "domain/move_table.h"

#include "base/error.h"
#include "domain/sql.h"

enum {
    PART_ROWS = 1000,
    PART_BYTES = 8 << 20, /* of texts: a part with longer ones has fewer rows */
    TABLES_LIMIT = 100,
};

static void add_name(struct sql *sql, struct text name)
{
    buffer_add_char(&sql->text, '"');
    buffer_add_text(&sql->text, name);
    buffer_add_char(&sql->text, '"');
}

static void add_from(struct sql *sql, const struct move_table *table)
{
    sql_add(sql, " FROM ");
    add_name(sql, table->name);
    sql_add(sql, " WHERE ");
    sql_add(sql, table->where == NULL ? "1 = 1" : table->where);
}

static void add_key(struct sql *sql, const struct move_table *table, const char *suffix)
{
    for (size_t i = 0; i < table->key_count; i++) {
        sql_add(sql, i == 0 ? "" : ", ");
        add_name(sql, table->columns[table->keys[i]].name);
        sql_add(sql, suffix);
    }
}

/* Describing. */

struct description {
    struct arena *arena;
    struct text name;
    struct move_column *columns;
    size_t count;
};

static int run_describe(struct db_connection *connection, void *argument)
{
    struct description *description = argument;
    DB_ROWS_CLEANUP struct db_rows rows = {0};
    const struct text sql = db_dialect(
        connection,
        TEXT("SELECT name, CASE type WHEN 'INTEGER' THEN 1 WHEN 'TEXT' THEN 0 END, pk "
             "FROM pragma_table_info($1) ORDER BY cid"),
        TEXT(
            "SELECT c.column_name::text, "
            "CASE c.data_type WHEN 'bigint' THEN 1::bigint WHEN 'text' THEN 0::bigint END, "
            "coalesce((SELECT k.ordinal_position::bigint FROM information_schema.table_constraints "
            "t "
            "JOIN information_schema.key_column_usage k USING (constraint_schema, constraint_name) "
            "WHERE t.constraint_type = 'PRIMARY KEY' AND t.table_schema = c.table_schema "
            "AND t.table_name = c.table_name AND k.column_name = c.column_name), 0) "
            "FROM information_schema.columns c WHERE c.table_schema = current_schema() "
            "AND c.table_name = $1 ORDER BY c.ordinal_position"));
    int error = db_query(connection, sql, DB_VALUES(db_text(description->name)), &rows);
    if (error < 0)
        return error;
    description->count = 0;
    while ((error = db_rows_next(&rows)) > 0) {
        if (description->count == MOVE_COLUMNS || db_column_is_null(&rows, 1))
            return ERROR_INVALID;
        description->columns[description->count++] = (struct move_column){
            .name = arena_copy(description->arena, db_column_text(&rows, 0)),
            .integer = db_column_integer(&rows, 1) == 1,
            .key = db_column_integer(&rows, 2),
        };
    }
    if (error < 0)
        return error;
    return description->count == 0 ? ERROR_INVALID : 0;
}

/* The number of the column of that name, or `count`. */
static size_t find_column(const struct move_column *columns, size_t count, struct text name)
{
    size_t i = 0;
    while (i < count && !text_equal(columns[i].name, name))
        i++;
    return i;
}

/* Columns that both have; false when the source has one that would be lost. */
static bool take_shared(struct move_table *table, const struct description *source,
                        const struct description *target)
{
    for (size_t i = 0; i < source->count; i++) {
        size_t there = find_column(target->columns, target->count, source->columns[i].name);
        if (there < target->count)
            table->columns[table->count++] = target->columns[there];
        else if (folded_find(table->name, source->columns[i].name) == NULL)
            return false;
    }
    table->read = table->count;
    return true;
}

/* Columns that the target alone has; false when one cannot be made. */
static bool take_made(struct move_table *table, const struct description *target)
{
    for (size_t i = 0; i < target->count; i++) {
        struct move_column column = target->columns[i];
        if (find_column(table->columns, table->read, column.name) < table->read)
            continue;
        column.folded = folded_find(table->name, column.name);
        if (column.folded == NULL)
            return false;
        for (size_t part = 0; part < column.folded->count; part++) {
            struct text name = text_from(column.folded->parts[part]);
            column.parts[part] = find_column(table->columns, table->read, name);
            if (column.parts[part] == table->read)
                return false;
        }
        table->columns[table->count++] = column;
    }
    return true;
}

static bool take_key(struct move_table *table)
{
    for (size_t i = 0; i < table->read; i++) {
        int64_t place = table->columns[i].key;
        if (place > MOVE_KEYS)
            return false;
        if (place > 0) {
            table->keys[place - 1] = i;
            table->key_count++;
        }
    }
    return table->key_count > 0;
}

int move_table_describe(struct db *source, struct db *target, struct arena *arena, const char *name,
                        const char *where, struct move_table *ret_table, struct text *ret_message)
{
    *ret_table = (struct move_table){.name = text_from(name), .where = where};
    struct move_column here[MOVE_COLUMNS];
    struct move_column there[MOVE_COLUMNS];
    struct description from = {.arena = arena, .name = ret_table->name, .columns = here};
    struct description to = {.arena = arena, .name = ret_table->name, .columns = there};
    int error = db_read(source, DB_LIGHT, run_describe, &from);
    if (error >= 0)
        error = db_read(target, DB_LIGHT, run_describe, &to);
    if (error >= 0 &&
        !(take_shared(ret_table, &from, &to) && take_made(ret_table, &to) && take_key(ret_table)))
        error = ERROR_INVALID;
    if (error == ERROR_INVALID)
        *ret_message = arena_format(arena, "the table %s is not the same in both databases", name);
    return error < 0 ? error : 0;
}

/* Reading. */

struct reading {
    struct arena *arena;
    const struct move_table *table;
    const struct db_value *after;
    struct move_rows *rows;
};

static struct db_value read_value(struct arena *arena, const struct move_column *column,
                                  const struct db_rows *rows, int number)
{
    if (db_column_is_null(rows, number))
        return db_null();
    if (column->integer)
        return db_integer(db_column_integer(rows, number));
    return db_text(arena_copy(arena, db_column_text(rows, number)));
}

static void add_after(struct sql *sql, const struct reading *reading)
{
    if (reading->after == NULL)
        return;
    sql_add(sql, " AND (");
    add_key(sql, reading->table, "");
    sql_add(sql, ") > (");
    for (size_t i = 0; i < reading->table->key_count; i++) {
        sql_add(sql, i == 0 ? "" : ", ");
        sql_value(sql, reading->after[i]);
    }
    sql_add(sql, ")");
}

static int run_read(struct db_connection *connection, void *argument)
{
    struct reading *reading = argument;
    const struct move_table *table = reading->table;
    struct sql sql;
    sql_init(&sql, reading->arena);
    for (size_t i = 0; i < table->read; i++) {
        sql_add(&sql, i == 0 ? "SELECT " : ", ");
        add_name(&sql, table->columns[i].name);
    }
    add_from(&sql, table);
    add_after(&sql, reading);
    sql_add(&sql, " ORDER BY ");
    add_key(&sql, table, "");
    sql_add(&sql, " LIMIT ");
    sql_value(&sql, db_integer(PART_ROWS));

    DB_ROWS_CLEANUP struct db_rows rows = {0};
    int error = sql_query(&sql, connection, &rows);
    if (error < 0)
        return error;
    size_t bytes = 0;
    reading->rows->count = 0;
    while (bytes < PART_BYTES && (error = db_rows_next(&rows)) > 0) {
        struct db_value *row = &reading->rows->values[reading->rows->count++ * table->read];
        for (size_t i = 0; i < table->read; i++) {
            row[i] = read_value(reading->arena, &table->columns[i], &rows, (int)i);
            bytes += row[i].type == DB_TEXT ? row[i].text.length : 0;
        }
    }
    return error < 0 ? error : 0;
}

int move_table_read(struct db *db, struct arena *arena, const struct move_table *table,
                    const struct db_value *after, struct move_rows *ret_rows)
{
    ret_rows->values = arena_allocate(arena, PART_ROWS * table->read * sizeof *ret_rows->values);
    struct reading reading = {arena, table, after, ret_rows};
    return db_read(db, DB_HEAVY, run_read, &reading);
}

void move_table_key(const struct move_table *table, const struct db_value *row,
                    struct db_value ret_key[static MOVE_KEYS])
{
    for (size_t i = 0; i < table->key_count; i++)
        ret_key[i] = row[table->keys[i]];
}

struct last {
    struct arena *arena;
    const struct move_table *table;
    struct db_value *key;
    bool found;
};

static int run_find_last(struct db_connection *connection, void *argument)
{
    struct last *last = argument;
    const struct move_table *table = last->table;
    struct sql sql;
    sql_init(&sql, last->arena);
    sql_add(&sql, "SELECT ");
    add_key(&sql, table, "");
    add_from(&sql, table);
    sql_add(&sql, " ORDER BY ");
    add_key(&sql, table, " DESC");
    sql_add(&sql, " LIMIT 1");
    DB_ROWS_CLEANUP struct db_rows rows = {0};
    int error = sql_query(&sql, connection, &rows);
    if (error < 0)
        return error;
    int found = db_rows_next(&rows);
    if (found < 0)
        return found;
    last->found = found > 0;
    for (size_t i = 0; last->found && i < table->key_count; i++)
        last->key[i] = read_value(last->arena, &table->columns[table->keys[i]], &rows, (int)i);
    return 0;
}

int move_table_find_last(struct db *db, struct arena *arena, const struct move_table *table,
                         bool *ret_found, struct db_value ret_key[static MOVE_KEYS])
{
    struct last last = {.arena = arena, .table = table, .key = ret_key};
    int error = db_read(db, DB_LIGHT, run_find_last, &last);
    if (error >= 0)
        *ret_found = last.found;
    return error;
}

struct counting {
    struct arena *arena;
    const struct move_table *table;
    int64_t count;
};

static int run_count(struct db_connection *connection, void *argument)
{
    struct counting *counting = argument;
    struct sql sql;
    sql_init(&sql, counting->arena);
    sql_add(&sql, "SELECT count(*)");
    add_from(&sql, counting->table);
    return sql_query_integer(&sql, connection, &counting->count);
}

int move_table_count(struct db *db, struct arena *arena, const struct move_table *table,
                     int64_t *ret_count)
{
    struct counting counting = {.arena = arena, .table = table};
    int error = db_read(db, DB_HEAVY, run_count, &counting);
    if (error >= 0)
        *ret_count = counting.count;
    return error;
}

/* Writing. */

static struct db_value make_value(struct arena *arena, const struct move_column *column,
                                  const struct db_value *row)
{
    struct text texts[FOLDED_PARTS];
    for (size_t i = 0; i < column->folded->count; i++) {
        const struct db_value *part = &row[column->parts[i]];
        texts[i] = part->type == DB_TEXT ? part->text : TEXT_NULL;
    }
    return db_text(folded_join(arena, texts, column->folded->count));
}

/* As many rows from `first` on as one statement can carry. */
static int write_some(struct db_connection *connection, struct arena *arena,
                      const struct move_table *table, const struct move_rows *rows, size_t first,
                      size_t count)
{
    struct sql sql;
    sql_init(&sql, arena);
    sql_add(&sql, "INSERT INTO ");
    add_name(&sql, table->name);
    for (size_t i = 0; i < table->count; i++) {
        sql_add(&sql, i == 0 ? " (" : ", ");
        add_name(&sql, table->columns[i].name);
    }
    sql_add(&sql, ") VALUES ");
    for (size_t number = first; number < first + count; number++) {
        const struct db_value *row = &rows->values[number * table->read];
        for (size_t i = 0; i < table->count; i++) {
            sql_add(&sql, i > 0 ? ", " : number > first ? ", (" : "(");
            sql_value(&sql, i < table->read ? row[i] : make_value(arena, &table->columns[i], row));
        }
        sql_add(&sql, ")");
    }
    return sql_execute(&sql, connection);
}

int move_table_write(struct db_connection *connection, struct arena *arena,
                     const struct move_table *table, const struct move_rows *rows)
{
    const size_t fit = SQL_VALUES_LIMIT / table->count;
    int error = 0;
    for (size_t first = 0; first < rows->count && error >= 0; first += fit) {
        size_t left = rows->count - first;
        error = write_some(connection, arena, table, rows, first, left < fit ? left : fit);
    }
    return error < 0 ? error : 0;
}

/* Sequences. */

struct sequence {
    const struct move_table *table;
    int64_t last; /* 0: there is none, or it was never used */
};

static int run_read_sequence(struct db_connection *connection, void *argument)
{
    struct sequence *sequence = argument;
    const struct move_table *table = sequence->table;
    const struct text sql = db_dialect(
        connection, TEXT("SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = $1), 0)"),
        TEXT("SELECT coalesce(pg_sequence_last_value("
             "pg_get_serial_sequence($1, $2)::regclass), 0)"));
    const struct db_value values[] = {db_text(table->name),
                                      db_text(table->columns[table->keys[0]].name)};
    return db_query_integer(connection, sql,
                            (struct db_values){values, db_is_postgres(connection) ? 2 : 1},
                            &sequence->last);
}

static int run_write_sequence(struct db_connection *connection, void *argument)
{
    const struct sequence *sequence = argument;
    const struct move_table *table = sequence->table;
    struct db_value name = db_text(table->name);
    struct db_value last = db_integer(sequence->last);
    if (db_is_postgres(connection))
        return db_execute(connection, TEXT("SELECT setval(pg_get_serial_sequence($1, $2), $3)"),
                          DB_VALUES(name, db_text(table->columns[table->keys[0]].name), last));
    int changed = db_execute(connection,
                             TEXT("UPDATE sqlite_sequence SET seq = max(seq, $2) WHERE name = $1"),
                             DB_VALUES(name, last));
    if (changed != 0)
        return changed;
    return db_execute(connection, TEXT("INSERT INTO sqlite_sequence (name, seq) VALUES ($1, $2)"),
                      DB_VALUES(name, last));
}

int move_table_copy_sequence(struct db *source, struct db *target, const struct move_table *table)
{
    if (table->key_count != 1 || !table->columns[table->keys[0]].integer)
        return 0;
    struct sequence sequence = {.table = table};
    int error = db_read(source, DB_LIGHT, run_read_sequence, &sequence);
    /* A table of SQLite need not keep one: then it goes on behind the last row. */
    struct arena arena;
    arena_init(&arena);
    bool found = false;
    struct db_value key[MOVE_KEYS];
    if (error >= 0)
        error = move_table_find_last(source, &arena, table, &found, key);
    if (found && key[0].integer > sequence.last)
        sequence.last = key[0].integer;
    arena_release(&arena);
    if (error >= 0 && sequence.last > 0)
        error = db_write(target, run_write_sequence, &sequence);
    return error < 0 ? error : 0;
}

/* All tables. */

struct listing {
    struct arena *arena;
    struct text *names;
    size_t count;
};

static int run_list(struct db_connection *connection, void *argument)
{
    struct listing *listing = argument;
    DB_ROWS_CLEANUP struct db_rows rows = {0};
    int error = db_query(connection,
                         db_dialect(connection,
                                    TEXT("SELECT name FROM pragma_table_list WHERE type = 'table' "
                                         "AND schema = 'main' AND name NOT LIKE 'sqlite#_%' "
                                         "ESCAPE '#' ORDER BY name"),
                                    TEXT("SELECT table_name::text FROM information_schema.tables "
                                         "WHERE table_schema = current_schema() "
                                         "AND table_type = 'BASE TABLE' ORDER BY table_name")),
                         DB_NO_VALUES, &rows);
    listing->count = 0;
    while (error >= 0 && (error = db_rows_next(&rows)) > 0) {
        if (listing->count == TABLES_LIMIT)
            return ERROR_TOO_LARGE;
        listing->names[listing->count++] = arena_copy(listing->arena, db_column_text(&rows, 0));
    }
    return error < 0 ? error : 0;
}

int move_table_list(struct db *db, struct arena *arena, struct text **ret_names, size_t *ret_count)
{
    struct listing listing = {.arena = arena};
    listing.names = arena_allocate(arena, TABLES_LIMIT * sizeof *listing.names);
    int error = db_read(db, DB_LIGHT, run_list, &listing);
    if (error >= 0) {
        *ret_names = listing.names;
        *ret_count = listing.count;
    }
    return error;
}
