#include "domain/statistics.h"

#include "base/clock.h"
#include "base/error.h"
#include "cache/cache.h"
#include "db/db.h"
#include "domain/task_totals.h"
#include "schema/encode.h"

static const struct field fields[] = {
    {.name = "total",
     .type = FIELD_INTEGER,
     .offset = offsetof(struct statistics, total),
     .description = "All tasks of the user"},
    {.name = "completed", .type = FIELD_INTEGER, .offset = offsetof(struct statistics, completed)},
    {.name = "incomplete",
     .type = FIELD_INTEGER,
     .offset = offsetof(struct statistics, incomplete)},
    {.name = "completion_rate",
     .type = FIELD_REAL,
     .offset = offsetof(struct statistics, completion_rate),
     .description = "Per cent that are completed, to two decimals; 0 where there are no tasks"},
    {.name = "by_status",
     .type = FIELD_COUNTS,
     .offset = offsetof(struct statistics, by_status),
     .description = "How many have each status"},
    {.name = "by_priority",
     .type = FIELD_COUNTS,
     .offset = offsetof(struct statistics, by_priority),
     .description = "How many have each priority"},
    {.name = "by_tag",
     .type = FIELD_COUNTS,
     .offset = offsetof(struct statistics, by_tag),
     .description = "How many have each tag, the most frequent first"},
    {.name = "overdue",
     .type = FIELD_INTEGER,
     .offset = offsetof(struct statistics, overdue),
     .description = "Not completed, and due before today (UTC)"},
};

const struct schema statistics_schema = {
    .name = "Statistics",
    .description = "A user's tasks in numbers",
    SCHEMA_FIELDS(fields),
};

/* One computation, in one snapshot: the numbers and the count of changes belong together. */
struct computation {
    struct arena *arena;
    int64_t user_id;
    int64_t today;
    int64_t changes;
    struct statistics statistics;
};

static struct schema_counts zero_counts(struct arena *arena, const struct enumeration *values)
{
    struct schema_count *items = arena_allocate(arena, values->count * sizeof *items);
    for (size_t i = 0; i < values->count; i++)
        items[i] = (struct schema_count){text_from(values->names[i]), 0};
    return (struct schema_counts){items, values->count};
}

static int read_changes(struct db_connection *connection, void *argument)
{
    struct computation *computation = argument;
    return task_totals_changes(connection, computation->user_id, &computation->changes);
}

static int count_states(struct db_connection *connection, struct computation *computation)
{
    struct statistics *statistics = &computation->statistics;
    statistics->by_status = zero_counts(computation->arena, &task_statuses);
    statistics->by_priority = zero_counts(computation->arena, &task_priorities);
    DB_ROWS_CLEANUP struct db_rows rows = {0};
    int more = db_query(connection,
                        TEXT("SELECT status, priority, count(*), "
                             "sum(CASE WHEN status <> $2 AND due_date < $3 THEN 1 ELSE 0 END) "
                             "FROM tasks WHERE user_id = $1 GROUP BY status, priority"),
                        DB_VALUES(db_integer(computation->user_id), db_integer(STATUS_DONE),
                                  db_integer(computation->today)),
                        &rows);
    if (more < 0)
        return more;
    while ((more = db_rows_next(&rows)) > 0) {
        int64_t count = db_column_integer(&rows, 2);
        statistics->by_status.items[db_column_integer(&rows, 0)].count += count;
        statistics->by_priority.items[db_column_integer(&rows, 1)].count += count;
        statistics->total += count;
        statistics->overdue += db_column_integer(&rows, 3);
    }
    statistics->completed = statistics->by_status.items[STATUS_DONE].count;
    statistics->incomplete = statistics->total - statistics->completed;
    if (statistics->total > 0) {
        int64_t hundredths =
            (statistics->completed * 20000 + statistics->total) / (2 * statistics->total);
        statistics->completion_rate = (double)hundredths / 100.0;
    }
    return more;
}

