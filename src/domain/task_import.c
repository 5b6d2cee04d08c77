#include "domain/task_import.h"

#include <unistd.h>

#include "base/error.h"
#include "blob/blob.h"
#include "domain/fold.h"
#include "domain/transaction.h"

enum {
    BATCH = 250,          /* rows of one transaction */
    BATCH_SIZE = 1 << 20, /* bytes of their cells, about */
    PIECE = 256 * 1024,   /* bytes of the temporary file written or read at once */
};

struct task_import {
    struct services *services;
    struct arena *arena;
    const struct actor *actor;
    const struct task_import_format *format;
    enum task_import_mode mode;
    struct csv_reader *reader;
    bool at_once; /* in one transaction, at the end */
    int spool;    /* the bytes until then; negative when there is none */
    char *piece;  /* PIECE bytes on their way there */
    size_t piece_length;
    struct arena batch_arena;
    struct task_draft drafts[BATCH];
    size_t count;
    size_t rows;                      /* since the last transaction, the bad ones too */
    size_t size;                      /* bytes of their cells */
    struct db_connection *connection; /* inside the one transaction of IMPORT_ALL_OR_NONE */
    struct task_import_report report;
    struct task_import_report *ret_report; /* the report as the answer has it */
};

static const struct body import_body = {
    .name = "TaskImport",
    .schema = &task_schema,
    .mode = DECODE_CREATE,
    .fields = FIELD_BIT(TASK_TITLE) | FIELD_BIT(TASK_DESCRIPTION) | FIELD_BIT(TASK_STATUS) |
              FIELD_BIT(TASK_COMPLETED) | FIELD_BIT(TASK_PRIORITY) | FIELD_BIT(TASK_DUE_DATE) |
              FIELD_BIT(TASK_TAGS) | FIELD_BIT(TASK_CITY) | FIELD_BIT(TASK_ASSIGNED_USER_ID) |
              FIELD_BIT(TASK_CREATED_AT) | FIELD_BIT(TASK_COMPLETED_AT),
};

static void decode_export_row(const struct csv_row *row, struct problems *problems,
                              struct task_draft *draft)
{
    struct body body = import_body;
    body.check = task_create_body.check;
    for (size_t i = 0; i < row->cells.count; i++)
        row->cells.items[i].value = csv_unguard(row->cells.items[i].value);
    const struct decode_context context = {0};
    decode_form(&body, &context, &row->cells, problems, &draft->task, &draft->fields);
    draft->assignee_field = "assigned_user_id";
}

const struct task_import_format task_import_format = {"title", decode_export_row};

/* The report. */

static void add_error(struct task_import *import, int64_t row, struct text field,
                      struct text message)
{
    struct task_import_report *report = &import->report;
    if (report->error_count == IMPORT_ERRORS_LIMIT)
        return;
    report->errors[report->error_count++] = (struct task_import_error){
        row, arena_copy(import->arena, field), arena_copy(import->arena, message)};
}

/* Batches. */

struct batch {
    struct task_import *import;
    bool write;
    const char *wrong[BATCH]; /* what is wrong with the assignee of a draft; NULL for nothing */
};

/* Looks up the assignee; what is wrong with it, or NULL. */
static int resolve_assignee(struct db_connection *connection, struct task_import *import,
                            struct task_draft *draft, const char **ret_wrong)
{
    struct task *task = &draft->task;
    int64_t found;
    int error;
    *ret_wrong = NULL;
    if (draft->assignee.data != NULL) {
        struct text folded = text_fold(&import->batch_arena, draft->assignee);
        error =
            db_query_integer(connection, TEXT("SELECT id FROM users WHERE username_folded = $1"),
                             DB_VALUES(db_text(folded)), &task->assigned_user_id);
        *ret_wrong = error == ERROR_NOT_FOUND ? "No user has this name" : NULL;
    } else if (task->assigned_user_id != FIELD_INTEGER_NULL) {
        error = db_query_integer(connection, TEXT("SELECT id FROM users WHERE id = $1"),
                                 DB_VALUES(db_integer(task->assigned_user_id)), &found);
        *ret_wrong = error == ERROR_NOT_FOUND ? "No user has this id" : NULL;
    } else {
        return 0;
    }
    return error == ERROR_NOT_FOUND ? 0 : error;
}

static int run_batch(struct db_connection *connection, void *argument)
{
    struct batch *batch = argument;
    struct task_import *import = batch->import;
    for (size_t i = 0; i < import->count; i++) {
        struct task_draft *draft = &import->drafts[i];
        int error = resolve_assignee(connection, import, draft, &batch->wrong[i]);
        if (error >= 0 && batch->write && batch->wrong[i] == NULL)
            error = task_insert(connection, &import->batch_arena, import->actor, &draft->task);
        if (error < 0)
            return error;
    }
    return 0;
}

static int flush(struct task_import *import)
{
    struct batch batch = {
        .import = import,
        .write =
            import->connection != NULL || (import->mode == IMPORT_GOOD_ROWS && !import->at_once),
    };
    int error;
    if (import->count == 0)
        error = 0; /* none of the rows was good */
    else if (import->connection != NULL)
        error = run_batch(import->connection, &batch);
    else if (batch.write)
        error = db_write(import->services->db, run_batch, &batch);
    else
        error = db_read(import->services->db, DB_HEAVY, run_batch, &batch);
    if (error >= 0 && batch.write && import->connection == NULL)
        transaction_announce(import->services);
    for (size_t i = 0; error >= 0 && i < import->count; i++) {
        const struct task_draft *draft = &import->drafts[i];
        if (batch.wrong[i] == NULL) {
            import->report.valid++;
            import->report.created += batch.write;
        } else {
            import->report.failed++;
            add_error(import, draft->line, text_from(draft->assignee_field),
                      text_from(batch.wrong[i]));
        }
    }
    import->count = 0;
    import->rows = 0;
    import->size = 0;
    arena_release(&import->batch_arena);
    return error < 0 ? error : 0;
}

