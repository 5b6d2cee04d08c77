/*
 * files.c: files attached to tasks: up, down, listed, deleted.
 */
#include <unistd.h>

#include "api/api.h"
#include "base/config.h"
#include "base/error.h"
#include "blob/blob.h"
#include "domain/file.h"
#include "http/body_stream.h"
#include "http/entity_tag.h"
#include "http/multipart.h"
#include "schema/encode.h"

enum {
    PIECE = 64 * 1024,
    FORM_OVERHEAD = 64 * 1024, /* of a form around its file */
};

/* Taking a file. */

struct upload {
    struct multipart form;
    struct blob blob;
    struct file file;
    struct text extension;
    char type[128];
    char piece[PIECE];
};

static int refuse(struct request *request, const char *message)
{
    return reply_error(request, 400, message);
}

/* Fills the piece: PIECE bytes but for the last one. */
static int read_piece(struct upload *upload)
{
    size_t filled = 0;
    while (filled < PIECE) {
        int count = multipart_read(&upload->form, upload->piece + filled, PIECE - filled);
        if (count < 0)
            return count;
        if (count == 0)
            break;
        filled += (size_t)count;
    }
    return (int)filled;
}

/* Stores the part's bytes, unless the first of them belie its name: then it answers. */
static int store_part(struct request *request, struct upload *upload)
{
    struct services *services = services_of(request);
    int count = read_piece(upload);
    if (count < 0)
        return count;
    int error =
        blob_type(services->blobs, upload->piece, (size_t)count, upload->type, sizeof upload->type);
    if (error < 0)
        return error;
    const char *type = file_type_of(upload->extension, upload->type);
    if (type == NULL)
        return refuse(request, "The content of the file does not match its extension");
    upload->file.content_type = text_from(type);
    error = blob_begin(services->blobs, &upload->blob);
    while (error == 0 && count > 0) {
        if (upload->blob.size + (uint64_t)count > (uint64_t)services->config->max_upload_size)
            return ERROR_TOO_LARGE;
        error = blob_add(&upload->blob, upload->piece, (size_t)count);
        count = error < 0 ? 0 : read_piece(upload);
        if (count < 0)
            return count;
    }
    return error;
}

/* Finds the field and stores it; request->reply.status is set when it was refused. */
static int store_form(struct request *request, struct upload *upload)
{
    struct multipart_part part;
    bool found = false;
    int more;
    while ((more = multipart_next(&upload->form, &part)) > 0) {
        if (found || !text_is(part.name, "file") || part.filename.data == NULL)
            continue;
        found = true;
        struct text name = file_name_clean(&request->arena, part.filename);
        upload->file.original_filename = name;
        upload->extension = file_name_extension(&request->arena, name);
        if (!file_extension_is_allowed(upload->extension,
                                       text_from(services_of(request)->config->allowed_extensions)))
            return refuse(request, "Files of this type are not allowed");
        int error = store_part(request, upload);
        if (error < 0 || request->reply.status != 0)
            return error;
    }
    if (more < 0 && more != ERROR_INVALID)
        return more;
    request->problems.location = LOCATION_BODY;
    if (more < 0)
        problem_value(&request->problems, "", "The form is malformed");
    else if (!found)
        problem_value(&request->problems, "file", "A file is required");
    return request->problems.count > 0 ? ERROR_INVALID : blob_commit(&upload->blob);
}

static int render_file(struct request *request, const void *argument)
{
    const struct file *file = argument;
    reply_header(request, "Location", "%s/files/%jd", surface_prefix(request->match.surface),
                 (intmax_t)file->id);
    return reply_json(request, 201, &file_schema, file);
}

static int keep_file(struct request *request, const struct actor *actor, struct upload *upload)
{
    struct services *services = services_of(request);
    upload->file.task_id = request->path_ids[0];
    upload->file.file_size = (int64_t)upload->blob.size;
    upload->file.sha256 = text_from(upload->blob.sha256);
    upload->file.blob = text_from(upload->blob.name);
    reply_when_done(request, render_file, &upload->file);
    int error = file_add(services, &request->arena, actor, &upload->file);
    /* Whatever cannot be removed now, the sweep will find. */
    if (error < 0)
        (void)blob_remove(services->blobs, upload->file.blob);
    return error;
}

