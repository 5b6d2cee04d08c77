#include "api/import.h"

#include "api/api.h"
#include "base/error.h"
#include "http/body_stream.h"
#include "http/multipart.h"

enum { PIECE = 16384 };

static const struct field error_fields[] = {
    {.name = "row",
     .type = FIELD_INTEGER,
     .offset = offsetof(struct task_import_error, row),
     .description = "The line that the row starts on; the columns' names stand on line 1"},
    {.name = "field",
     .type = FIELD_TEXT,
     .offset = offsetof(struct task_import_error, field),
     .description = "The column, or `row` for the row as a whole"},
    {.name = "message", .type = FIELD_TEXT, .offset = offsetof(struct task_import_error, message)},
};

const struct schema import_error_schema = {
    .name = "ImportError",
    .description = "What is wrong with a row",
    SCHEMA_FIELDS(error_fields),
};

struct schema_list import_errors(const struct task_import_report *report)
{
    return (struct schema_list){report->errors, report->error_count, sizeof *report->errors};
}

/* The memory does not depend on it. */
uint64_t import_limit(const struct config *config)
{
    (void)config;
    return UINT64_C(1) << 28;
}

static int refuse(struct request *request, const char *message)
{
    request->problems.location = LOCATION_BODY;
    problem_add(&request->problems, TEXT("file"), "value_error", TEXT_NULL, "%s", message);
    return ERROR_INVALID;
}

static int feed_body(struct request *request, struct task_import *import)
{
    char *piece = arena_allocate(&request->arena, PIECE);
    int count;
    while ((count = request_read(request, piece, PIECE)) > 0) {
        int error = task_import_feed(import, (struct text){piece, (size_t)count});
        if (error < 0)
            return error;
    }
    return count;
}

static int feed_part(struct multipart *form, char *piece, struct task_import *import)
{
    int count;
    while ((count = multipart_read(form, piece, PIECE)) > 0) {
        int error = task_import_feed(import, (struct text){piece, (size_t)count});
        if (error < 0)
            return error;
    }
    return count;
}

static int feed_form(struct request *request, struct task_import *import)
{
    struct multipart *form = arena_allocate(&request->arena, sizeof *form);
    struct multipart_part part;
    char *piece = arena_allocate(&request->arena, PIECE);
    bool found = false;
    int more = multipart_begin_request(form, request);
    while (more >= 0 && (more = multipart_next(form, &part)) > 0) {
        if (!text_is(part.name, "file"))
            continue;
        if (found)
            return refuse(request, "There is more than one file");
        found = true;
        int error = feed_part(form, piece, import);
        if (error < 0)
            return error;
    }
    if (more == ERROR_INVALID)
        return refuse(request, "The form is malformed");
    if (more < 0)
        return more;
    return found ? 0 : refuse(request, "The form has no field \"file\"");
}

static bool is_type(const struct request *request, const char *expected)
{
    struct text header = request->headers.content_type;
    struct text type = TEXT_NULL;
    text_split(&header, ';', &type);
    return text_equal_ignoring_case(text_trim(type), text_from(expected));
}

int import_request(struct request *request, const struct task_import_format *format,
                   enum task_import_mode mode, bool plain,
                   int (*render)(struct request *request, const void *report))
{
    struct actor actor = actor_of(request);
    struct task_import *import;
    bool is_form = is_type(request, "multipart/form-data");
    if (!is_form && !(plain && is_type(request, "text/csv")))
        return refuse(request, plain ? "Send text/csv, or multipart/form-data with a field \"file\""
                                     : "Send multipart/form-data with a field \"file\"");
    int error =
        task_import_begin(services_of(request), &request->arena, &actor, format, mode, &import);
    if (error < 0)
        return error;
    error = is_form ? feed_form(request, import) : feed_body(request, import);
    if (error < 0 && !(error == ERROR_INVALID && request->problems.count == 0))
        return error;
    struct task_import_report *report = arena_allocate_zeroed(&request->arena, sizeof *report);
    reply_when_done(request, render, report);
    return task_import_finish(import, &request->problems, report);
}
