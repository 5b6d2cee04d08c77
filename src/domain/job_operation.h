/*
 * job_operation.h: operations as the database knows them.
 *
 * The table of a process (operation.h) says what it can do itself. Beside that, workers note in the
 * database which operations they brought along, so that servers take jobs for them; an
 * administrator can pause an operation, whose jobs then wait.
 */
#ifndef ERRAND_DOMAIN_JOB_OPERATION_H
#define ERRAND_DOMAIN_JOB_OPERATION_H

#include <stdbool.h>

#include "db/db.h"
#include "domain/operation.h"
#include "domain/services.h"
#include "schema/field.h"
#include "schema/problem.h"

/* How long the operations of a worker that was not heard of again are taken. */
#define JOB_OPERATION_MEMORY CLOCK_DAY

/* job_operation_require: ERROR_INVALID with a problem for an operation that nobody offers. */
int job_operation_require(struct services *services, struct problems *problems, struct text name);

/* job_operation_note: says that a worker of this process offers its operations. */
int job_operation_note(struct services *services);

/* The operations that are paused. */
struct job_pauses {
    struct text *names;
    size_t count;
};

/* job_operation_load_pauses: inside a transaction. */
int job_operation_load_pauses(struct db_connection *connection, struct arena *arena,
                              struct job_pauses *ret_pauses);
bool job_operation_is_paused(const struct job_pauses *pauses, const char *name);

/* An operation and its queue. */
struct job_operation {
    struct text name;
    struct text summary;
    bool paused;
    int64_t queued;  /* how many wait for a worker */
    int64_t waiting; /* how many wait for their time */
    int64_t processing;
    double oldest; /* seconds that the first in the queue has waited */
};
extern const struct schema job_operation_schema;

/* job_operation_list: all that are offered or have jobs. */
int job_operation_list(struct services *services, struct arena *arena,
                       struct schema_list *ret_operations);

/* job_operation_pause: pauses or resumes. ERROR_NOT_FOUND for one that nobody offers. */
int job_operation_pause(struct services *services, const struct actor *actor, struct arena *arena,
                        struct text name, bool paused, struct job_operation *ret_operation);

#endif
