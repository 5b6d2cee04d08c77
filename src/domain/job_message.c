#include "domain/job_message.h"

#include "base/buffer.h"
#include "base/error.h"
#include "base/json.h"
#include "domain/job.h"
#include "schema/json_tree.h"

/* Escaped, each byte of the data may take six. */
enum { MESSAGE_LIMIT = 1024 + 6 * 4 * JOB_DATA_LIMIT };

struct text job_message_write(struct arena *arena, const struct job_message *message)
{
    struct buffer buffer;
    struct json json;
    buffer_init(&buffer, arena, MESSAGE_LIMIT);
    json_init(&json, &buffer);
    json_begin_object(&json);
    json_key(&json, "id");
    json_put_text(&json, message->id);
    json_key(&json, "operation");
    json_put_text(&json, message->operation);
    json_key(&json, "data");
    json_put_text(&json, message->data);
    json_key(&json, "attempt");
    json_put_integer(&json, message->attempt);
    json_key(&json, "fence");
    json_put_integer(&json, message->fence);
    json_end_object(&json);
    return buffer_text(&buffer);
}

static struct text text_of(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    if (!json_is_string(value))
        return TEXT_NULL;
    return (struct text){json_string_value(value), json_string_length(value)};
}

/* Reads what both kinds of message begin with. */
static int read_head(struct arena *arena, struct text body, const json_t **ret_object,
                     struct text *ret_id, int64_t *ret_fence)
{
    const json_t *object;
    if (json_tree_parse(arena, body, &object, NULL) < 0 || !json_is_object(object))
        return ERROR_INVALID;
    struct text id = text_of(object, "id");
    if (!job_is_id(id))
        return ERROR_INVALID;
    const json_t *fence = json_object_get(object, "fence");
    if (fence != NULL && !json_is_null(fence) && !json_is_integer(fence))
        return ERROR_INVALID;
    *ret_object = object;
    *ret_id = id;
    *ret_fence = json_is_integer(fence) ? json_integer_value(fence) : FIELD_INTEGER_NULL;
    return 0;
}

int job_message_read(struct arena *arena, struct text body, struct job_message *ret_message)
{
    const json_t *object;
    struct job_message message = {0};
    int error = read_head(arena, body, &object, &message.id, &message.fence);
    if (error < 0)
        return error;
    message.operation = text_of(object, "operation");
    if (message.operation.data == NULL)
        return ERROR_INVALID;
    *ret_message = message;
    return 0;
}

int job_answer_read(struct arena *arena, struct text body, struct job_answer *ret_answer)
{
    const json_t *object;
    struct job_answer answer;
    int error = read_head(arena, body, &object, &answer.id, &answer.fence);
    if (error < 0)
        return error;
    answer.result = text_of(object, "result");
    answer.error = text_of(object, "error");
    answer.permanent = json_is_true(json_object_get(object, "permanent"));
    if ((answer.result.data == NULL) == (answer.error.data == NULL))
        return ERROR_INVALID;
    *ret_answer = answer;
    return 0;
}
