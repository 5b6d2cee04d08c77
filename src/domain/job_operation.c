#include "domain/job_operation.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "base/error.h"
#include "domain/job_queue.h"
#include "domain/transaction.h"

enum { OPERATIONS_LIMIT = 256, NAMES_LIMIT = 2048 /* bytes of the list in an error */ };

static const struct field fields[] = {
    {.name = "name",
     .type = FIELD_TEXT,
     .offset = offsetof(struct job_operation, name),
     .example = "\"reverse\""},
    {.name = "summary",
     .type = FIELD_TEXT,
     .flags = FIELD_NULLABLE,
     .offset = offsetof(struct job_operation, summary),
     .description = "What it does; null for one that a worker brought along"},
    {.name = "paused",
     .type = FIELD_BOOLEAN,
     .offset = offsetof(struct job_operation, paused),
     .description = "Whether its jobs wait until it is resumed"},
    {.name = "queued",
     .type = FIELD_INTEGER,
     .offset = offsetof(struct job_operation, queued),
     .description = "Jobs that wait for a worker"},
    {.name = "waiting",
     .type = FIELD_INTEGER,
     .offset = offsetof(struct job_operation, waiting),
     .description = "Jobs that wait for their time"},
    {.name = "processing",
     .type = FIELD_INTEGER,
     .offset = offsetof(struct job_operation, processing),
     .description = "Jobs that are being worked on"},
    {.name = "oldest_seconds",
     .type = FIELD_REAL,
     .offset = offsetof(struct job_operation, oldest),
     .description = "How long the first in the queue has waited"},
};

const struct schema job_operation_schema = {
    .name = "JobOperation",
    .description = "What a job can do, and how many wait for it",
    SCHEMA_FIELDS(fields),
};

/* What is offered. */

struct offer {
    struct text name;
    int64_t seen_at;
};

static int run_find_offer(struct db_connection *connection, void *argument)
{
    struct offer *offer = argument;
    return db_query_integer(connection,
                            TEXT("SELECT coalesce(seen_at, 0) FROM job_operations WHERE name = $1"),
                            DB_VALUES(db_text(offer->name)), &offer->seen_at);
}

/* 0, or ERROR_NOT_FOUND for an operation that nobody offers. */
static int find_offer(struct services *services, struct text name)
{
    const struct operation *operation = operation_find(job_queue_operations(services->jobs), name);
    if (operation != NULL)
        return operation->internal ? ERROR_NOT_FOUND : 0;
    struct offer offer = {.name = name};
    int error = db_read(services->db, DB_LIGHT, run_find_offer, &offer);
    if (error < 0)
        return error;
    return offer.seen_at > clock_now() - JOB_OPERATION_MEMORY ? 0 : ERROR_NOT_FOUND;
}

int job_operation_require(struct services *services, struct problems *problems, struct text name)
{
    int error = find_offer(services, name);
    if (error != ERROR_NOT_FOUND)
        return error;
    const struct operations *operations = job_queue_operations(services->jobs);
    struct buffer names;
    buffer_init(&names, problems->arena, NAMES_LIMIT);
    for (size_t i = 0; i < operations_count(operations); i++) {
        const struct operation *operation = operations_at(operations, i);
        if (!operation->internal)
            buffer_format(&names, "%s'%s'", names.length > 0 ? ", " : "", operation->name);
    }
    problems->location = LOCATION_BODY;
    problem_add(problems, TEXT("operation"), "enum", problem_input(problems, name),
                "Input should be %.*s or an operation that a worker offers",
                TEXT_ARGUMENTS(buffer_text(&names)));
    return ERROR_INVALID;
}

static int run_note(struct db_connection *connection, void *argument)
{
    const struct operations *operations = argument;
    int error = 0;
    for (size_t i = 0; error >= 0 && i < operations_count(operations); i++) {
        const struct operation *operation = operations_at(operations, i);
        if (operation->internal)
            continue;
        error = db_execute(connection,
                           TEXT("INSERT INTO job_operations (name, seen_at) VALUES ($1, $2) "
                                "ON CONFLICT (name) DO UPDATE SET seen_at = excluded.seen_at"),
                           DB_VALUES(db_text(text_from(operation->name)), db_integer(clock_now())));
    }
    return error < 0 ? error : 0;
}

int job_operation_note(struct services *services)
{
    return db_write(services->db, run_note, (void *)job_queue_operations(services->jobs));
}

/* Pauses. */

int job_operation_load_pauses(struct db_connection *connection, struct arena *arena,
                              struct job_pauses *ret_pauses)
{
    DB_ROWS_CLEANUP struct db_rows rows = {0};
    int more =
        db_query(connection, TEXT("SELECT name FROM job_operations WHERE paused = 1 LIMIT $1"),
                 DB_VALUES(db_integer(OPERATIONS_LIMIT)), &rows);
    struct job_pauses pauses = {0};
    while (more >= 0 && (more = db_rows_next(&rows)) > 0) {
        if (pauses.names == NULL)
            pauses.names = arena_allocate(arena, OPERATIONS_LIMIT * sizeof *pauses.names);
        pauses.names[pauses.count++] = arena_copy(arena, db_column_text(&rows, 0));
    }
    if (more >= 0)
        *ret_pauses = pauses;
    return more;
}

bool job_operation_is_paused(const struct job_pauses *pauses, const char *name)
{
    for (size_t i = 0; i < pauses->count; i++) {
        if (text_is(pauses->names[i], name))
            return true;
    }
    return false;
}

struct pause {
    struct text name;
    bool paused;
};

