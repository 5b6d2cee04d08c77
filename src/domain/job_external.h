/*
 * job_external.h: jobs that others carry out.
 *
 * A job of an external operation stays queued while its message is with the broker or with whoever
 * consumes it: the broker knows better who is alive. Their answer leases and ends the job in one
 * transaction, so that the first one counts, with the events and retries of any other job. An
 * answer to an earlier attempt has an old fence, and changes nothing.
 */
#ifndef ERRAND_DOMAIN_JOB_EXTERNAL_H
#define ERRAND_DOMAIN_JOB_EXTERNAL_H

#include "domain/services.h"

struct job_answer;
struct job_message;
struct operations;

/* job_external_add: adds the operations that JOB_EXTERNAL_OPERATIONS names. ERROR_INVALID or
 * ERROR_CONFLICT with a message for the user. */
int job_external_add(struct operations *operations, const char *names, struct arena *arena,
                     struct text *ret_message);

/* job_external_answer: ends the job as the answer says; an answer that comes too late is passed
 * over. ERROR_INVALID when there is no such job, or it is not carried out by others. */
int job_external_answer(struct services *services, struct arena *arena,
                        const struct job_answer *answer);

/* job_external_bury: the broker has put the job's message aside. One that others carry out is dead;
 * any other is published again. */
int job_external_bury(struct services *services, struct arena *arena,
                      const struct job_message *message);

#endif
