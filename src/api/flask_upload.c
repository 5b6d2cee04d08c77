/*
 * flask_upload.c: tasks from a CSV file in the words of the flask surface.
 *
 * The columns are those of a body there, and two more: created_at, which may be a date as Americans
 * write it, and assigned_user, a name.
 */
#include "api/api.h"
#include "api/flask_schema.h"
#include "api/import.h"
#include "base/clock.h"
#include "base/error.h"

/* "4/1/2025" and "2025-04-01" as the first moment of that day; anything else as it is. */
static struct text as_timestamp(struct arena *arena, struct text text)
{
    struct text rest = text_trim(text);
    struct text month;
    struct text day;
    int64_t numbers[3];
    int64_t days;
    struct text date = rest;
    if (text_split(&rest, '/', &month) && text_split(&rest, '/', &day) &&
        text_parse_integer(month, &numbers[0]) == 0 && text_parse_integer(day, &numbers[1]) == 0 &&
        text_parse_integer(rest, &numbers[2]) == 0)
        date = arena_format(arena, "%04jd-%02jd-%02jd", (intmax_t)numbers[2], (intmax_t)numbers[0],
                            (intmax_t)numbers[1]);
    if (clock_parse_date(date, &days) < 0)
        return text;
    return arena_format(arena, "%.*sT00:00:00Z", TEXT_ARGUMENTS(date));
}

static void decode_row(const struct csv_row *row, struct problems *problems,
                       struct task_draft *draft)
{
    const struct decode_context context = {0};
    struct flask_task task = {.task = draft->task, .active = true};
    uint64_t given = 0;
    for (size_t i = 0; i < row->cells.count; i++) {
        struct parameter *cell = &row->cells.items[i];
        if (text_is(cell->name, "created_at"))
            cell->value = as_timestamp(problems->arena, cell->value);
    }
    decode_form(&flask_upload_body, &context, &row->cells, problems, &task, &given);
    for (size_t i = 0; i < problems->count; i++) {
        if (text_is(problems->items[i].field, "created_at"))
            problems->items[i].message =
                TEXT("Input should be a date, MM/DD/YYYY or YYYY-MM-DD, or an RFC 3339 timestamp");
    }
    draft->fields = flask_task_settle(&task, given);
    draft->task = task.task;
    struct text assignee = text_trim(parameters_find(&row->cells, "assigned_user"));
    draft->assignee = assignee.length == 0 ? TEXT_NULL : assignee;
    draft->assignee_field = "assigned_user";
}

static const struct task_import_format upload_format = {"task_name", decode_row};

static const char *const mode_names[] = {"lenient", "strict"};
static const struct enumeration modes = {mode_names, 2};
enum upload_mode { MODE_LENIENT, MODE_STRICT };

struct upload_query {
    int64_t mode;
};

static const struct field query_fields[] = {
    {.name = "mode",
     .type = FIELD_ENUM,
     .offset = offsetof(struct upload_query, mode),
     .values = &modes,
     .default_value = "\"lenient\"",
     .description = "strict: a row that is wrong keeps all others out"},
};

static const struct schema query_schema = {
    SCHEMA_FIELDS(query_fields),
    .size = sizeof(struct upload_query),
};

struct upload_result {
    struct text message;
    int64_t created;
    int64_t failed;
    struct schema_list errors;
};

static const struct field result_fields[] = {
    {.name = "message", .type = FIELD_TEXT, .offset = offsetof(struct upload_result, message)},
    {.name = "created", .type = FIELD_INTEGER, .offset = offsetof(struct upload_result, created)},
    {.name = "failed",
     .type = FIELD_INTEGER,
     .offset = offsetof(struct upload_result, failed),
     .description = "Rows that are wrong"},
    {.name = "errors",
     .type = FIELD_LIST,
     .offset = offsetof(struct upload_result, errors),
     .items = &import_error_schema,
     .description = "What is wrong with them, at most 1,000 mistakes"},
};

static const struct schema result_schema = {
    .name = "FlaskUploadResult",
    .description = "What became of a file",
    SCHEMA_FIELDS(result_fields),
};

static int render_report(struct request *request, const void *argument)
{
    const struct task_import_report *report = argument;
    const struct upload_result result = {
        .message = arena_format(&request->arena, "%jd task%s uploaded successfully",
                                (intmax_t)report->created, report->created == 1 ? "" : "s"),
        .created = report->created,
        .failed = report->failed,
        .errors = import_errors(report),
    };
    return reply_json(request, 200, &result_schema, &result);
}

static int upload_csv(struct request *request)
{
    const struct upload_query *query = request->query;
    enum task_import_mode mode = query->mode == MODE_STRICT ? IMPORT_ALL_OR_NONE : IMPORT_GOOD_ROWS;
    return import_request(request, &upload_format, mode, false, render_report);
}

static const struct route routes[] = {
    {
        .method = METHOD_POST,
        .path = "/upload-csv",
        .surfaces = SURFACE_BIT(SURFACE_FLASK),
        .access = ACCESS_USER,
        .limit = LIMIT_UPLOAD,
        .streams = import_limit,
        .query = &query_schema,
        .answers = {{200, "What became of it", &result_schema, NULL}},
        .summary = "Create tasks from a CSV file, the field `file` of a form",
        .tag = "flask",
        .handler = upload_csv,
    },
};

const struct route_table flask_upload_routes = ROUTE_TABLE(routes);
