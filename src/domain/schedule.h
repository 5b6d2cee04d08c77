/*
 * schedule.h: what happens every day at 00:00 UTC.
 *
 * A job is one row of the table in schedule.c: a name and a function of the day. The table
 * `schedule` keeps the last day that each was done for. A thread does what is due when it starts
 * and whenever a day begins: first the days that were missed while no server ran, the oldest first
 * and at most SCHEDULE_CATCH_UP of them, then today. A job that has never been done starts with
 * today. A day is marked as done after it is done, so a crash in between has it done again; jobs
 * are written so that this changes nothing.
 */
#ifndef ERRAND_DOMAIN_SCHEDULE_H
#define ERRAND_DOMAIN_SCHEDULE_H

#include "domain/services.h"

enum { SCHEDULE_CATCH_UP = 31 };

struct schedule;

/* schedule_start: starts the thread. ERROR_UNAVAILABLE. `services` is borrowed until
 * schedule_stop. */
int schedule_start(struct schedule **ret_schedule, struct services *services);

/* schedule_stop: ends the thread, and a job that is running after its next transaction. Takes
 * NULL. */
void schedule_stop(struct schedule *schedule);

#endif
