#include "domain/job_topology.h"

#include "queue/link.h"

enum {
    DELIVERY_LIMIT = 10,       /* of a message that nobody settles */
    DEAD_LETTER_LIMIT = 10000, /* messages; the oldest go */
};

#define QUEUE_PREFIX JOB_EXCHANGE "."

int job_topology_declare(struct queue_link *link)
{
    static const struct {
        const char *name;
        enum queue_exchange_type type;
    } exchanges[] = {
        {JOB_EXCHANGE, QUEUE_DIRECT},
        {JOB_RESULTS, QUEUE_FANOUT},
        {JOB_DEAD_LETTERS, QUEUE_FANOUT},
    };
    static const struct queue_declaration queues[] = {
        {.name = JOB_DEAD_LETTERS,
         .exchange = JOB_DEAD_LETTERS,
         .key = "",
         .length_limit = DEAD_LETTER_LIMIT},
        {.name = JOB_REJECTED, .exchange = JOB_DEAD_LETTERS, .key = ""},
        {.name = JOB_RESULTS, .exchange = JOB_RESULTS, .key = "", .dead_letters = JOB_DEAD_LETTERS},
    };
    int error = 0;
    for (size_t i = 0; error >= 0 && i < sizeof exchanges / sizeof exchanges[0]; i++)
        error = queue_link_declare_exchange(link, exchanges[i].name, exchanges[i].type);
    for (size_t i = 0; error >= 0 && i < sizeof queues / sizeof queues[0]; i++)
        error = queue_link_declare(link, &queues[i]);
    return error < 0 ? error : 0;
}

const char *job_topology_queue(struct arena *arena, struct text operation)
{
    return arena_format(arena, QUEUE_PREFIX "%.*s", TEXT_ARGUMENTS(operation)).data;
}

struct text job_topology_operation(struct text queue)
{
    const struct text prefix = TEXT(QUEUE_PREFIX);
    if (!text_starts_with(queue, prefix))
        return TEXT_NULL;
    return (struct text){queue.data + prefix.length, queue.length - prefix.length};
}

int job_topology_declare_operation(struct queue_link *link, struct arena *arena,
                                   struct text operation)
{
    const struct queue_declaration declaration = {
        .name = job_topology_queue(arena, operation),
        .exchange = JOB_EXCHANGE,
        .key = arena_copy(arena, operation).data,
        .dead_letters = JOB_DEAD_LETTERS,
        .delivery_limit = DELIVERY_LIMIT,
    };
    return queue_link_declare(link, &declaration);
}