static int run_pause(struct db_connection *connection, void *argument)
{
    const struct pause *pause = argument;
    int error = db_execute(connection,
                           TEXT("INSERT INTO job_operations (name, paused) VALUES ($1, $2) "
                                "ON CONFLICT (name) DO UPDATE SET paused = excluded.paused"),
                           DB_VALUES(db_text(pause->name), db_integer(pause->paused)));
    return error < 0 ? error : 0;
}

int job_operation_pause(struct services *services, const struct actor *actor, struct arena *arena,
                        struct text name, bool paused, struct job_operation *ret_operation)
{
    int error = find_offer(services, name);
    if (error < 0)
        return error;
    struct pause pause = {name, paused};
    error = transaction_write(services, actor, run_pause, &pause);
    if (error < 0)
        return error;
    job_queue_wake(services->jobs, 0);
    struct schema_list list;
    error = job_operation_list(services, arena, &list);
    if (error < 0)
        return error;
    const struct job_operation *operations = list.items;
    for (size_t i = 0; i < list.count; i++) {
        if (text_equal(operations[i].name, name))
            *ret_operation = operations[i];
    }
    return 0;
}

/* Listing. */

struct listing {
    struct services *services;
    struct arena *arena;
    struct job_operation *operations;
    size_t count;
    int64_t now;
};

/* The entry of that name, made when it is not there; NULL when there are too many. */
static struct job_operation *entry_of(struct listing *listing, struct text name)
{
    for (size_t i = 0; i < listing->count; i++) {
        if (text_equal(listing->operations[i].name, name))
            return &listing->operations[i];
    }
    if (listing->count == OPERATIONS_LIMIT)
        return NULL;
    struct job_operation *entry = &listing->operations[listing->count++];
    *entry = (struct job_operation){.name = arena_copy(listing->arena, name)};
    return entry;
}

static void add_own(struct listing *listing)
{
    const struct operations *operations = job_queue_operations(listing->services->jobs);
    for (size_t i = 0; i < operations_count(operations); i++) {
        const struct operation *operation = operations_at(operations, i);
        struct job_operation *entry = entry_of(listing, text_from(operation->name));
        if (entry != NULL)
            entry->summary = text_from(operation->summary);
    }
}

static int add_noted(struct db_connection *connection, struct listing *listing)
{
    DB_ROWS_CLEANUP struct db_rows rows = {0};
    int more = db_query(
        connection,
        TEXT("SELECT name, paused FROM job_operations "
             "WHERE paused = 1 OR seen_at > $1 ORDER BY name LIMIT $2"),
        DB_VALUES(db_integer(listing->now - JOB_OPERATION_MEMORY), db_integer(OPERATIONS_LIMIT)),
        &rows);
    while (more >= 0 && (more = db_rows_next(&rows)) > 0) {
        struct job_operation *entry = entry_of(listing, db_column_text(&rows, 0));
        if (entry != NULL)
            entry->paused = db_column_integer(&rows, 1) != 0;
    }
    return more;
}

/* Each count reads an index of its own; see the migration. */
static int add_counts(struct db_connection *connection, struct listing *listing)
{
    static const struct {
        const char *sql;
        size_t offset;
    } counts[] = {
        {"SELECT operation, count(*) FROM jobs WHERE status = 0 GROUP BY operation",
         offsetof(struct job_operation, queued)},
        {"SELECT operation, count(*) FROM jobs WHERE status IN (1, 4) GROUP BY operation",
         offsetof(struct job_operation, waiting)},
        {"SELECT operation, count(*) FROM jobs WHERE status = 2 GROUP BY operation",
         offsetof(struct job_operation, processing)},
    };
    int more = 0;
    for (size_t i = 0; more >= 0 && i < sizeof counts / sizeof counts[0]; i++) {
        DB_ROWS_CLEANUP struct db_rows rows = {0};
        more = db_query(connection, text_from(counts[i].sql), DB_NO_VALUES, &rows);
        while (more >= 0 && (more = db_rows_next(&rows)) > 0) {
            struct job_operation *entry = entry_of(listing, db_column_text(&rows, 0));
            if (entry != NULL)
                *(int64_t *)((char *)entry + counts[i].offset) = db_column_integer(&rows, 1);
        }
    }
    return more;
}

static int add_age(struct db_connection *connection, struct listing *listing,
                   struct job_operation *entry)
{
    int64_t run_at;
    int error = db_query_integer(connection,
                                 TEXT("SELECT run_at FROM jobs WHERE status = 0 "
                                      "AND operation = $1 ORDER BY turn LIMIT 1"),
                                 DB_VALUES(db_text(entry->name)), &run_at);
    if (error == ERROR_NOT_FOUND)
        return 0;
    if (error < 0)
        return error;
    if (run_at < listing->now)
        entry->oldest = (double)(listing->now - run_at) / CLOCK_SECOND;
    return 0;
}

static int run_list(struct db_connection *connection, void *argument)
{
    struct listing *listing = argument;
    listing->count = 0;
    add_own(listing);
    int error = add_noted(connection, listing);
    if (error >= 0)
        error = add_counts(connection, listing);
    for (size_t i = 0; error >= 0 && i < listing->count; i++)
        error = add_age(connection, listing, &listing->operations[i]);
    return error;
}

int job_operation_list(struct services *services, struct arena *arena,
                       struct schema_list *ret_operations)
{
    struct listing listing = {
        .services = services,
        .arena = arena,
        .operations = arena_allocate(arena, OPERATIONS_LIMIT * sizeof *listing.operations),
        .now = clock_now(),
    };
    int error = db_read(services->db, DB_HEAVY, run_list, &listing);
    if (error < 0)
        return error;
    *ret_operations =
        (struct schema_list){listing.operations, listing.count, sizeof *listing.operations};
    return 0;
}
