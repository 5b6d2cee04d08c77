/*
 * task_import.c: tasks from a CSV file as an export wrote it, or one with some of its columns.
 */
#include "api/api.h"
#include "api/import.h"
#include "base/error.h"

static const char *const mode_names[] = {"lenient", "strict"};
static const struct enumeration modes = {mode_names, 2};
enum import_mode { MODE_LENIENT, MODE_STRICT };

struct import_query {
    bool dry_run;
    int64_t mode;
};

static const struct field query_fields[] = {
    {.name = "dry_run",
     .type = FIELD_BOOLEAN,
     .offset = offsetof(struct import_query, dry_run),
     .default_value = "false",
     .description = "Check all rows and change nothing"},
    {.name = "mode",
     .type = FIELD_ENUM,
     .offset = offsetof(struct import_query, mode),
     .values = &modes,
     .default_value = "\"lenient\"",
     .description = "strict: a row that is wrong keeps all others out"},
};

static const struct schema query_schema = {
    SCHEMA_FIELDS(query_fields),
    .size = sizeof(struct import_query),
};

struct import_result {
    int64_t created;
    int64_t valid;
    int64_t failed;
    struct schema_list errors;
    bool dry_run;
};

static const struct field result_fields[] = {
    {.name = "created",
     .type = FIELD_INTEGER,
     .offset = offsetof(struct import_result, created),
     .description = "Tasks that were made; 0 for a dry run"},
    {.name = "valid",
     .type = FIELD_INTEGER,
     .offset = offsetof(struct import_result, valid),
     .description = "Rows that are good"},
    {.name = "failed",
     .type = FIELD_INTEGER,
     .offset = offsetof(struct import_result, failed),
     .description = "Rows that are not"},
    {.name = "errors",
     .type = FIELD_LIST,
     .offset = offsetof(struct import_result, errors),
     .items = &import_error_schema,
     .description = "What is wrong with them, at most 1,000 mistakes"},
    {.name = "dry_run", .type = FIELD_BOOLEAN, .offset = offsetof(struct import_result, dry_run)},
};

static const struct schema result_schema = {
    .name = "ImportResult",
    .description = "What became of a file",
    SCHEMA_FIELDS(result_fields),
};

static int render_report(struct request *request, const void *argument)
{
    const struct import_query *query = request->query;
    const struct task_import_report *report = argument;
    const struct import_result result = {
        .created = report->created,
        .valid = report->valid,
        .failed = report->failed,
        .errors = import_errors(report),
        .dry_run = query->dry_run,
    };
    return reply_json(request, 200, &result_schema, &result);
}

static int import_tasks(struct request *request)
{
    const struct import_query *query = request->query;
    enum task_import_mode mode = query->dry_run               ? IMPORT_CHECK
                                 : query->mode == MODE_STRICT ? IMPORT_ALL_OR_NONE
                                                              : IMPORT_GOOD_ROWS;
    return import_request(request, &task_import_format, mode, true, render_report);
}

static const struct route routes[] = {
    {
        .method = METHOD_POST,
        .path = "/tasks/import",
        .surfaces = SURFACE_BIT(SURFACE_V1),
        .access = ACCESS_USER,
        .limit = LIMIT_UPLOAD,
        .streams = import_limit,
        .query = &query_schema,
        .answers = {{200, "What became of it", &result_schema, NULL}},
        .summary = "Import tasks from CSV, sent as text/csv or as the field `file` of a form",
        .tag = "tasks",
        .handler = import_tasks,
    },
};

const struct route_table task_import_routes = ROUTE_TABLE(routes);
