/*
 * user_list.c: accounts, many at a time.
 */
#include "base/error.h"
#include "domain/folded.h"
#include "domain/row.h"
#include "domain/user.h"

struct list {
    struct arena *arena;
    const struct user_query *query;
    struct user_page *page;
};

static void add_filter(struct sql *sql, const struct db_connection *connection,
                       const struct list *list)
{
    static const char *const columns[] = {"username", "coalesce(email, '')",
                                          "coalesce(full_name, '')"};
    if (list->query->search.data == NULL)
        return;
    sql_add(sql, " WHERE ");
    folded_add_contains(sql, connection, list->arena, columns, sizeof columns / sizeof columns[0],
                        list->query->search);
}

static int read_users(struct db_connection *connection, struct list *list)
{
    const struct paging *paging = &list->query->paging;
    struct sql sql;
    sql_init(&sql, list->arena);
    sql_add(&sql, "SELECT ");
    row_add_columns(&sql, &user_schema);
    sql_add(&sql, " FROM users");
    add_filter(&sql, connection, list);
    sql_add(&sql, " ORDER BY id LIMIT ");
    sql_value(&sql, db_integer(paging->limit));
    sql_add(&sql, " OFFSET ");
    sql_value(&sql, db_integer(paging->skip));
    DB_ROWS_CLEANUP struct db_rows rows = {0};
    int more = sql_query(&sql, connection, &rows);
    if (more < 0)
        return more;
    struct user *users = arena_allocate_zeroed(list->arena, (size_t)paging->limit * sizeof *users);
    size_t count = 0;
    while ((more = db_rows_next(&rows)) > 0)
        row_decode(&user_schema, &rows, list->arena, &users[count++]);
    list->page->users = (struct schema_list){users, count, sizeof *users};
    return more;
}

static int run_list(struct db_connection *connection, void *argument)
{
    struct list *list = argument;
    int error = read_users(connection, list);
    if (error < 0)
        return error;
    int64_t total = FIELD_INTEGER_NULL;
    if (list->query->paging.total) {
        struct sql sql;
        sql_init(&sql, list->arena);
        sql_add(&sql, "SELECT count(*) FROM users");
        add_filter(&sql, connection, list);
        error = sql_query_integer(&sql, connection, &total);
    }
    list->page->page = paging_describe(&list->query->paging, total);
    return error;
}

int user_list(struct services *services, struct arena *arena, const struct user_query *query,
              struct user_page *ret_page)
{
    struct list list = {arena, query, ret_page};
    return db_read(services->db, DB_HEAVY, run_list, &list);
}