/* schema_counts_read: the rows of a query, a name and a count each. */
static int read_counts(struct db_connection *connection, struct arena *arena, struct text sql,
                       struct db_values values, struct schema_counts *ret_counts)
{
    DB_ROWS_CLEANUP struct db_rows rows = {0};
    int more = db_query(connection, sql, values, &rows);
    if (more < 0)
        return more;
    size_t capacity = 16;
    size_t count = 0;
    struct schema_count *items = arena_allocate(arena, capacity * sizeof *items);
    while ((more = db_rows_next(&rows)) > 0) {
        if (count == capacity) {
            struct schema_count *larger = arena_allocate(arena, 2 * capacity * sizeof *larger);
            memcpy(larger, items, count * sizeof *items);
            items = larger;
            capacity *= 2;
        }
        items[count++] = (struct schema_count){arena_copy(arena, db_column_text(&rows, 0)),
                                               db_column_integer(&rows, 1)};
    }
    *ret_counts = (struct schema_counts){items, count};
    return more;
}

static int compute(struct db_connection *connection, void *argument)
{
    struct computation *computation = argument;
    computation->statistics = (struct statistics){0};
    int error = read_changes(connection, computation);
    if (error >= 0)
        error = count_states(connection, computation);
    if (error >= 0)
        error = read_counts(connection, computation->arena,
                            TEXT("SELECT tag, count(*) AS uses FROM task_tags "
                                 "WHERE task_id IN (SELECT id FROM tasks WHERE user_id = $1) "
                                 "GROUP BY tag ORDER BY uses DESC, tag"),
                            DB_VALUES(db_integer(computation->user_id)),
                            &computation->statistics.by_tag);
    return error;
}

static struct text key_of(const struct computation *computation)
{
    return arena_format(computation->arena, "statistics:%jd:%jd:%jd",
                        (intmax_t)computation->user_id, (intmax_t)computation->changes,
                        (intmax_t)computation->today);
}

int statistics_find(struct services *services, struct arena *arena, int64_t user_id,
                    struct text *ret_json, bool *ret_kept)
{
    int64_t today = clock_now() / CLOCK_DAY;
    struct computation computation = {.arena = arena, .user_id = user_id, .today = today};
    int error = db_read(services->db, DB_SINGLE, read_changes, &computation);
    if (error < 0)
        return error;
    *ret_kept = cache_get(services->cache, arena, key_of(&computation), ret_json);
    if (*ret_kept)
        return 0;
    error = db_read(services->db, DB_HEAVY, compute, &computation);
    if (error < 0)
        return error;
    error = encode_text(&statistics_schema, &computation.statistics, arena, ret_json);
    if (error >= 0)
        cache_put(services->cache, key_of(&computation), *ret_json, CLOCK_DAY);
    return error;
}

/* Analytics. */

static const struct field query_fields[] = {
    {.name = "start_date",
     .type = FIELD_DATE,
     .offset = offsetof(struct analytics_query, start_date),
     .description = "The first day of the period"},
    {.name = "end_date",
     .type = FIELD_DATE,
     .offset = offsetof(struct analytics_query, end_date),
     .description = "The last day of the period"},
};

static void init_query(void *structure)
{
    struct analytics_query *query = structure;
    *query = (struct analytics_query){FIELD_INTEGER_NULL, FIELD_INTEGER_NULL};
}

const struct schema analytics_query_schema = {
    SCHEMA_FIELDS(query_fields),
    .size = sizeof(struct analytics_query),
    .init = init_query,
};

static const struct field day_fields[] = {
    {.name = "date", .type = FIELD_DATE, .offset = offsetof(struct analytics_day, date)},
    {.name = "created", .type = FIELD_INTEGER, .offset = offsetof(struct analytics_day, created)},
    {.name = "completed",
     .type = FIELD_INTEGER,
     .offset = offsetof(struct analytics_day, completed)},
};

static const struct schema day_schema = {
    .name = "AnalyticsDay",
    .description = "What happened on a day (UTC)",
    SCHEMA_FIELDS(day_fields),
};

static const struct field analytics_fields[] = {
    {.name = "by_status",
     .type = FIELD_COUNTS,
     .offset = offsetof(struct analytics, by_status),
     .description = "Tasks made in the period, by status"},
    {.name = "by_user",
     .type = FIELD_COUNTS,
     .offset = offsetof(struct analytics, by_user),
     .description = "Tasks made in the period, by the name of their owner"},
    {.name = "by_day",
     .type = FIELD_LIST,
     .offset = offsetof(struct analytics, by_day),
     .items = &day_schema,
     .description = "Each day of the period on which a task was made or completed"},
};

const struct schema analytics_schema = {
    .name = "Analytics",
    .description = "Tasks of a period in numbers",
    SCHEMA_FIELDS(analytics_fields),
};

