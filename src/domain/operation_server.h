/*
 * operation_server.h: what the server does in the background for itself, as jobs.
 *
 * Nobody can submit these; they are ordered by job_order (job.h) with the change that makes them
 * necessary, or by the schedule (schedule.h). To add one: a name here, a row in operation_server.c
 * and its function, which may be carried out more than once.
 */
#ifndef ERRAND_DOMAIN_OPERATION_SERVER_H
#define ERRAND_DOMAIN_OPERATION_SERVER_H

#include "domain/operation.h"
#include "domain/services.h"

#define OPERATION_BACKGROUND_TASK "background_task" /* for show: it only ends */
#define OPERATION_LOG_TASKS "log_tasks"             /* the task log of a day, the data */
#define OPERATION_SWEEP_JOBS "sweep_jobs"           /* the end of old jobs */
#define OPERATION_COLLECT_FILES "collect_files"     /* bytes that no file needs any more */
#define OPERATION_NOTIFY "notify"                   /* tells of a completed task, the data */

/* operation_server_add: adds them to the table of a process with these services, which need not be
 * complete yet. */
void operation_server_add(struct operations *operations, struct services *services);

#endif
