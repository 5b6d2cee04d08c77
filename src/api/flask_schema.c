#include "api/flask_schema.h"

static const char *const priority_names[] = {"LOW", "MEDIUM", "HIGH"};
static const struct enumeration priorities = {priority_names, 3}; /* ranks as task_priorities */

enum flask_task_field {
    FLASK_ID,
    FLASK_TASK_LOGGER_ID,
    FLASK_TASK_NAME,
    FLASK_DESCRIPTION,
    FLASK_STATUS,
    FLASK_PRIORITY,
    FLASK_USER_ID,
    FLASK_ASSIGNED_USER_ID,
    FLASK_CREATED_AT,
    FLASK_UPDATED_AT,
    FLASK_FIELDS,
};

static const struct field task_fields[FLASK_FIELDS] = {
    [FLASK_ID] = {.name = "id",
                  .type = FIELD_INTEGER,
                  .flags = FIELD_READ_ONLY,
                  .offset = offsetof(struct flask_task, task.id),
                  .description = "Identifier of the task",
                  .example = "1"},
    [FLASK_TASK_LOGGER_ID] = {.name = "task_logger_id",
                              .type = FIELD_INTEGER,
                              .flags = FIELD_READ_ONLY,
                              .offset = offsetof(struct flask_task, task.task_logger_id),
                              .description = "Its row in the task log",
                              .example = "1"},
    [FLASK_TASK_NAME] = {.name = "task_name",
                         .type = FIELD_TEXT,
                         .flags = FIELD_REQUIRED | FIELD_TRIMMED,
                         .offset = offsetof(struct flask_task, task.title),
                         .minimum = 1,
                         .maximum = 100,
                         .description = "What is to be done",
                         .example = "\"New Task\""},
    [FLASK_DESCRIPTION] = {.name = "description",
                           .type = FIELD_TEXT,
                           .flags = FIELD_NULLABLE,
                           .offset = offsetof(struct flask_task, task.description),
                           .maximum = 10000,
                           .description = "Details",
                           .example = "\"Task description\""},
    [FLASK_STATUS] = {.name = "status",
                      .type = FIELD_BOOLEAN,
                      .offset = offsetof(struct flask_task, active),
                      .default_value = "true",
                      .description = "Whether the task is active, that is not done"},
    [FLASK_PRIORITY] = {.name = "priority",
                        .type = FIELD_ENUM,
                        .flags = FIELD_ANY_CASE,
                        .offset = offsetof(struct flask_task, task.priority),
                        .values = &priorities,
                        .default_value = "\"MEDIUM\"",
                        .description = "How much it matters; taken in any case"},
    [FLASK_USER_ID] = {.name = "user_id",
                       .type = FIELD_INTEGER,
                       .flags = FIELD_READ_ONLY,
                       .offset = offsetof(struct flask_task, task.user_id),
                       .description = "Its owner",
                       .example = "1"},
    [FLASK_ASSIGNED_USER_ID] = {.name = "assigned_user_id",
                                .type = FIELD_INTEGER,
                                .flags = FIELD_NULLABLE,
                                .offset = offsetof(struct flask_task, task.assigned_user_id),
                                .description = "Who is to do it, besides its owner",
                                .example = "1"},
    [FLASK_CREATED_AT] = {.name = "created_at",
                          .type = FIELD_TIMESTAMP,
                          .flags = FIELD_READ_ONLY,
                          .offset = offsetof(struct flask_task, task.created_at),
                          .description = "When it was made"},
    [FLASK_UPDATED_AT] = {.name = "updated_at",
                          .type = FIELD_TIMESTAMP,
                          .flags = FIELD_READ_ONLY,
                          .offset = offsetof(struct flask_task, task.updated_at),
                          .description = "When it was last changed"},
};

static void init_task(void *structure)
{
    struct flask_task *task = structure;
    task_schema.init(&task->task);
    task->active = true;
}

