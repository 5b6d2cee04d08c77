/*
 * clock.h: time and dates.
 *
 * An instant is an int64_t of microseconds since 1970-01-01T00:00:00Z, a date an int64_t of days
 * since 1970-01-01. Dates are of the proleptic Gregorian calendar, years 0001 to 9999.
 * Every function may be called from any thread.
 */
#ifndef ERRAND_BASE_CLOCK_H
#define ERRAND_BASE_CLOCK_H

#include <stdint.h>

#include "base/text.h"

enum {
    CLOCK_TIMESTAMP_SIZE = 25, /* "2025-05-24T14:35:00.000Z" and its NUL */
    CLOCK_DATE_SIZE = 11,      /* "2025-05-24" and its NUL */
};

#define CLOCK_MILLISECOND INT64_C(1000)
#define CLOCK_SECOND INT64_C(1000000)
#define CLOCK_MINUTE (60 * CLOCK_SECOND)
#define CLOCK_HOUR (60 * CLOCK_MINUTE)
#define CLOCK_DAY (24 * CLOCK_HOUR)

/* clock_now: the wall clock. */
int64_t clock_now(void);

/* clock_monotonic: microseconds that never run backwards; only differences mean anything. */
int64_t clock_monotonic(void);

/* clock_format_timestamp: RFC 3339 in UTC with milliseconds. */
void clock_format_timestamp(int64_t microseconds, char buffer[static CLOCK_TIMESTAMP_SIZE]);

/* clock_format_date: YYYY-MM-DD. */
void clock_format_date(int64_t days, char buffer[static CLOCK_DATE_SIZE]);

/* clock_parse_date: exactly YYYY-MM-DD and a day that exists; ERROR_INVALID otherwise. */
int clock_parse_date(struct text text, int64_t *ret_days);

/* clock_parse_timestamp: RFC 3339 with 'T' or a space, an optional fraction (digits beyond
 * microseconds are dropped) and 'Z' or an offset; without one, UTC. ERROR_INVALID otherwise. */
int clock_parse_timestamp(struct text text, int64_t *ret_microseconds);

#endif
