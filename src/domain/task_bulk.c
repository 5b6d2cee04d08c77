#include "domain/task_bulk.h"

#include "base/buffer.h"
#include "base/error.h"
#include "domain/transaction.h"

enum { REFUSED_LIMIT = 1024 }; /* bytes of the list of refused ids; what does not fit is left out */

static const struct field fields[] = {
    {.name = "task_ids",
     .type = FIELD_INTEGERS,
     .flags = FIELD_REQUIRED,
     .offset = offsetof(struct task_bulk, ids),
     .minimum = 1,
     .max_items = TASK_BULK_LIMIT,
     .description = "The tasks to change; one that is named twice is changed once",
     .example = "[1,2,3]"},
    {.name = "updates",
     .type = FIELD_BODY,
     .flags = FIELD_REQUIRED,
     .offset = offsetof(struct task_bulk, updates),
     .nested = &task_update_body,
     .given_offset = offsetof(struct task_bulk, updates_given),
     .description = "The change, as for a single task"},
};

static const struct schema bulk_schema = {
    .name = "TaskBulkUpdate",
    .description = "One change to many tasks",
    SCHEMA_FIELDS(fields),
    .size = sizeof(struct task_bulk),
};

const struct body task_bulk_body = {
    .name = "TaskBulkUpdate",
    .schema = &bulk_schema,
    .mode = DECODE_CREATE,
};

struct bulk_call {
    const struct actor *actor;
    struct problems *problems;
    const struct task_bulk *bulk;
    struct task_bulk_result *result;
};

/* The ids that were refused in one way. */
struct refused {
    int error;
    struct buffer ids;
};

static void refuse(struct refused *refused, int64_t id)
{
    buffer_format(&refused->ids, "%s%jd", refused->ids.length > 0 ? ", " : "", (intmax_t)id);
}

/* Goes on after a refusal, so that all of them are named; the transaction is undone in the end. */
static int run_bulk(struct db_connection *connection, void *argument)
{
    const struct bulk_call *call = argument;
    const struct task_bulk *bulk = call->bulk;
    struct refused refusals[] = {{.error = ERROR_NOT_FOUND}, {.error = ERROR_FORBIDDEN}};
    enum { REFUSALS = sizeof refusals / sizeof refusals[0] };
    for (size_t i = 0; i < REFUSALS; i++)
        buffer_init(&refusals[i].ids, call->problems->arena, REFUSED_LIMIT);
    for (size_t i = 0; i < bulk->ids.count; i++) {
        int error = task_update_in(connection, call->actor, call->problems, bulk->ids.items[i],
                                   bulk->updates_given, &bulk->updates, &call->result->tasks[i]);
        if (error == ERROR_NOT_FOUND)
            refuse(&refusals[0], bulk->ids.items[i]);
        else if (error == ERROR_FORBIDDEN)
            refuse(&refusals[1], bulk->ids.items[i]);
        else if (error < 0)
            return error;
    }
    for (size_t i = 0; i < REFUSALS; i++) {
        if (refusals[i].ids.length == 0)
            continue;
        call->result->refused = buffer_text(&refusals[i].ids);
        return refusals[i].error;
    }
    return 0;
}

int task_bulk_update(struct services *services, const struct actor *actor,
                     struct problems *problems, const struct task_bulk *bulk,
                     struct task_bulk_result *ret_result)
{
    struct bulk_call call = {actor, problems, bulk, ret_result};
    ret_result->count = bulk->ids.count;
    ret_result->tasks =
        arena_allocate(problems->arena, bulk->ids.count * sizeof *ret_result->tasks);
    return transaction_write(services, actor, run_bulk, &call);
}
