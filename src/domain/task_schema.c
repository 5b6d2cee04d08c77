/*
 * task_schema.c: the fields of a task and the rules between them; see task.c for what is done with
 * them.
 */
#include "domain/task.h"
#include "domain/task_tags.h"

static const char *const status_names[] = {"todo", "in_progress", "done"};
const struct enumeration task_statuses = {status_names, 3};

static const char *const priority_names[] = {"low", "medium", "high"};
const struct enumeration task_priorities = {priority_names, 3};

static const struct field fields[TASK_FIELDS] = {
    [TASK_ID] = {.name = "id",
                 .type = FIELD_INTEGER,
                 .flags = FIELD_READ_ONLY | FIELD_STORED,
                 .offset = offsetof(struct task, id),
                 .description = "Identifier",
                 .example = "1"},
    [TASK_TITLE] = {.name = "title",
                    .type = FIELD_TEXT,
                    .flags = FIELD_REQUIRED | FIELD_STORED | FIELD_TRIMMED,
                    .offset = offsetof(struct task, title),
                    .minimum = 1,
                    .maximum = 100,
                    .description = "What is to be done",
                    .example = "\"Prepare Report\""},
    [TASK_DESCRIPTION] = {.name = "description",
                          .type = FIELD_TEXT,
                          .flags = FIELD_NULLABLE | FIELD_STORED,
                          .offset = offsetof(struct task, description),
                          .maximum = 10000,
                          .description = "Details",
                          .example = "\"Collect monthly data\""},
    [TASK_STATUS] = {.name = "status",
                     .type = FIELD_ENUM,
                     .flags = FIELD_STORED,
                     .offset = offsetof(struct task, status),
                     .values = &task_statuses,
                     .description = "How far it is",
                     .default_value = "\"todo\""},
    [TASK_COMPLETED] = {.name = "completed",
                        .type = FIELD_BOOLEAN,
                        .offset = offsetof(struct task, completed),
                        .description = "True exactly when the status is done; either may be sent",
                        .default_value = "false"},
    [TASK_PRIORITY] = {.name = "priority",
                       .type = FIELD_ENUM,
                       .flags = FIELD_STORED,
                       .offset = offsetof(struct task, priority),
                       .values = &task_priorities,
                       .description = "How much it matters",
                       .default_value = "\"medium\""},
    [TASK_DUE_DATE] = {.name = "due_date",
                       .type = FIELD_DATE,
                       .flags = FIELD_NULLABLE | FIELD_STORED,
                       .offset = offsetof(struct task, due_date),
                       .description = "The last day for it",
                       .example = "\"2025-06-30\""},
    [TASK_TAGS] = {.name = "tags",
                   .type = FIELD_TEXT_SET,
                   .flags = FIELD_STORED | FIELD_TRIMMED,
                   .offset = offsetof(struct task, tags),
                   .minimum = 1,
                   .maximum = TAG_LENGTH_LIMIT,
                   .max_items = TASK_TAGS_LIMIT,
                   .description = "Labels, each once",
                   .default_value = "[]",
                   .example = "[\"work\"]"},
    [TASK_CITY] = {.name = "city",
                   .type = FIELD_TEXT,
                   .flags = FIELD_NULLABLE | FIELD_STORED | FIELD_TRIMMED,
                   .offset = offsetof(struct task, city),
                   .minimum = 1,
                   .maximum = 100,
                   .description = "Where it is done",
                   .example = "\"Moscow\""},
    [TASK_WEATHER] = {.name = "weather",
                      .type = FIELD_JSON,
                      .flags = FIELD_NULLABLE | FIELD_READ_ONLY | FIELD_STORED,
                      .offset = offsetof(struct task, weather),
                      .description = "The weather there when the task got its city, where known: "
                                     "degrees Celsius, per cent, metres a second",
                      .example = "{\"temperature\":15.5,\"condition\":\"Clouds\","
                                 "\"humidity\":71,\"wind_speed\":4.1,"
                                 "\"fetched_at\":\"2025-05-24T14:35:00.000Z\"}"},
    [TASK_USER_ID] = {.name = "user_id",
                      .type = FIELD_INTEGER,
                      .flags = FIELD_READ_ONLY | FIELD_STORED,
                      .offset = offsetof(struct task, user_id),
                      .description = "Its owner",
                      .example = "1"},
    [TASK_ASSIGNED_USER_ID] = {.name = "assigned_user_id",
                               .type = FIELD_INTEGER,
                               .flags = FIELD_NULLABLE | FIELD_STORED,
                               .offset = offsetof(struct task, assigned_user_id),
                               .description = "Who is to do it, besides its owner",
                               .example = "2"},
    [TASK_CREATED_AT] = {.name = "created_at",
                         .type = FIELD_TIMESTAMP,
                         .flags = FIELD_READ_ONLY | FIELD_STORED,
                         .offset = offsetof(struct task, created_at),
                         .description = "When it was made",
                         .example = "\"2025-05-24T14:35:00.000Z\""},
    [TASK_UPDATED_AT] = {.name = "updated_at",
                         .type = FIELD_TIMESTAMP,
                         .flags = FIELD_READ_ONLY | FIELD_STORED,
                         .offset = offsetof(struct task, updated_at),
                         .description = "When it was last changed",
                         .example = "\"2025-05-24T14:35:00.000Z\""},
    [TASK_COMPLETED_AT] = {.name = "completed_at",
                           .type = FIELD_TIMESTAMP,
                           .flags = FIELD_NULLABLE | FIELD_READ_ONLY | FIELD_STORED,
                           .offset = offsetof(struct task, completed_at),
                           .description = "When it became done"},
    [TASK_VERSION] = {.name = "version",
                      .type = FIELD_INTEGER,
                      .flags = FIELD_READ_ONLY | FIELD_STORED,
                      .offset = offsetof(struct task, version),
                      .description = "Raised by every change; the ETag of the task",
                      .example = "1"},
};

static void init_task(void *structure)
{
    struct task *task = structure;
    *task = (struct task){
        .status = STATUS_TODO,
        .priority = PRIORITY_MEDIUM,
        .due_date = FIELD_INTEGER_NULL,
        .tags = TEXT("[]"),
        .assigned_user_id = FIELD_INTEGER_NULL,
        .completed_at = FIELD_INTEGER_NULL,
    };
}

const struct schema task_schema = {
    .name = "Task",
    .description = "A task",
    SCHEMA_FIELDS(fields),
    .size = sizeof(struct task),
    .init = init_task,
};

/* status and completed say the same thing: sent together, they must agree. */
static void check_completed(const void *structure, uint64_t present,
                            const struct decode_context *context, struct problems *problems)
{
    (void)context;
    const struct task *task = structure;
    const uint64_t both = FIELD_BIT(TASK_STATUS) | FIELD_BIT(TASK_COMPLETED);
    if ((present & both) == both && task->completed != (task->status == STATUS_DONE))
        problem_add(problems, TEXT("completed"), "value_error",
                    task->completed ? TEXT("true") : TEXT("false"),
                    "completed contradicts status: it is true exactly when the status is done");
}

const struct body task_create_body = {
    .name = "TaskCreate",
    .schema = &task_schema,
    .mode = DECODE_CREATE,
    .check = check_completed,
};

const struct body task_update_body = {
    .name = "TaskUpdate",
    .schema = &task_schema,
    .mode = DECODE_UPDATE,
    .check = check_completed,
};
