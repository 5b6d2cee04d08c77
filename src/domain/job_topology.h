/*
 * job_topology.h: what there is for jobs at the broker.
 *
 *     exchange                key            queue
 *     errand.jobs (direct)    reverse        errand.jobs.reverse     one for each operation
 *     errand.results (fanout)                errand.results          what others have done
 *     errand.dead (fanout)                   errand.dead             rejected messages, for people
 *                                            errand.rejected         the same, for errand
 *
 * All of it is durable, and the queues are quorum queues. What is there already is taken as it is,
 * so an administrator may make a queue with other arguments beforehand.
 */
#ifndef ERRAND_DOMAIN_JOB_TOPOLOGY_H
#define ERRAND_DOMAIN_JOB_TOPOLOGY_H

#include "base/arena.h"

struct queue_link;

#define JOB_EXCHANGE "errand.jobs"
#define JOB_RESULTS "errand.results"   /* an exchange and a queue */
#define JOB_DEAD_LETTERS "errand.dead" /* likewise */
#define JOB_REJECTED "errand.rejected"

/* Both return ERROR_UNAVAILABLE when the link fails. */

/* job_topology_declare: everything but the queues of operations. */
int job_topology_declare(struct queue_link *link);

/* job_topology_declare_operation: the queue of an operation. 1 when it was there, 0 when not. */
int job_topology_declare_operation(struct queue_link *link, struct arena *arena,
                                   struct text operation);

/* job_topology_queue: its name. */
const char *job_topology_queue(struct arena *arena, struct text operation);

/* job_topology_operation: the operation of a queue; the null text for another queue. */
struct text job_topology_operation(struct text queue);

#endif