const struct schema flask_task_schema = {
    .name = "FlaskTask",
    .description = "A task",
    SCHEMA_FIELDS(task_fields),
    .size = sizeof(struct flask_task),
    .init = init_task,
};

const struct body flask_task_create_body = {
    .name = "FlaskTaskCreate",
    .schema = &flask_task_schema,
    .mode = DECODE_CREATE,
};

const struct body flask_task_update_body = {
    .name = "FlaskTaskUpdate",
    .schema = &flask_task_schema,
    .mode = DECODE_UPDATE,
};

const struct body flask_upload_body = {
    .name = "FlaskUpload",
    .schema = &flask_task_schema,
    .mode = DECODE_CREATE,
    .fields = FIELD_BIT(FLASK_TASK_NAME) | FIELD_BIT(FLASK_DESCRIPTION) | FIELD_BIT(FLASK_STATUS) |
              FIELD_BIT(FLASK_PRIORITY) | FIELD_BIT(FLASK_CREATED_AT),
};

struct flask_task flask_task_from(const struct task *task)
{
    return (struct flask_task){.task = *task, .active = !task->completed};
}

uint64_t flask_task_settle(struct flask_task *task, uint64_t given)
{
    static const struct {
        enum flask_task_field from;
        enum task_field to;
    } fields[] = {
        {FLASK_TASK_NAME, TASK_TITLE},
        {FLASK_DESCRIPTION, TASK_DESCRIPTION},
        {FLASK_STATUS, TASK_COMPLETED},
        {FLASK_PRIORITY, TASK_PRIORITY},
        {FLASK_ASSIGNED_USER_ID, TASK_ASSIGNED_USER_ID},
        {FLASK_CREATED_AT, TASK_CREATED_AT},
    };
    uint64_t set = 0;
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if ((given & FIELD_BIT(fields[i].from)) != 0)
            set |= FIELD_BIT(fields[i].to);
    }
    task->task.completed = !task->active;
    return set;
}

static const struct field entry_fields[] = {
    {.name = "id",
     .type = FIELD_INTEGER,
     .offset = offsetof(struct flask_entry, id),
     .description = "The same as task_logger_id"},
    {.name = "task_logger_id",
     .type = FIELD_INTEGER,
     .offset = offsetof(struct flask_entry, task_logger_id),
     .description = "Identifier of the row"},
    {.name = "task_id", .type = FIELD_INTEGER, .offset = offsetof(struct flask_entry, task_id)},
    {.name = "date_logged",
     .type = FIELD_DATE,
     .offset = offsetof(struct flask_entry, date_logged),
     .description = "The day (UTC) that the row tells of"},
    {.name = "status",
     .type = FIELD_BOOLEAN,
     .offset = offsetof(struct flask_entry, active),
     .description = "Whether the task was active when it was logged"},
    {.name = "task",
     .type = FIELD_OBJECT,
     .offset = offsetof(struct flask_entry, task),
     .items = &flask_task_schema,
     .description = "The task as it is now"},
};

const struct schema flask_entry_schema = {
    .name = "FlaskTaskLog",
    .description = "A row of the task log",
    SCHEMA_FIELDS(entry_fields),
};

struct flask_entry flask_entry_from(const struct task_log_entry *entry)
{
    return (struct flask_entry){
        .id = entry->id,
        .task_logger_id = entry->id,
        .task_id = entry->task_id,
        .date_logged = entry->date_logged,
        .active = entry->active,
        .task = flask_task_from(&entry->task),
    };
}

static const struct field query_fields[] = {
    {.name = "page",
     .type = FIELD_INTEGER,
     .offset = offsetof(struct flask_query, page),
     .minimum = 1,
     .maximum = 10000000,
     .default_value = "1",
     .description = "The page, from 1"},
    {.name = "per_page",
     .type = FIELD_INTEGER,
     .offset = offsetof(struct flask_query, per_page),
     .minimum = 1,
     .maximum = 100,
     .default_value = "10",
     .description = "How many a page has"},
    {.name = "date",
     .type = FIELD_DATE,
     .offset = offsetof(struct flask_query, date),
     .description = "The rows of this day, in place of each task's latest"},
};

