#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "db/postgres.h"

/* What to make of an error by its SQLSTATE, or by the first two characters of it, the class. */
struct meaning {
    const char *code;
    int error;
    enum postgres_state state;
    bool quiet; /* the caller mends it: nothing for the log */
};

static const struct meaning meanings[] = {
    {"40001", ERROR_UNAVAILABLE, POSTGRES_REPEATED, true}, /* serialization failure */
    {"40P01", ERROR_UNAVAILABLE, POSTGRES_REPEATED, true}, /* deadlock */
    {"23", ERROR_CONFLICT, POSTGRES_FAILED, true},         /* a constraint */
    {"57014", ERROR_UNAVAILABLE, POSTGRES_FAILED, false},  /* statement_timeout */
    {"57P", ERROR_UNAVAILABLE, POSTGRES_LOST, false},      /* shutdown, crash, still starting */
    {"25006", ERROR_UNAVAILABLE, POSTGRES_LOST, false},    /* it has become read-only */
    {"25P03", ERROR_UNAVAILABLE, POSTGRES_LOST, false},    /* idle in a transaction for too long */
    {"08", ERROR_UNAVAILABLE, POSTGRES_LOST, false},       /* the connection */
    {"53", ERROR_UNAVAILABLE, POSTGRES_FAILED, false},     /* disk, memory, connections */
    {"55P03", ERROR_UNAVAILABLE, POSTGRES_FAILED, false},  /* lock_timeout */
    {"58", ERROR_UNAVAILABLE, POSTGRES_FAILED, false},     /* the server's own files */
    {"", ERROR_INTERNAL, POSTGRES_FAILED, false},
};

static const struct meaning *meaning_of(const char *code)
{
    const struct meaning *meaning = meanings;
    while (strncmp(code, meaning->code, strlen(meaning->code)) != 0)
        meaning++;
    return meaning;
}

void postgres_fail(struct postgres_connection *connection, const PGresult *result, struct text sql)
{
    if (connection->state != POSTGRES_WELL)
        return; /* the first one counts */
    const char *code = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *words = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    if (code == NULL) { /* libpq's own: the connection broke */
        postgres_lose(connection, ERROR_UNAVAILABLE, PQresultErrorMessage(result));
        return;
    }
    const struct meaning *meaning = meaning_of(code);
    /* Data exceptions quote the data; the detail of any error may. */
    if (words == NULL || strncmp(code, "22", 2) == 0)
        words = "bad data";
    if (meaning->error == ERROR_INTERNAL)
        log_error("database: %s (%s) in: %.*s", words, code, TEXT_ARGUMENTS(sql));
    else if (!meaning->quiet)
        log_error("database: %s (%s)", words, code);
    connection->state = meaning->state;
    connection->error = meaning->error;
}

int postgres_lose(struct postgres_connection *connection, int error, const char *reason)
{
    if (connection->state != POSTGRES_LOST && reason != NULL)
        log_warning("database: %.*s", (int)strcspn(reason, "\n"), reason);
    connection->state = POSTGRES_LOST;
    connection->error = error;
    return error;
}