static uint64_t upload_limit(const struct config *config)
{
    return (uint64_t)config->max_upload_size + FORM_OVERHEAD;
}

static int upload_file(struct request *request)
{
    struct actor actor = actor_of(request);
    struct upload *upload = arena_allocate(&request->arena, sizeof *upload);
    upload->blob = (struct blob){0};
    upload->file = (struct file){0};
    int error = file_check(services_of(request), &request->arena, &actor, request->path_ids[0]);
    if (error < 0)
        return error;
    if (multipart_begin_request(&upload->form, request) < 0)
        return reply_error(request, 415, "The request body must be multipart/form-data");
    error = store_form(request, upload);
    if (error == 0 && request->reply.status == 0)
        return keep_file(request, &actor, upload);
    blob_abort(&upload->blob);
    return error;
}

/* Giving it back. */

static int list_files(struct request *request)
{
    struct actor actor = actor_of(request);
    struct schema_list list;
    int error =
        file_list(services_of(request), &request->arena, &actor, request->path_ids[0], &list);
    if (error < 0)
        return error;
    struct buffer buffer;
    struct json json;
    reply_begin(request, &buffer, &json);
    json_begin_array(&json);
    const struct file *files = list.items;
    for (size_t i = 0; i < list.count; i++)
        encode_json(&file_schema, &files[i], &json);
    json_end_array(&json);
    return reply_end(request, 200, &buffer);
}

static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-' || c == '_';
}

/* RFC 6266: a name that every client understands, and the name itself (RFC 5987). */
static void add_disposition(struct request *request, struct text name)
{
    struct buffer value;
    buffer_init(&value, &request->arena, 4096);
    buffer_add_string(&value, "attachment; filename=\"");
    for (size_t i = 0; i < name.length; i++) {
        char c = name.data[i];
        buffer_add_char(&value, is_plain(c) || c == ' ' ? c : '_');
    }
    buffer_add_string(&value, "\"; filename*=UTF-8''");
    for (size_t i = 0; i < name.length; i++) {
        if (is_plain(name.data[i]))
            buffer_add_char(&value, name.data[i]);
        else
            buffer_format(&value, "%%%02X", (unsigned)(unsigned char)name.data[i]);
    }
    reply_header(request, "Content-Disposition", "%.*s", TEXT_ARGUMENTS(buffer_text(&value)));
}

struct range {
    int64_t first;
    int64_t last; /* before `first`: nothing can be satisfied */
};

static bool parse_digits(struct text text, int64_t *ret_value)
{
    return text.length > 0 && text.data[0] >= '0' && text.data[0] <= '9' &&
           text_parse_integer(text, ret_value) == 0;
}

/* One range of `size` bytes (RFC 9110, section 14). False when the header is to be ignored, as are
 * those that ask for several. */
static bool parse_range(struct text header, int64_t size, struct range *ret_range)
{
    struct text unit, first;
    header = text_trim(header);
    if (!text_split(&header, '=', &unit) || !text_equal_ignoring_case(unit, TEXT("bytes")) ||
        !text_split(&header, '-', &first) || header.data == NULL)
        return false;
    first = text_trim(first);
    struct text last = text_trim(header);
    struct range range = {0, size - 1};
    int64_t count;
    if (first.length == 0) {
        if (!parse_digits(last, &count))
            return false;
        range.first = count < size ? size - count : 0;
        if (count == 0)
            range.first = size;
    } else if (!parse_digits(first, &range.first)) {
        return false;
    } else if (last.length > 0) {
        if (!parse_digits(last, &range.last) || range.last < range.first)
            return false;
        range.last = range.last < size ? range.last : size - 1;
    }
    *ret_range = range;
    return true;
}

