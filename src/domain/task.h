/*
 * task.h: tasks.
 *
 * Who may do what with a task:
 *
 *                     read   update   assign   delete
 *   its owner          x       x        x        x
 *   its assignee       x       x
 *   an administrator   x       x        x        x
 *
 * A task is found before access is checked, so a foreign task is ERROR_FORBIDDEN and one that does
 * not exist ERROR_NOT_FOUND. Every change raises `version`, from 1, and appends an event.
 *
 * A task that is created with a city gets the weather there (weather.h), and so does one that
 * task_update moves to another city; when that cannot be had, or many tasks change at once, it has
 * none: it never keeps the weather of another city.
 *
 * Each function opens its own transaction and may park the calling fiber, but for the two that take
 * a connection. Texts that come out live in the arena given (that of the problems, where there is
 * one).
 */
#ifndef ERRAND_DOMAIN_TASK_H
#define ERRAND_DOMAIN_TASK_H

#include "db/db.h"
#include "domain/services.h"
#include "schema/decode.h"
#include "schema/field.h"

enum task_status { STATUS_TODO, STATUS_IN_PROGRESS, STATUS_DONE };
enum task_priority { PRIORITY_LOW, PRIORITY_MEDIUM, PRIORITY_HIGH };

enum task_field {
    TASK_ID,
    TASK_TITLE,
    TASK_DESCRIPTION,
    TASK_STATUS,
    TASK_COMPLETED,
    TASK_PRIORITY,
    TASK_DUE_DATE,
    TASK_TAGS,
    TASK_CITY,
    TASK_WEATHER,
    TASK_USER_ID,
    TASK_ASSIGNED_USER_ID,
    TASK_CREATED_AT,
    TASK_UPDATED_AT,
    TASK_COMPLETED_AT,
    TASK_VERSION,
    TASK_FIELDS,
};

struct task {
    int64_t id;
    struct text title;
    struct text description;
    int64_t status;
    bool completed; /* exactly when status is STATUS_DONE */
    int64_t priority;
    int64_t due_date;
    struct text tags; /* JSON list of unique texts */
    struct text city;
    struct text weather; /* JSON object */
    int64_t user_id;
    int64_t assigned_user_id;
    int64_t created_at;
    int64_t updated_at;
    int64_t completed_at;
    int64_t version;
    int64_t task_logger_id; /* of its first row in the task log (task_log.h); set by task_create */
};

extern const struct schema task_schema;
extern const struct enumeration task_statuses;
extern const struct enumeration task_priorities;

/* The bodies of a new task and of a change. */
extern const struct body task_create_body;
extern const struct body task_update_body;

/* task_decode: the current row of a query over the schema's columns. */
int task_decode(const struct db_rows *rows, struct arena *arena, struct task *task);

/* task_is_readable: whether the actor may read it, by the table above. */
bool task_is_readable(const struct actor *actor, const struct task *task);

/* task_require: for a transaction about what belongs to a task: ERROR_NOT_FOUND, or ERROR_FORBIDDEN
 * when the actor may not read it, or not update it where `change`. */
int task_require(struct db_connection *connection, struct arena *arena, const struct actor *actor,
                 int64_t id, bool change);

/* task_create: stores `task`, of which the client gave `fields`, for the actor and sets the rest.
 * ERROR_INVALID with problems when nobody has the assigned id. */
int task_create(struct services *services, const struct actor *actor, struct problems *problems,
                uint64_t fields, struct task *task);

/* task_find: ERROR_NOT_FOUND, ERROR_FORBIDDEN. */
int task_find(struct services *services, struct arena *arena, const struct actor *actor, int64_t id,
              struct task *ret_task);

/* The versions that a conditional change accepts (If-Match); a NULL list accepts any. */
struct task_versions {
    const int64_t *versions;
    size_t count;
};

/* task_update: gives `fields` of the task the values in `changes`. A change of nothing is none: the
 * version stays. ERROR_NOT_FOUND, ERROR_FORBIDDEN, ERROR_INVALID with problems; ERROR_STALE when
 * the version is not among `expected`, with the current task in `*ret_task`. */
int task_update(struct services *services, const struct actor *actor, struct problems *problems,
                int64_t id, uint64_t fields, const struct task *changes,
                struct task_versions expected, struct task *ret_task);

/* task_tag: adds `tags` (a JSON list of unique texts) to those the task has; outcomes as those of
 * task_update. ERROR_INVALID with a problem when they get too many. */
int task_tag(struct services *services, const struct actor *actor, struct problems *problems,
             int64_t id, struct text tags, struct task_versions expected, struct task *ret_task);

/* task_untag: takes a tag off; outcomes as those of task_update. ERROR_NOT_FOUND with the task in
 * `*ret_task` when it does not have the tag, without (its id is left as it was) when there is no
 * such task. */
int task_untag(struct services *services, const struct actor *actor, struct problems *problems,
               int64_t id, struct text tag, struct task_versions expected, struct task *ret_task);

/* task_update_in: the same inside a transaction, whatever the version. */
int task_update_in(struct db_connection *connection, const struct actor *actor,
                   struct problems *problems, int64_t id, uint64_t fields,
                   const struct task *changes, struct task *ret_task);

/* task_delete: ERROR_NOT_FOUND, ERROR_FORBIDDEN; ERROR_STALE as task_update. */
int task_delete(struct services *services, struct arena *arena, const struct actor *actor,
                int64_t id, struct task_versions expected, struct task *ret_task);

/* For imports, which create many tasks in a transaction of their own. task_settle: sets what the
 * client does not give; `fields` are those it gave, TASK_CREATED_AT and TASK_COMPLETED_AT perhaps
 * among them. task_insert: stores such a task, whose assignee exists, with all that belongs to it.
 */
void task_settle(const struct actor *actor, uint64_t fields, struct task *task);
int task_insert(struct db_connection *connection, struct arena *arena, const struct actor *actor,
                struct task *task);

/* For user_delete: removes a user's tasks, each with its event; takes a user off the tasks of
 * others, likewise. */
int task_delete_owned_by(struct db_connection *connection, const struct actor *actor,
                         int64_t user_id);
int task_unassign_from(struct db_connection *connection, const struct actor *actor,
                       int64_t user_id);

#endif
