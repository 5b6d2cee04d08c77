/*
 * import.h: a CSV file in a request, on its way into domain/task_import.h while it arrives.
 */
#ifndef ERRAND_API_IMPORT_H
#define ERRAND_API_IMPORT_H

#include "domain/task_import.h"
#include "http/request.h"

/* import_request: imports the field `file` of a form, or, where `plain` is set, a body of the type
 * text/csv. The request's route streams; `render` makes its answer of the struct task_import_report
 * (reply_when_done). ERROR_INVALID with problems when there is no such file. */
int import_request(struct request *request, const struct task_import_format *format,
                   enum task_import_mode mode, bool plain,
                   int (*render)(struct request *request, const void *report));

/* import_limit: for route.streams. */
uint64_t import_limit(const struct config *config);

/* The rows that are wrong, for an answer. */
extern const struct schema import_error_schema;
struct schema_list import_errors(const struct task_import_report *report);

#endif