static void init_query(void *structure)
{
    struct flask_query *query = structure;
    *query = (struct flask_query){.page = 1, .per_page = 10, .date = FIELD_INTEGER_NULL};
}

const struct schema flask_query_schema = {
    SCHEMA_FIELDS(query_fields),
    .size = sizeof(struct flask_query),
    .init = init_query,
};

static const struct field page_fields[] = {
    {.name = "tasks",
     .type = FIELD_LIST,
     .offset = offsetof(struct flask_page, tasks),
     .items = &flask_entry_schema},
    {.name = "total", .type = FIELD_INTEGER, .offset = offsetof(struct flask_page, total)},
    {.name = "page", .type = FIELD_INTEGER, .offset = offsetof(struct flask_page, page)},
    {.name = "per_page", .type = FIELD_INTEGER, .offset = offsetof(struct flask_page, per_page)},
    {.name = "pages", .type = FIELD_INTEGER, .offset = offsetof(struct flask_page, pages)},
};

const struct schema flask_page_schema = {
    .name = "FlaskTaskLogPage",
    .description = "A page of the task log, newest first",
    SCHEMA_FIELDS(page_fields),
};

static const struct field registered_fields[] = {
    {.name = "message", .type = FIELD_TEXT, .offset = offsetof(struct flask_registered, message)},
    {.name = "user_id",
     .type = FIELD_INTEGER,
     .offset = offsetof(struct flask_registered, user_id)},
    {.name = "username", .type = FIELD_TEXT, .offset = offsetof(struct flask_registered, username)},
};

const struct schema flask_registered_schema = {
    .name = "FlaskRegistered",
    .description = "A new account",
    SCHEMA_FIELDS(registered_fields),
};

static const struct field session_fields[] = {
    {.name = "access_token",
     .type = FIELD_TEXT,
     .offset = offsetof(struct flask_session, access_token),
     .description = "Goes into the header Authorization: Bearer TOKEN"},
    {.name = "message", .type = FIELD_TEXT, .offset = offsetof(struct flask_session, message)},
    {.name = "username", .type = FIELD_TEXT, .offset = offsetof(struct flask_session, username)},
};

const struct schema flask_session_schema = {
    .name = "FlaskSession",
    .description = "A token",
    SCHEMA_FIELDS(session_fields),
};

static const struct field updated_fields[] = {
    {.name = "message", .type = FIELD_TEXT, .offset = offsetof(struct flask_updated, message)},
    {.name = "task",
     .type = FIELD_OBJECT,
     .offset = offsetof(struct flask_updated, task),
     .items = &flask_task_schema},
};

const struct schema flask_updated_schema = {
    .name = "FlaskTaskUpdated",
    .description = "A task that was changed",
    SCHEMA_FIELDS(updated_fields),
};

static const struct field message_fields[] = {
    {.name = "message", .type = FIELD_TEXT, .offset = offsetof(struct flask_message, message)},
};

const struct schema flask_message_schema = {
    .name = "FlaskMessage",
    .description = "What was done",
    SCHEMA_FIELDS(message_fields),
};

static const struct field logged_fields[] = {
    {.name = "message", .type = FIELD_TEXT, .offset = offsetof(struct flask_logged, message)},
    {.name = "date_logged",
     .type = FIELD_DATE,
     .offset = offsetof(struct flask_logged, date_logged)},
    {.name = "logged",
     .type = FIELD_INTEGER,
     .offset = offsetof(struct flask_logged, logged),
     .description = "Rows that were written; tasks logged before on that day are passed over"},
};

const struct schema flask_logged_schema = {
    .name = "FlaskTasksLogged",
    .description = "A snapshot that was taken",
    SCHEMA_FIELDS(logged_fields),
};
