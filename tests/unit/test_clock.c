/*
 * test_clock.c: dates and instants, as text and back.
 */
#include "base/clock.h"

#include <stdio.h>

#include "base/error.h"
#include "support.h"

#define FIRST_DAY INT64_C(-719162) /* 0001-01-01 */
#define LAST_DAY INT64_C(2932896)  /* 9999-12-31 */

TEST(knows_the_calendar)
{
    static const struct {
        const char *date;
        int64_t days;
    } rows[] = {
        {"0001-01-01", FIRST_DAY}, {"1600-02-29", -135081},  {"1900-02-28", -25509},
        {"1900-03-01", -25508},    {"1969-12-31", -1},       {"1970-01-01", 0},
        {"2000-02-29", 11016},     {"2000-03-01", 11017},    {"2024-02-29", 19782},
        {"2024-12-31", 20088},     {"9999-12-31", LAST_DAY},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int64_t days;
        assert_int_equal(clock_parse_date(text_from(rows[i].date), &days), 0);
        assert_int_equal(days, rows[i].days);
        char formatted[CLOCK_DATE_SIZE];
        clock_format_date(days, formatted);
        assert_string_equal(formatted, rows[i].date);
    }
}

TEST(refuses_what_is_no_date)
{
    static const struct text rows[] = {
        BYTES("1900-02-29"),  BYTES("2100-02-29"),  BYTES("2023-02-29"),
        BYTES("2025-02-30"),  BYTES("2025-04-31"),  BYTES("2025-00-10"),
        BYTES("2025-13-01"),  BYTES("2025-01-00"),  BYTES("2025-01-32"),
        BYTES("0000-01-01"),  BYTES("10000-01-01"), BYTES("2025-1-01"),
        BYTES("2025-01-1"),   BYTES("2025/01/01"),  BYTES("20250101"),
        BYTES("2025-01-01 "), BYTES(" 2025-01-01"), BYTES("2025-01-01T"),
        BYTES("-001-01-01"),  BYTES("+025-01-01"),  BYTES(""),
        BYTES("2025"),        BYTES("2025-01"),     BYTES("2025-01-0\0"),
        BYTES("tomorrow"),
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int64_t days = 42;
        assert_int_equal(clock_parse_date(rows[i], &days), ERROR_INVALID);
        assert_int_equal(days, 42);
    }
    int64_t days;
    assert_int_equal(clock_parse_date(TEXT_NULL, &days), ERROR_INVALID);
}

/* Walks the calendar by its rules, a day at a time, beside the arithmetic. */
TEST(formats_every_day_in_order)
{
    int year = 1;
    int month = 1;
    int day = 1;
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    for (int64_t days = FIRST_DAY; days <= LAST_DAY; days++) {
        char expected[64];
        char formatted[CLOCK_DATE_SIZE];
        snprintf(expected, sizeof expected, "%04d-%02d-%02d", year, month, day);
        clock_format_date(days, formatted);
        assert_string_equal(formatted, expected);
        bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        if (++day > lengths[month - 1] + (month == 2 && leap ? 1 : 0)) {
            day = 1;
            month++;
        }
        if (month > 12) {
            month = 1;
            year++;
        }
    }
    assert_int_equal(year, 10000);
}

TEST(any_instant_comes_back_to_the_millisecond)
{
    struct dice dice = {7};
    for (int i = 0; i < 200000; i++) {
        int64_t instant =
            dice_between(&dice, FIRST_DAY * CLOCK_DAY, (LAST_DAY + 1) * CLOCK_DAY - 1);
        int64_t remainder = instant % CLOCK_MILLISECOND;
        int64_t floor = instant - remainder - (remainder < 0 ? CLOCK_MILLISECOND : 0);
        char formatted[CLOCK_TIMESTAMP_SIZE];
        clock_format_timestamp(instant, formatted);
        int64_t parsed;
        assert_int_equal(clock_parse_timestamp(text_from(formatted), &parsed), 0);
        assert_int_equal(parsed, floor);
    }
}

