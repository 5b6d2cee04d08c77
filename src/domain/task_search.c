#include "domain/task_search.h"

#include "base/error.h"
#include "domain/task_totals.h"
#include "schema/field.h"

enum {
    PART_EVENTS = 500, /* rows of the log that one transaction indexes: others write in between */
    OUTSTANDING_LIMIT = 5000, /* more rows than this behind the position: the index is no help */
    FEW_TASKS = 1000,
};

int task_search_prepare(struct db_connection *connection, struct follower_part *part)
{
    if (db_is_postgres(connection))
        return 0; /* the index is kept by the server */
    return db_query_integer(connection,
                            TEXT("SELECT coalesce(max(seq), $1) FROM (SELECT seq FROM events "
                                 "WHERE seq > $1 ORDER BY seq LIMIT $2) AS part"),
                            DB_VALUES(db_integer(part->position), db_integer(PART_EVENTS)),
                            &part->last);
}

/* What an event says is not asked: the row as it is now goes into the index, or nothing when there
 * is none. So a part may be indexed late, or twice. */
int task_search_apply(struct db_connection *connection, struct follower_part *part)
{
    int error = db_execute(connection,
                           TEXT("DELETE FROM task_search WHERE rowid IN (SELECT resource_id "
                                "FROM events WHERE seq > $1 AND seq <= $2 "
                                "AND resource_type = 'task')"),
                           DB_VALUES(db_integer(part->position), db_integer(part->last)));
    if (error < 0)
        return error;
    return db_execute(connection,
                      TEXT("INSERT INTO task_search (rowid, folded_text) "
                           "SELECT id, folded(title || char(10) || coalesce(description, '')) "
                           "FROM tasks WHERE id IN (SELECT resource_id FROM events "
                           "WHERE seq > $1 AND seq <= $2 AND resource_type = 'task')"),
                      DB_VALUES(db_integer(part->position), db_integer(part->last)));
}

static int owns_few(struct db_connection *connection, int64_t owner)
{
    int64_t total;
    int error = task_totals_of_user(connection, owner, &total);
    return error < 0 ? error : total <= FEW_TASKS;
}

int task_search_plan(struct db_connection *connection, struct text text, int64_t owner,
                     struct task_search *ret_search)
{
    struct task_search search = {.text = text};
    if (db_is_postgres(connection)) {
        *ret_search = search; /* its planner knows the index */
        return 0;
    }
    int few = owner == FIELD_INTEGER_NULL ? 0 : owns_few(connection, owner);
    if (few < 0)
        return few;
    int64_t is_long;
    int64_t outstanding;
    int error = db_query_integer(connection, TEXT("SELECT trigram_query($1) IS NOT NULL"),
                                 DB_VALUES(db_text(text)), &is_long);
    if (error >= 0)
        error = db_query_integer(
            connection, TEXT("SELECT coalesce(max(position), 0) FROM followers WHERE name = $1"),
            DB_VALUES(db_text(TEXT(TASK_SEARCH_FOLLOWER))), &search.position);
    if (error >= 0)
        error = db_query_integer(
            connection,
            TEXT("SELECT count(*) FROM (SELECT 1 FROM events WHERE seq > $1 "
                 "LIMIT $2) AS part"),
            DB_VALUES(db_integer(search.position), db_integer(OUTSTANDING_LIMIT + 1)),
            &outstanding);
    if (error < 0)
        return error;
    search.by_index = few == 0 && is_long != 0 && outstanding <= OUTSTANDING_LIMIT;
    *ret_search = search;
    return 0;
}

void task_search_add_indexed(struct sql *sql, const struct task_search *search)
{
    /* CROSS JOIN: the index is read first, whatever the planner thinks of the conditions. */
    sql_add(sql, "SELECT task_search.rowid AS id FROM task_search CROSS JOIN tasks ON id = "
                 "task_search.rowid "
                 "WHERE task_search MATCH trigram_query(");
    sql_value(sql, db_text(search->text));
    sql_add(sql, ")");
}

void task_search_add_outstanding(struct sql *sql, const struct task_search *search)
{
    sql_add(sql, "SELECT id FROM tasks WHERE id IN (SELECT resource_id FROM events "
                 "WHERE resource_type = 'task' AND seq > ");
    sql_value(sql, db_integer(search->position));
    sql_add(sql, ")");
}
