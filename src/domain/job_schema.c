/*
 * job_schema.c: the fields of a job and the bodies that submit one; see job.c for what is done with
 * them.
 */
#include "domain/job.h"
#include "domain/task.h"

static const char *const status_names[] = {"queued", "scheduled", "processing", "finished",
                                           "failed", "dead",      "cancelled"};
const struct enumeration job_statuses = {status_names, 7};

static const struct field fields[JOB_FIELDS] = {
    [JOB_ID] = {.name = "id",
                .type = FIELD_TEXT,
                .flags = FIELD_READ_ONLY | FIELD_STORED,
                .offset = offsetof(struct job, id),
                .description = "Identifier, a random UUID",
                .example = "\"3f1c7d52-8a52-4a5c-9d5b-5b2f6f7f0c11\""},
    [JOB_OPERATION] = {.name = "operation",
                       .type = FIELD_TEXT,
                       .flags = FIELD_REQUIRED | FIELD_STORED,
                       .offset = offsetof(struct job, operation),
                       .maximum = 64,
                       .description = "What to do: reverse, count_words, count_letters, "
                                      "uppercase, lowercase, or what a worker has brought along",
                       .example = "\"reverse\""},
    [JOB_DATA] = {.name = "data",
                  .type = FIELD_TEXT,
                  .flags = FIELD_REQUIRED | FIELD_WRITE_ONLY,
                  .offset = offsetof(struct job, data),
                  .maximum = JOB_DATA_LIMIT,
                  .description = "What to do it with",
                  .example = "\"Hello, world\""},
    [JOB_STATUS] = {.name = "status",
                    .type = FIELD_ENUM,
                    .flags = FIELD_READ_ONLY | FIELD_STORED,
                    .offset = offsetof(struct job, status),
                    .values = &job_statuses,
                    .description = "How far it is; a failed one will be tried again, a dead one "
                                   "will not"},
    [JOB_RESULT] = {.name = "result",
                    .type = FIELD_TEXT,
                    .flags = FIELD_NULLABLE | FIELD_READ_ONLY | FIELD_STORED,
                    .offset = offsetof(struct job, result),
                    .description = "What came of it; null until it is finished",
                    .example = "\"dlrow ,olleH\""},
    [JOB_ERROR] = {.name = "error",
                   .type = FIELD_TEXT,
                   .flags = FIELD_NULLABLE | FIELD_READ_ONLY | FIELD_STORED,
                   .offset = offsetof(struct job, error),
                   .description = "Why the last attempt failed"},
    [JOB_PRIORITY] = {.name = "priority",
                      .type = FIELD_ENUM,
                      .flags = FIELD_STORED,
                      .offset = offsetof(struct job, priority),
                      .values = &task_priorities,
                      .description = "Each step goes ahead of what came up to a minute earlier",
                      .default_value = "\"medium\""},
    [JOB_RUN_AT] = {.name = "run_at",
                    .type = FIELD_TIMESTAMP,
                    .flags = FIELD_NULLABLE | FIELD_STORED,
                    .offset = offsetof(struct job, run_at),
                    .description = "Not before this time; of a failed one, when it is tried again",
                    .example = "\"2030-01-31T08:00:00.000Z\""},
    [JOB_UNIQUE_KEY] = {.name = "unique_key",
                        .type = FIELD_TEXT,
                        .flags = FIELD_NULLABLE | FIELD_STORED,
                        .offset = offsetof(struct job, unique_key),
                        .minimum = 1,
                        .maximum = 255,
                        .description = "While a job of yours with this key is not over, "
                                       "submitting answers that one",
                        .example = "\"report-2030-01\""},
    [JOB_ATTEMPTS] = {.name = "attempts",
                      .type = FIELD_INTEGER,
                      .flags = FIELD_READ_ONLY | FIELD_STORED,
                      .offset = offsetof(struct job, attempts),
                      .description = "How often it was begun"},
    [JOB_MAX_ATTEMPTS] = {.name = "max_attempts",
                          .type = FIELD_INTEGER,
                          .flags = FIELD_NULLABLE | FIELD_STORED,
                          .offset = offsetof(struct job, max_attempts),
                          .minimum = 1,
                          .maximum = JOB_ATTEMPTS_LIMIT,
                          .description = "How often it is tried; JOB_MAX_ATTEMPTS where it does "
                                         "not say"},
    [JOB_PROGRESS] = {.name = "progress",
                      .type = FIELD_INTEGER,
                      .flags = FIELD_READ_ONLY | FIELD_STORED,
                      .offset = offsetof(struct job, progress),
                      .description = "Per cent, as far as the operation tells"},
    [JOB_USER_ID] = {.name = "user_id",
                     .type = FIELD_INTEGER,
                     .flags = FIELD_NULLABLE | FIELD_READ_ONLY | FIELD_STORED,
                     .offset = offsetof(struct job, user_id),
                     .description = "Who submitted it; null for the server itself"},
    [JOB_CREATED_AT] = {.name = "created_at",
                        .type = FIELD_TIMESTAMP,
                        .flags = FIELD_READ_ONLY | FIELD_STORED,
                        .offset = offsetof(struct job, created_at)},
    [JOB_STARTED_AT] = {.name = "started_at",
                        .type = FIELD_TIMESTAMP,
                        .flags = FIELD_NULLABLE | FIELD_READ_ONLY | FIELD_STORED,
                        .offset = offsetof(struct job, started_at),
                        .description = "When it was begun for the first time"},
    [JOB_FINISHED_AT] = {.name = "finished_at",
                         .type = FIELD_TIMESTAMP,
                         .flags = FIELD_NULLABLE | FIELD_READ_ONLY | FIELD_STORED,
                         .offset = offsetof(struct job, finished_at),
                         .description = "When it was over"},
};

static void init_job(void *structure)
{
    struct job *job = structure;
    job->priority = PRIORITY_MEDIUM;
    job->run_at = FIELD_INTEGER_NULL;
    job->max_attempts = FIELD_INTEGER_NULL;
    job->user_id = FIELD_INTEGER_NULL;
    job->started_at = FIELD_INTEGER_NULL;
    job->finished_at = FIELD_INTEGER_NULL;
}

const struct schema job_schema = {
    .name = "Job",
    .description = "Work that is done in the background",
    SCHEMA_FIELDS(fields),
    .size = sizeof(struct job),
    .init = init_job,
};

const struct body job_create_body = {
    .name = "JobCreate",
    .schema = &job_schema,
    .mode = DECODE_CREATE,
};

const struct body job_short_body = {
    .name = "JobSubmission",
    .schema = &job_schema,
    .mode = DECODE_CREATE,
    .fields = FIELD_BIT(JOB_OPERATION) | FIELD_BIT(JOB_DATA),
};