TEST(formats_instants_before_and_after_the_epoch)
{
    static const struct {
        int64_t instant;
        const char *expected;
    } rows[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {-1, "1969-12-31T23:59:59.999Z"},
        {-CLOCK_DAY, "1969-12-31T00:00:00.000Z"},
        {999, "1970-01-01T00:00:00.000Z"},
        {1748097300123456, "2025-05-24T14:35:00.123Z"},
        {(LAST_DAY + 1) * CLOCK_DAY - 1, "9999-12-31T23:59:59.999Z"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char formatted[CLOCK_TIMESTAMP_SIZE];
        clock_format_timestamp(rows[i].instant, formatted);
        assert_string_equal(formatted, rows[i].expected);
    }
}

TEST(reads_timestamps_with_fractions_and_offsets)
{
    const int64_t noon = INT64_C(1748088000) * CLOCK_SECOND; /* 2025-05-24T12:00:00Z */
    const struct {
        const char *text;
        int64_t instant;
    } rows[] = {
        {"2025-05-24T12:00:00Z", noon},
        {"2025-05-24t12:00:00z", noon},
        {"2025-05-24 12:00:00", noon},
        {"2025-05-24T12:00:00", noon},
        {"2025-05-24T12:00:00.5Z", noon + 500000},
        {"2025-05-24T12:00:00.000001Z", noon + 1},
        {"2025-05-24T12:00:00.1234569999Z", noon + 123456},
        {"2025-05-24T12:00:00+00:00", noon},
        {"2025-05-24T12:00:00-00:00", noon},
        {"2025-05-24T14:00:00+02:00", noon},
        {"2025-05-24T06:30:00-05:30", noon},
        {"2025-05-25T01:45:00.25+13:45", noon + 250000},
        {"2025-05-23T12:01:00-23:59", noon},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int64_t instant;
        assert_int_equal(clock_parse_timestamp(text_from(rows[i].text), &instant), 0);
        assert_int_equal(instant, rows[i].instant);
    }
}

TEST(refuses_what_is_no_timestamp)
{
    static const char *const rows[] = {
        "",
        "2025-05-24",
        "2025-05-24T",
        "2025-05-24T12",
        "2025-05-24T12:",
        "2025-05-24T12:00:",
        "2025-05-24T24:00:00Z",
        "2025-05-24T12:60:00Z",
        "2025-05-24T12:00:61Z",
        "2025-05-24T12:00:00.Z",
        "2025-05-24T12:00:00.x",
        "2025-05-24T12:00:00X",
        "2025-05-24T12:00:00ZZ",
        "2025-05-24T12:00:00 Z",
        "2025-05-24T12:00:00+2:00",
        "2025-05-24T12:00:00+0200",
        "2025-05-24T12:00:00+24:00",
        "2025-05-24T12:00:00+02:60",
        "2025-05-24T12:00:00+",
        "2025-02-30T12:00:00Z",
        "2025-05-24_12:00:00Z",
        "2025-05-24T1:00:00Z",
        "2025-05-24T-1:00:00Z",
        "1748088000",
        "now",
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int64_t instant = 42;
        assert_int_equal(clock_parse_timestamp(text_from(rows[i]), &instant), ERROR_INVALID);
        assert_int_equal(instant, 42);
    }
}

/* Such an instant has no date of four digits in UTC: it could not be shown again. */
TEST(refuses_instants_that_an_offset_moves_out_of_the_years)
{
    int64_t instant;
    assert_int_equal(clock_parse_timestamp(TEXT("0001-01-01T00:00:00+00:01"), &instant),
                     ERROR_INVALID);
    assert_int_equal(clock_parse_timestamp(TEXT("9999-12-31T23:59:59-00:01"), &instant),
                     ERROR_INVALID);
    assert_int_equal(clock_parse_timestamp(TEXT("0001-01-01T00:00:00-00:01"), &instant), 0);
    assert_int_equal(clock_parse_timestamp(TEXT("9999-12-31T23:59:59+00:01"), &instant), 0);
}

TEST(clocks_run_forwards)
{
    int64_t before = clock_monotonic();
    assert_true(clock_monotonic() >= before);
    assert_true(clock_now() > INT64_C(1700000000) * CLOCK_SECOND);
}

UNIT_TESTS(cmocka_unit_test(knows_the_calendar), cmocka_unit_test(refuses_what_is_no_date),
           cmocka_unit_test(formats_every_day_in_order),
           cmocka_unit_test(any_instant_comes_back_to_the_millisecond),
           cmocka_unit_test(formats_instants_before_and_after_the_epoch),
           cmocka_unit_test(reads_timestamps_with_fractions_and_offsets),
           cmocka_unit_test(refuses_what_is_no_timestamp),
           cmocka_unit_test(refuses_instants_that_an_offset_moves_out_of_the_years),
           cmocka_unit_test(clocks_run_forwards))
