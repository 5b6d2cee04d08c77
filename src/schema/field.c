#include "schema/field.h"

int64_t enumeration_find(const struct enumeration *values, struct text name)
{
    for (size_t rank = 0; rank < values->count; rank++) {
        if (text_is(name, values->names[rank]))
            return (int64_t)rank;
    }
    return -1;
}

int64_t enumeration_find_ignoring_case(const struct enumeration *values, struct text name)
{
    for (size_t rank = 0; rank < values->count; rank++) {
        if (text_equal_ignoring_case(name, text_from(values->names[rank])))
            return (int64_t)rank;
    }
    return -1;
}
