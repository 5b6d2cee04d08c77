/*
 * task_export.c: all matching tasks as a file, read batch by batch while it is sent.
 */
#include "api/api.h"
#include "base/error.h"
#include "domain/task_list.h"
#include "schema/csv.h"
#include "schema/encode.h"

enum { BATCH = 1000 }; /* tasks that are in memory at once */

/* An export under way, in its request. */
struct export
{
    struct request *request;
    void (*write)(const struct task *task, bool first, struct buffer *out);
    const char *begin;
    const char *end;
    struct task_query query;
    uint64_t given;
    bool started;
    char cursor[4096]; /* of the next batch */
};

/* Reads the next batch into `arena` and moves the cursor behind it. */
static int read_batch(struct export *export, struct problems *problems, struct task_page *ret_page)
{
    struct actor actor = actor_of(export->request);
    struct task_query query = export->query;
    int error = task_list(services_of(export->request), &actor, SCOPE_OWN, &query, export->given,
                          BATCH, problems, ret_page);
    if (error < 0)
        return error;
    struct text next = ret_page->next_cursor;
    if (next.length >= sizeof export->cursor)
        return ERROR_TOO_LARGE;
    if (next.data != NULL)
        memcpy(export->cursor, next.data, next.length);
    export->query.paging.cursor = (struct text){export->cursor, next.length};
    return next.data != NULL;
}

static int produce(void *argument, struct buffer *part)
{
    struct export *export = argument;
    struct problems problems;
    struct task_page page;
    problems_init(&problems, part->arena);
    int more = read_batch(export, &problems, &page);
    if (more < 0)
        return more;
    const struct task *tasks = page.tasks.items;
    if (!export->started)
        buffer_add_string(part, export->begin);
    for (size_t i = 0; i < page.tasks.count; i++)
        export->write(&tasks[i], !export->started && i == 0, part);
    export->started = true;
    if (more == 0)
        buffer_add_string(part, export->end);
    return more;
}

/* What is wrong with the query is told before the answer begins. */
static int check_query(struct request *request, const struct export *export)
{
    struct actor actor = actor_of(request);
    struct task_query query = export->query;
    struct task_page page;
    query.paging.limit = 1;
    return task_list(services_of(request), &actor, SCOPE_OWN, &query, export->given, 1,
                     &request->problems, &page);
}

static int start_export(struct request *request, const struct export *template,
                        const char *content_type, const char *name)
{
    struct export *export = arena_allocate(&request->arena, sizeof *export);
    *export = *template;
    export->request = request;
    export->query = *(const struct task_query *)request->query;
    export->query.paging.total = false;
    export->given = request->query_given << TASK_QUERY_SORT_BY;
    int error = check_query(request, export);
    if (error < 0)
        return error;
    reply_header(request, "Content-Disposition", "attachment; filename=\"%s\"", name);
    return reply_stream(request, 200, content_type, produce, export);
}

static void write_csv(const struct task *task, bool first, struct buffer *out)
{
    (void)first;
    csv_write_row(&task_schema, task, out);
}

static int export_csv(struct request *request)
{
    struct buffer names;
    buffer_init(&names, &request->arena, 4096);
    csv_write_names(&task_schema, &names);
    buffer_add_char(&names, '\0');
    const struct export export = {.write = write_csv, .begin = names.data, .end = ""};
    return start_export(request, &export, "text/csv; charset=utf-8; header=present", "tasks.csv");
}

static void write_json(const struct task *task, bool first, struct buffer *out)
{
    struct json json;
    buffer_add_string(out, first ? "\n" : ",\n");
    json_init(&json, out);
    encode_json(&task_schema, task, &json);
}

static int export_json(struct request *request)
{
    const struct export export = {.write = write_json, .begin = "[", .end = "\n]\n"};
    return start_export(request, &export, "application/json", "tasks.json");
}

static const struct route routes[] = {
    {
        .method = METHOD_GET,
        .path = "/tasks/export.csv",
        .surfaces = SURFACE_BIT(SURFACE_V1),
        .access = ACCESS_USER,
        .may_forbid = true,
        .query = &task_export_query_schema,
        .answers = {{200, "A row for each task, as POST /api/v1/tasks/import takes them", NULL,
                     "text/csv"}},
        .summary = "Export all matching tasks as CSV",
        .tag = "tasks",
        .handler = export_csv,
    },
    {
        .method = METHOD_GET,
        .path = "/tasks/export.json",
        .surfaces = SURFACE_BIT(SURFACE_V1),
        .access = ACCESS_USER,
        .may_forbid = true,
        .query = &task_export_query_schema,
        .answers = {{200, "A list of the tasks", NULL, "application/json"}},
        .summary = "Export all matching tasks as JSON",
        .tag = "tasks",
        .handler = export_json,
    },
};

const struct route_table task_export_routes = ROUTE_TABLE(routes);
