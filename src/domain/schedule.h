/*
 * schedule.h: what happens at regular times.
 *
 * An entry is one row of the table in schedule.c: an operation of the server's own
 * (operation_server.h) and a period; whenever a period begins (days at 00:00 UTC), a job of that
 * operation is ordered, with the number of the period since 1970 as its data. The table `schedule`
 * keeps the last period of each entry, and it is moved in the transaction that orders the job: of
 * several servers over one database exactly one orders it, and it is never lost nor ordered twice.
 *
 * Periods that passed while no server ran are made up for, the oldest first, as far as the entry
 * says. An entry that has never run starts with the period that it is.
 */
#ifndef ERRAND_DOMAIN_SCHEDULE_H
#define ERRAND_DOMAIN_SCHEDULE_H

#include "domain/services.h"

struct schedule;

/* schedule_start: starts the thread that looks what is due. ERROR_UNAVAILABLE. `services` is
 * borrowed until schedule_stop. */
int schedule_start(struct schedule **ret_schedule, struct services *services);

/* schedule_stop: ends the thread. Takes NULL. */
void schedule_stop(struct schedule *schedule);

#endif