/* Adds the row to the drafts, or what is wrong with it to the report. */
static void draft_row(struct task_import *import, const struct csv_row *row)
{
    struct task_draft *draft = &import->drafts[import->count];
    struct problems problems;
    problems_init(&problems, &import->batch_arena);
    *draft = (struct task_draft){.line = row->line};
    task_schema.init(&draft->task);
    import->format->decode(row, &problems, draft);
    if (problems.count == 0) {
        task_settle(import->actor, draft->fields, &draft->task);
        import->count++;
        return;
    }
    import->report.failed++;
    for (size_t i = 0; i < problems.count; i++)
        add_error(import, row->line, problems.items[i].field, problems.items[i].message);
}

static int take_row(void *argument, const struct csv_row *row)
{
    struct task_import *import = argument;
    if (row->wrong == NULL) {
        draft_row(import, row);
    } else {
        import->report.failed++;
        add_error(import, row->line, TEXT("row"), text_from(row->wrong));
    }
    import->rows++;
    import->size += row->length;
    return import->rows == BATCH || import->size > BATCH_SIZE ? flush(import) : 0;
}

static void start_reading(struct task_import *import, struct arena *arena)
{
    import->report = (struct task_import_report){.errors = import->report.errors};
    import->reader = csv_reader_create(arena, import->format->required, take_row, import);
    csv_reader_set_arena(import->reader, &import->batch_arena);
}

static int finish_reading(struct task_import *import)
{
    int error = csv_reader_finish(import->reader);
    return error < 0 ? error : flush(import);
}

/* The temporary file. */

static int write_piece(struct task_import *import)
{
    size_t length = import->piece_length;
    import->piece_length = 0;
    return blob_write(import->services->blobs, import->spool, import->piece, length);
}

static int spool(struct task_import *import, struct text bytes)
{
    while (bytes.length > 0) {
        size_t room = PIECE - import->piece_length;
        size_t taken = bytes.length < room ? bytes.length : room;
        memcpy(import->piece + import->piece_length, bytes.data, taken);
        import->piece_length += taken;
        bytes = (struct text){bytes.data + taken, bytes.length - taken};
        int error = import->piece_length == PIECE ? write_piece(import) : 0;
        if (error < 0)
            return error;
    }
    return 0;
}

/* The whole of it, inside one transaction. */
static int run_spool(struct db_connection *connection, void *argument)
{
    struct task_import *import = argument;
    struct arena arena;
    arena_init(&arena);
    char *piece = arena_allocate(&arena, PIECE);
    import->connection = connection;
    start_reading(import, &arena);
    int error = 0;
    off_t offset = 0;
    ssize_t length;
    while (error == 0 && (length = pread(import->spool, piece, PIECE, offset)) > 0) {
        error = csv_reader_feed(import->reader, (struct text){piece, (size_t)length});
        offset += length;
    }
    if (error == 0)
        error = length < 0 ? ERROR_IO : finish_reading(import);
    /* A user who was an assignee may be gone since the rows were checked. */
    if (error == 0 && import->mode == IMPORT_ALL_OR_NONE && import->report.failed > 0)
        error = ERROR_CONFLICT;
    if (error == 0)
        *import->ret_report = import->report;
    arena_release(&import->batch_arena);
    arena_release(&arena);
    import->connection = NULL;
    return error;
}

/* From the outside. */

static void release(void *resource)
{
    struct task_import *import = resource;
    arena_release(&import->batch_arena);
    if (import->spool >= 0)
        close(import->spool);
}

int task_import_begin(struct services *services, struct arena *arena, const struct actor *actor,
                      const struct task_import_format *format, enum task_import_mode mode,
                      struct task_import **ret_import)
{
    struct task_import *import = arena_allocate_zeroed(arena, sizeof *import);
    import->services = services;
    import->arena = arena;
    import->actor = actor;
    import->format = format;
    import->mode = mode;
    import->report.errors =
        arena_allocate(arena, IMPORT_ERRORS_LIMIT * sizeof *import->report.errors);
    arena_init(&import->batch_arena);
    import->at_once =
        mode == IMPORT_ALL_OR_NONE || (mode == IMPORT_GOOD_ROWS && actor->hook != NULL);
    import->spool = -1;
    if (import->at_once) {
        int error = blob_scratch(services->blobs, &import->spool);
        if (error < 0)
            return error;
        import->piece = arena_allocate(arena, PIECE);
    }
    arena_defer(arena, release, import);
    start_reading(import, arena);
    *ret_import = import;
    return 0;
}

int task_import_feed(struct task_import *import, struct text bytes)
{
    int error = import->at_once ? spool(import, bytes) : 0;
    return error < 0 ? error : csv_reader_feed(import->reader, bytes);
}

int task_import_finish(struct task_import *import, struct problems *problems,
                       struct task_import_report *ret_report)
{
    int error = finish_reading(import);
    if (csv_reader_message(import->reader) != NULL) {
        problems->location = LOCATION_BODY;
        problem_add(problems, TEXT("file"), "value_error", TEXT_NULL, "%s",
                    csv_reader_message(import->reader));
        return ERROR_INVALID;
    }
    if (error < 0)
        return error;
    *ret_report = import->report;
    bool unwanted = import->mode == IMPORT_ALL_OR_NONE && import->report.failed > 0;
    if (!import->at_once || unwanted)
        return 0;
    import->ret_report = ret_report;
    error = write_piece(import);
    return error < 0 ? error
                     : transaction_write(import->services, import->actor, run_spool, import);
}
