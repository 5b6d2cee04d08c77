/*
 * flask_schema.h: tasks in the words of the flask surface.
 *
 * A struct flask_task is a struct task and the two members that have no counterpart there; its
 * field table gives the members of the task other names. So reading a body fills a task, and
 * flask_task_fields says which of its fields that set.
 */
#ifndef ERRAND_API_FLASK_SCHEMA_H
#define ERRAND_API_FLASK_SCHEMA_H

#include "domain/task_log.h"

struct flask_task {
    struct task task;
    bool active; /* not done */
};

extern const struct body flask_task_create_body;
extern const struct body flask_task_update_body;
extern const struct body flask_upload_body; /* of a row of an uploaded file */
extern const struct schema flask_task_schema;

/* flask_task_from: `task` in these words. */
struct flask_task flask_task_from(const struct task *task);

/* flask_task_settle: brings the decoded `task` into the words of the domain; `given` are the fields
 * of flask_task_schema that the client gave. Returns those of task_schema that this sets. */
uint64_t flask_task_settle(struct flask_task *task, uint64_t given);

/* A row of the task log. */
struct flask_entry {
    int64_t id;
    int64_t task_logger_id;
    int64_t task_id;
    int64_t date_logged;
    bool active;
    struct flask_task task;
};
extern const struct schema flask_entry_schema;

struct flask_entry flask_entry_from(const struct task_log_entry *entry);

struct flask_query {
    int64_t page;
    int64_t per_page;
    int64_t date;
};
extern const struct schema flask_query_schema;

struct flask_page {
    struct schema_list tasks;
    int64_t total;
    int64_t page;
    int64_t per_page;
    int64_t pages;
};
extern const struct schema flask_page_schema;

struct flask_registered {
    struct text message;
    int64_t user_id;
    struct text username;
};
extern const struct schema flask_registered_schema;

struct flask_session {
    struct text access_token;
    struct text message;
    struct text username;
};
extern const struct schema flask_session_schema;

struct flask_updated {
    struct text message;
    struct flask_task task;
};
extern const struct schema flask_updated_schema;

struct flask_message {
    struct text message;
};
extern const struct schema flask_message_schema;

struct flask_logged {
    struct text message;
    int64_t date_logged;
    int64_t logged;
};
extern const struct schema flask_logged_schema;

#endif
