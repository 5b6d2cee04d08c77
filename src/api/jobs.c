/*
 * jobs.c: work in the background, on the canonical surface.
 */
#include "api/api.h"
#include "base/clock.h"
#include "base/error.h"
#include "domain/job.h"
#include "domain/job_list.h"
#include "domain/job_operation.h"

struct wait_query {
    int64_t wait; /* seconds */
};

static const struct field wait_fields[] = {
    {.name = "wait",
     .type = FIELD_INTEGER,
     .offset = offsetof(struct wait_query, wait),
     .maximum = JOB_WAIT_LIMIT,
     .default_value = "0",
     .description = "Answer when the job is over, or after so many seconds"},
};

static const struct schema wait_query_schema = {
    SCHEMA_FIELDS(wait_fields),
    .size = sizeof(struct wait_query),
};

struct operation_list {
    struct schema_list operations;
};

static const struct field operation_list_fields[] = {
    {.name = "operations",
     .type = FIELD_LIST,
     .offset = offsetof(struct operation_list, operations),
     .items = &job_operation_schema},
};

static const struct schema operation_list_schema = {
    .name = "JobOperationList",
    .description = "What jobs can do, and how many wait for it",
    SCHEMA_FIELDS(operation_list_fields),
};

static struct text job_id(const struct request *request)
{
    return request->match.parameters[0];
}

static int render_submitted(struct request *request, const void *argument)
{
    const struct job *job = argument;
    reply_header(request, "Location", "%s/jobs/%.*s", surface_prefix(SURFACE_V1),
                 TEXT_ARGUMENTS(job->id));
    return reply_json(request, job->existed ? 200 : 202, &job_schema, job);
}

static int submit(struct request *request)
{
    struct actor actor = actor_of(request);
    reply_when_done(request, render_submitted, request->value);
    return job_submit(services_of(request), &actor, &request->problems, request->value);
}

static int reply_page(struct request *request, const struct job_query *query)
{
    struct actor actor = actor_of(request);
    struct job_page page;
    int error = job_list(services_of(request), &actor, query, &request->problems, &page);
    if (error < 0)
        return error;
    return reply_json(request, 200, &job_page_schema, &page);
}

static int list_jobs(struct request *request)
{
    return reply_page(request, request->query);
}

static int list_dead(struct request *request)
{
    struct job_query *query = request->query;
    query->statuses = INT64_C(1) << JOB_DEAD;
    query->all = true;
    return reply_page(request, query);
}

static int read_job(struct request *request)
{
    struct actor actor = actor_of(request);
    const struct wait_query *query = request->query;
    struct text json;
    int error = job_await(services_of(request), &request->arena, &actor, job_id(request),
                          clock_monotonic() + query->wait * CLOCK_SECOND, &json);
    if (error < 0)
        return error;
    return reply_text(request, 200, "application/json", json);
}

static int cancel(struct request *request)
{
    struct actor actor = actor_of(request);
    struct job job;
    int error = job_cancel(services_of(request), &request->problems, &actor, job_id(request), &job);
    if (error < 0)
        return error;
    return reply_json(request, job_is_over(&job) ? 200 : 202, &job_schema, &job);
}

static int render_job(struct request *request, const void *argument)
{
    return reply_json(request, 200, &job_schema, argument);
}

static int retry(struct request *request)
{
    struct actor actor = actor_of(request);
    struct job *job = arena_allocate(&request->arena, sizeof *job);
    reply_when_done(request, render_job, job);
    return job_retry(services_of(request), &actor, &request->problems, job_id(request), job);
}

static int retry_dead(struct request *request)
{
    struct actor actor = actor_of(request);
    struct job_count count;
    int error = job_retry_dead(services_of(request), &actor, request->query, &count);
    if (error < 0)
        return error;
    return reply_json(request, 200, &job_count_schema, &count);
}

static int purge_dead(struct request *request)
{
    struct actor actor = actor_of(request);
    struct job_count count;
    int error = job_purge_dead(services_of(request), &actor, request->query, &count);
    if (error < 0)
        return error;
    return reply_json(request, 200, &job_count_schema, &count);
}

static int list_operations(struct request *request)
{
    struct operation_list list;
    int error = job_operation_list(services_of(request), &request->arena, &list.operations);
    if (error < 0)
        return error;
    return reply_json(request, 200, &operation_list_schema, &list);
}

static int set_paused(struct request *request, bool paused)
{
    struct actor actor = actor_of(request);
    struct job_operation operation = {0};
    int error = job_operation_pause(services_of(request), &actor, &request->arena,
                                    request->match.parameters[0], paused, &operation);
    if (error < 0)
        return error;
    return reply_json(request, 200, &job_operation_schema, &operation);
}

static int pause_operation(struct request *request)
{
    return set_paused(request, true);
}

static int resume_operation(struct request *request)
{
    return set_paused(request, false);
}

