#include "domain/transaction.h"

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

int transaction_write(struct services *services, const struct actor *actor, db_fn *fn,
                      void *argument)
{
    if (actor->hook == NULL)
        return db_write(services->db, fn, argument);
    struct hooked hooked = {actor->hook, fn, argument};
    return db_write(services->db, run_hooked, &hooked);
}
