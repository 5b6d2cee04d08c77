#include "domain/event.h"

#include "base/clock.h"
#include "base/error.h"
#include "domain/row.h"

enum { CHANGES_LIMIT = 1 << 20 };

int event_append(struct db_connection *connection, struct arena *arena, const struct actor *actor,
                 const struct event *event)
{
    struct buffer changes;
    buffer_init(&changes, arena, CHANGES_LIMIT);
    struct json json;
    json_init(&json, &changes);
    row_describe_changes(event->schema, event->before, event->after, &json);
    if (buffer_overflowed(&changes))
        return ERROR_TOO_LARGE;
    struct text action = text_from(event->action);
    struct text resource_type;
    struct text rest = action;
    text_split(&rest, '.', &resource_type);
    int inserted = db_execute(
        connection,
        TEXT("INSERT INTO events (at, actor_id, action, resource_type, resource_id, "
             "request_id, changes) VALUES ($1, $2, $3, $4, $5, $6, $7)"),
        DB_VALUES(db_integer(clock_now()),
                  actor->user_id == 0 ? db_null() : db_integer(actor->user_id), db_text(action),
                  db_text(resource_type), db_integer(event->resource_id),
                  db_text(actor->request_id), db_text(buffer_text(&changes))));
    return inserted < 0 ? inserted : 0;
}