struct analysis {
    struct arena *arena;
    int64_t user_id; /* 0: everybody's */
    int64_t since;   /* microseconds, both inclusive */
    int64_t until;
    struct analytics *analytics;
};

/* $1 the user or 0 for all, $2 and $3 the period */
#define OF_USER "($1 = CAST(0 AS BIGINT) OR user_id = $1)"
#define PERIOD_VALUES(analysis)                                                                    \
    DB_VALUES(db_integer((analysis)->user_id), db_integer((analysis)->since),                      \
              db_integer((analysis)->until))

static int analyse_statuses(struct db_connection *connection, struct analysis *analysis)
{
    struct schema_counts counts = zero_counts(analysis->arena, &task_statuses);
    DB_ROWS_CLEANUP struct db_rows rows = {0};
    int more = db_query(connection,
                        TEXT("SELECT status, count(*) FROM tasks WHERE " OF_USER
                             " AND created_at BETWEEN $2 AND $3 GROUP BY status"),
                        PERIOD_VALUES(analysis), &rows);
    if (more < 0)
        return more;
    while ((more = db_rows_next(&rows)) > 0)
        counts.items[db_column_integer(&rows, 0)].count = db_column_integer(&rows, 1);
    analysis->analytics->by_status = counts;
    return more;
}

static int analyse_days(struct db_connection *connection, struct analysis *analysis)
{
    DB_ROWS_CLEANUP struct db_rows rows = {0};
    int more = db_query(
        connection,
        TEXT("SELECT day, sum(created), sum(completed) FROM ("
             "SELECT created_at / 86400000000 AS day, 1 AS created, 0 AS completed FROM tasks "
             "WHERE " OF_USER " AND created_at BETWEEN $2 AND $3 UNION ALL "
             "SELECT completed_at / 86400000000, 0, 1 FROM tasks "
             "WHERE " OF_USER " AND completed_at BETWEEN $2 AND $3"
             ") AS days GROUP BY day ORDER BY day"),
        PERIOD_VALUES(analysis), &rows);
    if (more < 0)
        return more;
    size_t capacity = 32;
    size_t count = 0;
    struct analytics_day *days = arena_allocate(analysis->arena, capacity * sizeof *days);
    while ((more = db_rows_next(&rows)) > 0) {
        if (count == capacity) {
            struct analytics_day *larger =
                arena_allocate(analysis->arena, 2 * capacity * sizeof *larger);
            memcpy(larger, days, count * sizeof *days);
            days = larger;
            capacity *= 2;
        }
        days[count++] = (struct analytics_day){
            db_column_integer(&rows, 0), db_column_integer(&rows, 1), db_column_integer(&rows, 2)};
    }
    analysis->analytics->by_day = (struct schema_list){days, count, sizeof *days};
    return more;
}

static int analyse(struct db_connection *connection, void *argument)
{
    struct analysis *analysis = argument;
    int error = analyse_statuses(connection, analysis);
    if (error >= 0)
        error = read_counts(connection, analysis->arena,
                            TEXT("SELECT username, count(*) FROM tasks "
                                 "JOIN users ON users.id = tasks.user_id WHERE " OF_USER
                                 " AND tasks.created_at BETWEEN $2 AND $3 "
                                 "GROUP BY users.id, username ORDER BY users.id"),
                            PERIOD_VALUES(analysis), &analysis->analytics->by_user);
    if (error >= 0)
        error = analyse_days(connection, analysis);
    return error;
}

int analytics_find(struct services *services, const struct actor *actor,
                   const struct analytics_query *query, struct problems *problems,
                   struct analytics *ret_analytics)
{
    struct analysis analysis = {
        .arena = problems->arena,
        .user_id = actor->is_admin ? 0 : actor->user_id,
        .since = INT64_MIN,
        .until = INT64_MAX,
        .analytics = ret_analytics,
    };
    if (query->start_date != FIELD_INTEGER_NULL)
        analysis.since = query->start_date * CLOCK_DAY;
    if (query->end_date != FIELD_INTEGER_NULL)
        analysis.until = (query->end_date + 1) * CLOCK_DAY - 1;
    if (analysis.until < analysis.since) {
        problems->location = LOCATION_QUERY;
        problem_value(problems, "end_date", "The period must not end before it starts");
        return ERROR_INVALID;
    }
    return db_read(services->db, DB_HEAVY, analyse, &analysis);
}