static int reply_bytes(struct request *request, const struct file *file, struct text tag)
{
    struct range range = {0, file->file_size - 1};
    struct text if_range = text_trim(request->headers.if_range);
    bool partial = request->headers.range.data != NULL &&
                   (if_range.length == 0 || text_equal(if_range, tag)) &&
                   parse_range(request->headers.range, file->file_size, &range);
    if (partial && range.first > range.last) {
        reply_header(request, "Content-Range", "bytes */%jd", (intmax_t)file->file_size);
        return reply_error(request, 416, "The file does not have this range");
    }
    uint64_t length = (uint64_t)(range.last - range.first + 1);
    bool needed = !text_is(request->method_name, "HEAD");
    struct blob_view view;
    int error = blob_open(services_of(request)->blobs, file->blob, (uint64_t)range.first,
                          needed ? length : 0, &view);
    if (error < 0)
        return error;
    if (partial)
        reply_header(request, "Content-Range", "bytes %jd-%jd/%jd", (intmax_t)range.first,
                     (intmax_t)range.last, (intmax_t)file->file_size);
    add_disposition(request, file->original_filename);
    return reply_file(request, partial ? 206 : 200, file->content_type.data, view.descriptor,
                      view.offset, length);
}

static int download_file(struct request *request)
{
    struct actor actor = actor_of(request);
    struct file file;
    int error =
        file_find(services_of(request), &request->arena, &actor, request->path_ids[0], &file);
    if (error < 0)
        return error;
    struct text tag = arena_format(&request->arena, "\"%.*s\"", TEXT_ARGUMENTS(file.sha256));
    reply_header_constant(request, "ETag", tag.data);
    reply_header_constant(request, "Accept-Ranges", "bytes");
    if (entity_tag_listed(request->headers.if_none_match, tag))
        return reply_empty(request, 304);
    return reply_bytes(request, &file, tag);
}

static int delete_file(struct request *request)
{
    struct actor actor = actor_of(request);
    int error = file_delete(services_of(request), &request->arena, &actor, request->path_ids[0]);
    return error < 0 ? error : reply_empty(request, 204);
}

enum { BOTH = SURFACE_BIT(SURFACE_V1) | SURFACE_BIT(SURFACE_CLASSIC) };

static const struct route routes[] = {
    {
        .method = METHOD_POST,
        .path = "/tasks/{task_id}/files",
        .surfaces = BOTH,
        .access = ACCESS_USER,
        .limit = LIMIT_UPLOAD,
        .streams = upload_limit,
        .may_forbid = true,
        .resource = "Task",
        .answers = {{201, "The file", &file_schema, NULL},
                    {400, "Its type is not allowed, or its content is of another", NULL, NULL}},
        .summary = "Attach a file to a task: the field `file` of a multipart form",
        .tag = "files",
        .handler = upload_file,
    },
    {
        .method = METHOD_GET,
        .path = "/tasks/{task_id}/files",
        .surfaces = BOTH,
        .access = ACCESS_USER,
        .may_forbid = true,
        .resource = "Task",
        .answers_list = true,
        .answers = {{200, "The files, oldest first", &file_schema, NULL}},
        .summary = "List the files of a task",
        .tag = "files",
        .handler = list_files,
    },
    {
        .method = METHOD_GET,
        .path = "/files/{file_id}",
        .surfaces = BOTH,
        .access = ACCESS_USER,
        .conditional = true,
        .may_forbid = true,
        .resource = "File",
        .answers = {{200, "The bytes, in the type that was found when they came", NULL, "*/*"},
                    {206, "The part of them that Range asks for", NULL, "*/*"},
                    {304, "The client has them", NULL, NULL},
                    {416, "They have no such part", NULL, NULL}},
        .summary = "Download a file",
        .tag = "files",
        .handler = download_file,
    },
    {
        .method = METHOD_DELETE,
        .path = "/files/{file_id}",
        .surfaces = BOTH,
        .access = ACCESS_USER,
        .may_forbid = true,
        .resource = "File",
        .answers = {{204, "It is gone", NULL, NULL}},
        .summary = "Delete a file",
        .tag = "files",
        .handler = delete_file,
    },
};

const struct route_table file_routes = ROUTE_TABLE(routes);
