#include "domain/job_external.h"

#include "base/clock.h"
#include "base/config.h"
#include "base/error.h"
#include "domain/job_lease.h"
#include "domain/job_message.h"
#include "domain/job_queue.h"

int job_external_add(struct operations *operations, const char *names, struct arena *arena,
                     struct text *ret_message)
{
    struct text rest = text_from(names);
    struct text name;
    while (text_split(&rest, ',', &name)) {
        name = text_trim(name);
        if (name.length == 0)
            continue;
        const struct operation operation = {
            .name = arena_copy(arena, name).data,
            .summary = "Carried out by others, who get it from the broker",
            .external = true,
        };
        int error = operations_add(operations, &operation);
        if (error < 0) {
            *ret_message = arena_format(arena, "JOB_EXTERNAL_OPERATIONS: \"%s\" %s", operation.name,
                                        error == ERROR_CONFLICT ? "is an operation already"
                                        : error == ERROR_TOO_LARGE
                                            ? "is one too many"
                                            : "is no name: a lower-case letter, then lower-case "
                                              "letters, digits and underscores");
            return error;
        }
    }
    return 0;
}

/* How a job that waits for others ends. */
struct ending {
    struct services *services;
    struct arena *arena;
    struct text id;
    int64_t fence; /* or FIELD_INTEGER_NULL */
    struct job_outcome outcome;
    struct text dead_letter; /* the operation that it names; the null text for an answer */
    bool over;               /* written: it is over now */
    bool queued;             /* written: it is to be published again */
};

static bool is_external(const struct services *services, struct text name)
{
    const struct operation *operation = operation_find(job_queue_operations(services->jobs), name);
    return operation == NULL || operation->external;
}

static int end(struct db_connection *connection, struct ending *ending, const struct job *job)
{
    const struct operation operation = {.name = arena_copy(ending->arena, job->operation).data};
    const struct job_claim claim = {
        .worker = "external",
        .now = clock_now(),
        .lease = ending->services->config->job_lease * CLOCK_SECOND,
    };
    struct job_lease lease;
    int error =
        job_lease_take_number(connection, ending->arena, &claim, job->number, &operation, &lease);
    if (error < 0)
        return error;
    int over = job_lease_end(connection, ending->arena, &lease, &ending->outcome, claim.now);
    ending->over = over > 0;
    return over < 0 ? over : 0;
}

static int run_end(struct db_connection *connection, void *argument)
{
    struct ending *ending = argument;
    ending->over = ending->queued = false;
    struct job job;
    int64_t fence;
    int error = job_load(connection, ending->arena, ending->id, &job);
    if (error >= 0)
        error = db_query_integer(connection, TEXT("SELECT fence FROM jobs WHERE number = $1"),
                                 DB_VALUES(db_integer(job.number)), &fence);
    if (error < 0)
        return error == ERROR_NOT_FOUND ? ERROR_INVALID : error;
    bool external = is_external(ending->services, job.operation);
    bool dead_letter = ending->dead_letter.data != NULL;
    if (dead_letter ? !text_equal(ending->dead_letter, job.operation) : !external)
        return ERROR_INVALID;
    if (job.status != JOB_QUEUED || (ending->fence != FIELD_INTEGER_NULL && ending->fence != fence))
        return 0;
    if (external)
        return end(connection, ending, &job);
    ending->queued = true;
    error = db_execute(connection, TEXT("UPDATE jobs SET " JOB_UNPUBLISHED " WHERE number = $1"),
                       DB_VALUES(db_integer(job.number)));
    return error < 0 ? error : 0;
}

static int write_end(struct ending *ending)
{
    struct job_queue *queue = ending->services->jobs;
    int error = db_write(ending->services->db, run_end, ending);
    if (error < 0)
        return error;
    if (ending->queued)
        job_queue_wake(queue, 0);
    if (ending->over) {
        job_queue_take(queue, 1);
        job_queue_note(queue, ending->outcome.kind == OUTCOME_FINISHED ? JOB_COUNT_FINISHED
                                                                       : JOB_COUNT_FAILED);
        job_queue_announce(queue, ending->id);
    }
    return 0;
}

static bool is_storable(struct text text)
{
    return text.length <= OPERATION_RESULT_LIMIT && !text_has_nul(text);
}

static struct job_outcome outcome_of(const struct job_answer *answer)
{
    if (!is_storable(answer->result) || !is_storable(answer->error))
        return (struct job_outcome){.kind = OUTCOME_HOPELESS,
                                    .error = TEXT("What came back is too large, or has a NUL")};
    if (answer->result.data != NULL)
        return (struct job_outcome){.kind = OUTCOME_FINISHED, .result = answer->result};
    return (struct job_outcome){.kind = answer->permanent ? OUTCOME_HOPELESS : OUTCOME_FAILED,
                                .error = answer->error};
}

int job_external_answer(struct services *services, struct arena *arena,
                        const struct job_answer *answer)
{
    struct ending ending = {
        .services = services,
        .arena = arena,
        .id = answer->id,
        .fence = answer->fence,
        .outcome = outcome_of(answer),
    };
    return write_end(&ending);
}

int job_external_bury(struct services *services, struct arena *arena,
                      const struct job_message *message)
{
    struct ending ending = {
        .services = services,
        .arena = arena,
        .id = message->id,
        .fence = message->fence,
        .outcome = {.kind = OUTCOME_HOPELESS,
                    .error = TEXT("Its message was rejected, or those who took it died")},
        .dead_letter = message->operation,
    };
    return write_end(&ending);
}
