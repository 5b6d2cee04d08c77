/*
 * portfolio.c: the portfolio surface: accounts, and jobs in their shortest form. It also has the
 * demonstration of a background task below /async, which is of the same form.
 */
#include "api/api.h"
#include "base/error.h"
#include "domain/account.h"
#include "domain/job.h"
#include "domain/operation_server.h"
#include "domain/token.h"

struct token {
    struct text access_token;
    struct text token_type;
};

static const struct field token_fields[] = {
    {.name = "access_token",
     .type = FIELD_TEXT,
     .offset = offsetof(struct token, access_token),
     .description = "Goes into the header Authorization: Bearer TOKEN"},
    {.name = "token_type",
     .type = FIELD_TEXT,
     .offset = offsetof(struct token, token_type),
     .example = "\"bearer\""},
};

static const struct schema token_schema = {
    .name = "Token",
    .description = "A token",
    SCHEMA_FIELDS(token_fields),
};

static const char *const state_names[] = {"Queued", "Processing", "Finished", "Failed"};
static const struct enumeration states = {state_names, 4};
enum state { STATE_QUEUED, STATE_PROCESSING, STATE_FINISHED, STATE_FAILED };

static const enum state states_of[] = {
    [JOB_QUEUED] = STATE_QUEUED,         [JOB_SCHEDULED] = STATE_QUEUED,
    [JOB_PROCESSING] = STATE_PROCESSING, [JOB_FINISHED] = STATE_FINISHED,
    [JOB_FAILED] = STATE_QUEUED, /* it will be tried again */
    [JOB_DEAD] = STATE_FAILED,           [JOB_CANCELLED] = STATE_FAILED,
};

struct submitted {
    struct text task_id;
    int64_t status;
};

static const struct field submitted_fields[] = {
    {.name = "task_id",
     .type = FIELD_TEXT,
     .offset = offsetof(struct submitted, task_id),
     .description = "For GET /task/{task_id}"},
    {.name = "status",
     .type = FIELD_ENUM,
     .offset = offsetof(struct submitted, status),
     .values = &states},
};

static const struct schema submitted_schema = {
    .name = "SubmittedTask",
    .description = "A task that was taken",
    SCHEMA_FIELDS(submitted_fields),
};

struct progress {
    int64_t status;
    struct text result;
};

static const struct field progress_fields[] = {
    {.name = "status",
     .type = FIELD_ENUM,
     .offset = offsetof(struct progress, status),
     .values = &states},
    {.name = "result",
     .type = FIELD_TEXT,
     .offset = offsetof(struct progress, result),
     .description = "Empty until it is finished"},
};

static const struct schema progress_schema = {
    .name = "TaskProgress",
    .description = "How far a task is",
    SCHEMA_FIELDS(progress_fields),
};

struct started {
    struct text message;
    struct text task_id;
};

static const struct field started_fields[] = {
    {.name = "message", .type = FIELD_TEXT, .offset = offsetof(struct started, message)},
    {.name = "task_id",
     .type = FIELD_TEXT,
     .offset = offsetof(struct started, task_id),
     .description = "For GET /task/{task_id}"},
};

static const struct schema started_schema = {
    .name = "StartedTask",
    .description = "A background task that was started",
    SCHEMA_FIELDS(started_fields),
};

static int login(struct request *request)
{
    struct services *services = services_of(request);
    struct user user;
    int error = account_sign_in(services, &request->arena, request->value, &user);
    if (error == ERROR_UNAUTHORIZED)
        return reply_error(request, 401, "Incorrect username or password");
    if (error < 0)
        return error;
    struct token token = {.token_type = TEXT("bearer")};
    error = token_issue(services->tokens, &request->arena, user.id, user.token_generation,
                        &token.access_token);
    if (error < 0)
        return error;
    return reply_json(request, 200, &token_schema, &token);
}

static int render_submitted(struct request *request, const void *argument)
{
    const struct job *job = argument;
    const struct submitted submitted = {job->id, STATE_QUEUED};
    return reply_json(request, 201, &submitted_schema, &submitted);
}

static int submit(struct request *request)
{
    struct actor actor = actor_of(request);
    reply_when_done(request, render_submitted, request->value);
    return job_submit(services_of(request), &actor, &request->problems, request->value);
}

/* The id is the secret: no token is needed, but another user's does not help. */
static int read_progress(struct request *request)
{
    struct actor actor = actor_of(request);
    struct job job;
    int error = job_find(services_of(request), &request->arena, actor.user_id == 0 ? NULL : &actor,
                         request->match.parameters[0], &job);
    if (error == ERROR_NOT_FOUND)
        return reply_empty(request, 204);
    if (error < 0)
        return error;
    const struct progress progress = {
        .status = states_of[job.status],
        .result = job.result.data == NULL ? TEXT("") : job.result,
    };
    return reply_json(request, 200, &progress_schema, &progress);
}

static int render_started(struct request *request, const void *argument)
{
    const struct job *job = argument;
    const struct started started = {TEXT("Background task started"), job->id};
    return reply_json(request, 202, &started_schema, &started);
}

static int start_background_task(struct request *request)
{
    static const struct job_order order = {.operation = OPERATION_BACKGROUND_TASK, .data = {"", 0}};
    struct actor actor = actor_of(request);
    struct job *job = arena_allocate(&request->arena, sizeof *job);
    reply_when_done(request, render_started, job);
    return job_place(services_of(request), &request->arena, &actor, &order, job);
}

enum { PORTFOLIO = SURFACE_BIT(SURFACE_PORTFOLIO) };

static const struct route routes[] = {
    {
        .method = METHOD_POST,
        .path = "/user/register",
        .surfaces = PORTFOLIO,
        .limit = LIMIT_REGISTER,
        .may_conflict = true,
        .body = &registration_body,
        .answers = {{201, "The account", &user_schema, NULL}},
        .summary = "Register an account",
        .tag = "portfolio",
        .handler = api_register_user,
    },
    {
        .method = METHOD_POST,
        .path = "/user/login",
        .surfaces = PORTFOLIO,
        .limit = LIMIT_LOGIN,
        .never_kept = true,
        .limit_key = api_login_name,
        .body = &credentials_body,
        .answers = {{200, "A token", &token_schema, NULL}},
        .summary = "Sign in with an OAuth2 password form or JSON",
        .tag = "portfolio",
        .handler = login,
    },
    {
        .method = METHOD_POST,
        .path = "/submit-task",
        .surfaces = PORTFOLIO,
        .access = ACCESS_USER,
        .body = &job_short_body,
        .answers = {{201, "It is kept, and will be carried out", &submitted_schema, NULL}},
        .summary = "Submit a task to be done in the background",
        .tag = "portfolio",
        .handler = submit,
    },
    {
        .method = METHOD_GET,
        .path = "/task/{task_id:text}",
        .surfaces = PORTFOLIO,
        .answers = {{200, "How far it is", &progress_schema, NULL},
                    {204, "There is no such task, or it is another user's", NULL, NULL}},
        .summary = "Read how far a task is, and its result",
        .tag = "portfolio",
        .handler = read_progress,
    },
    {
        .method = METHOD_POST,
        .path = "/async/background-task",
        .surfaces = SURFACE_BIT(SURFACE_SYSTEM),
        .answers = {{202, "It runs once this is answered", &started_schema, NULL}},
        .summary = "Start a background task",
        .tag = "async",
        .handler = start_background_task,
    },
};

const struct route_table portfolio_routes = ROUTE_TABLE(routes);
