/*
 * jobs.h: a migrated database with jobs in it, for the tests of how they are published and leased.
 */
#ifndef ERRAND_TESTS_JOBS_H
#define ERRAND_TESTS_JOBS_H

#include "base/clock.h"
#include "database.h"
#include "domain/job.h"
#include "domain/operation.h"

/* The moment of a test that looks at no clock. */
#define NOW (INT64_C(1000) * CLOCK_DAY)

struct jobs {
    struct database database;
    struct db *db; /* the database's */
    struct operations *operations;
    struct arena arena; /* for what a step of the test makes */
};

/* jobs_create: without jobs, and with the operations that are built in; jobs_release ends it. */
void jobs_create(struct jobs *jobs);
void jobs_release(struct jobs *jobs);

/* jobs_add: a queued job of that operation with the data "abc". Jobs are numbered from 1.
 * `assignments` is SQL for its other columns: "turn = 1, run_at = 2". */
void jobs_add(struct jobs *jobs, const char *operation, const char *assignments, ...)
    __attribute__((format(printf, 3, 4)));

/* jobs_execute: one statement, which must succeed; how many rows it changed. */
int jobs_execute(struct jobs *jobs, const char *sql);

/* jobs_value: an integer column of the job of that number; -1 for NULL. */
int64_t jobs_value(const struct jobs *jobs, int64_t number, const char *column);

#endif
