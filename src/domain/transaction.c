#include "domain/transaction.h"

#include "runtime/wake.h"

struct hooked {
    struct transaction_hook *hook;
    db_fn *fn;
    void *argument;
};

static int run_hooked(struct db_connection *connection, void *argument)
{
    const struct hooked *hooked = argument;
    int error = hooked->hook->before(connection, hooked->hook);
    if (error < 0)
        return error;
    int result = hooked->fn(connection, hooked->argument);
    if (result < 0)
        return result;
    error = hooked->hook->after(connection, hooked->hook);
    return error < 0 ? error : result;
}

void transaction_announce(struct services *services)
{
    if (services->wake != NULL)
        wake_publish(services->wake, WAKE_EVENTS, TEXT_NULL);
}

int transaction_write(struct services *services, const struct actor *actor, db_fn *fn,
                      void *argument)
{
    struct hooked hooked = {actor->hook, fn, argument};
    int result = actor->hook == NULL ? db_write(services->db, fn, argument)
                                     : db_write(services->db, run_hooked, &hooked);
    if (result >= 0)
        transaction_announce(services);
    return result;
}