static const struct route routes[] = {
    {
        .method = METHOD_POST,
        .path = "/jobs",
        .surfaces = SURFACE_BIT(SURFACE_V1),
        .access = ACCESS_USER,
        .body = &job_create_body,
        .answers = {{202, "The job; it is kept, and will be carried out", &job_schema, NULL},
                    {200, "The job of yours with this unique_key, which is not over", &job_schema,
                     NULL}},
        .summary = "Submit a job",
        .tag = "jobs",
        .handler = submit,
    },
    {
        .method = METHOD_GET,
        .path = "/jobs",
        .surfaces = SURFACE_BIT(SURFACE_V1),
        .access = ACCESS_USER,
        .may_forbid = true,
        .query = &job_query_schema,
        .answers = {{200, "Your jobs, newest first", &job_page_schema, NULL}},
        .summary = "List jobs",
        .tag = "jobs",
        .handler = list_jobs,
    },
    {
        .method = METHOD_GET,
        .path = "/jobs/dead",
        .surfaces = SURFACE_BIT(SURFACE_V1),
        .access = ACCESS_ADMIN,
        .query = &dead_job_query_schema,
        .answers = {{200, "Everybody's jobs without hope, newest first", &job_page_schema, NULL}},
        .summary = "List dead jobs",
        .tag = "jobs",
        .handler = list_dead,
    },
    {
        .method = METHOD_DELETE,
        .path = "/jobs/dead",
        .surfaces = SURFACE_BIT(SURFACE_V1),
        .access = ACCESS_ADMIN,
        .query = &job_filter_schema,
        .answers = {{200, "How many were removed", &job_count_schema, NULL}},
        .summary = "Remove dead jobs",
        .tag = "jobs",
        .handler = purge_dead,
    },
    {
        .method = METHOD_POST,
        .path = "/jobs/dead/retry",
        .surfaces = SURFACE_BIT(SURFACE_V1),
        .access = ACCESS_ADMIN,
        .query = &job_filter_schema,
        .answers = {{200, "How many are queued again", &job_count_schema, NULL}},
        .summary = "Retry dead jobs",
        .tag = "jobs",
        .handler = retry_dead,
    },
    {
        .method = METHOD_GET,
        .path = "/jobs/operations",
        .surfaces = SURFACE_BIT(SURFACE_V1),
        .access = ACCESS_ADMIN,
        .answers = {{200, "Each operation and its queue", &operation_list_schema, NULL}},
        .summary = "List what jobs can do, and how many wait for it",
        .tag = "jobs",
        .handler = list_operations,
    },
    {
        .method = METHOD_POST,
        .path = "/jobs/operations/{name:text}/pause",
        .surfaces = SURFACE_BIT(SURFACE_V1),
        .access = ACCESS_ADMIN,
        .resource = "Operation",
        .answers = {{200, "No job of it is begun any more", &job_operation_schema, NULL}},
        .summary = "Pause an operation",
        .tag = "jobs",
        .handler = pause_operation,
    },
    {
        .method = METHOD_POST,
        .path = "/jobs/operations/{name:text}/resume",
        .surfaces = SURFACE_BIT(SURFACE_V1),
        .access = ACCESS_ADMIN,
        .resource = "Operation",
        .answers = {{200, "Its jobs are carried out again", &job_operation_schema, NULL}},
        .summary = "Resume an operation",
        .tag = "jobs",
        .handler = resume_operation,
    },
    {
        .method = METHOD_GET,
        .path = "/jobs/{job_id:text}",
        .surfaces = SURFACE_BIT(SURFACE_V1),
        .access = ACCESS_USER,
        .resource = "Job",
        .query = &wait_query_schema,
        .answers = {{200, "The job", &job_schema, NULL}},
        .summary = "Read a job, or wait until it is over",
        .tag = "jobs",
        .handler = read_job,
    },
    {
        .method = METHOD_DELETE,
        .path = "/jobs/{job_id:text}",
        .surfaces = SURFACE_BIT(SURFACE_V1),
        .access = ACCESS_USER,
        .resource = "Job",
        .may_conflict = true,
        .answers = {{200, "It is cancelled", &job_schema, NULL},
                    {202, "It runs, and is asked to stop", &job_schema, NULL}},
        .summary = "Cancel a job",
        .tag = "jobs",
        .handler = cancel,
    },
    {
        .method = METHOD_POST,
        .path = "/jobs/{job_id:text}/retry",
        .surfaces = SURFACE_BIT(SURFACE_V1),
        .access = ACCESS_ADMIN,
        .resource = "Job",
        .may_conflict = true,
        .answers = {{200, "It is queued again, as if it were new", &job_schema, NULL}},
        .summary = "Retry a dead or cancelled job",
        .tag = "jobs",
        .handler = retry,
    },
};

const struct route_table job_routes = ROUTE_TABLE(routes);
