#include "base/clock.h"

#include <time.h>

#include "base/error.h"

/* 0001-01-01 and 9999-12-31 */
#define FIRST_DAY INT64_C(-719162)
#define LAST_DAY INT64_C(2932896)

static int64_t read_clock(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return now.tv_sec * CLOCK_SECOND + now.tv_nsec / 1000;
}

int64_t clock_now(void)
{
    return read_clock(CLOCK_REALTIME);
}

int64_t clock_monotonic(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

struct civil {
    int64_t year;
    int64_t month;
    int64_t day;
};

/* Both conversions are Howard Hinnant's: https://howardhinnant.github.io/date_algorithms.html.
 * A year starts in March there, so that the leap day is its last. */
static int64_t days_from_civil(struct civil civil)
{
    int64_t year = civil.year - (civil.month <= 2);
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t month_from_march = civil.month + (civil.month > 2 ? -3 : 9);
    int64_t day_of_year = (153 * month_from_march + 2) / 5 + civil.day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static struct civil civil_from_days(int64_t days)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month_from_march = (5 * day_of_year + 2) / 153;
    int64_t month = month_from_march + (month_from_march < 10 ? 3 : -9);
    return (struct civil){
        .year = year_of_era + era * 400 + (month <= 2),
        .month = month,
        .day = day_of_year - (153 * month_from_march + 2) / 5 + 1,
    };
}

static void put_digits(char *at, int64_t value, int width)
{
    for (int i = width - 1; i >= 0; i--) {
        at[i] = (char)('0' + value % 10);
        value /= 10;
    }
}

void clock_format_date(int64_t days, char buffer[static CLOCK_DATE_SIZE])
{
    struct civil civil = civil_from_days(days);
    put_digits(buffer, civil.year, 4);
    buffer[4] = '-';
    put_digits(buffer + 5, civil.month, 2);
    buffer[7] = '-';
    put_digits(buffer + 8, civil.day, 2);
    buffer[10] = '\0';
}

void clock_format_timestamp(int64_t microseconds, char buffer[static CLOCK_TIMESTAMP_SIZE])
{
    int64_t days = microseconds / CLOCK_DAY - (microseconds % CLOCK_DAY < 0);
    int64_t of_day = (microseconds - days * CLOCK_DAY) / CLOCK_MILLISECOND;
    clock_format_date(days, buffer);
    buffer[10] = 'T';
    put_digits(buffer + 11, of_day / 3600000, 2);
    buffer[13] = ':';
    put_digits(buffer + 14, of_day / 60000 % 60, 2);
    buffer[16] = ':';
    put_digits(buffer + 17, of_day / 1000 % 60, 2);
    buffer[19] = '.';
    put_digits(buffer + 20, of_day % 1000, 3);
    buffer[23] = 'Z';
    buffer[24] = '\0';
}

/* take_digits: consumes exactly `width` digits of `*rest`; -1 when they are not there. */
static int64_t take_digits(struct text *rest, size_t width)
{
    if (rest->length < width)
        return -1;
    int64_t value = 0;
    for (size_t i = 0; i < width; i++) {
        char c = rest->data[i];
        if (c < '0' || c > '9')
            return -1;
        value = value * 10 + (c - '0');
    }
    rest->data += width;
    rest->length -= width;
    return value;
}

static bool take_char(struct text *rest, char c)
{
    if (rest->length == 0 || rest->data[0] != c)
        return false;
    rest->data++;
    rest->length--;
    return true;
}

static int64_t days_in_month(int64_t year, int64_t month)
{
    static const int8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

static int take_date(struct text *rest, int64_t *ret_days)
{
    struct civil civil;
    civil.year = take_digits(rest, 4);
    bool separated = take_char(rest, '-');
    civil.month = take_digits(rest, 2);
    separated = take_char(rest, '-') && separated;
    civil.day = take_digits(rest, 2);
    if (!separated || civil.year < 1 || civil.month < 1 || civil.month > 12 || civil.day < 1 ||
        civil.day > days_in_month(civil.year, civil.month))
        return ERROR_INVALID;
    *ret_days = days_from_civil(civil);
    return 0;
}

int clock_parse_date(struct text text, int64_t *ret_days)
{
    int64_t days;
    if (take_date(&text, &days) < 0 || text.length != 0)
        return ERROR_INVALID;
    *ret_days = days;
    return 0;
}

/* take_fraction: ".123" as microseconds; 0 when there is none, -1 when no digit follows the dot. */
static int64_t take_fraction(struct text *rest)
{
    if (!take_char(rest, '.'))
        return 0;
    int64_t value = 0;
    int64_t scale = 100000;
    int64_t digit = take_digits(rest, 1);
    if (digit < 0)
        return -1;
    for (; digit >= 0; digit = take_digits(rest, 1)) {
        value += digit * scale;
        scale /= 10;
    }
    return value;
}

static int take_offset(struct text *rest, int64_t *ret_offset)
{
    *ret_offset = 0;
    if (rest->length == 0 || take_char(rest, 'Z') || take_char(rest, 'z'))
        return 0;
    int64_t sign = rest->data[0] == '-' ? -1 : 1;
    if (!take_char(rest, '+') && !take_char(rest, '-'))
        return ERROR_INVALID;
    int64_t hours = take_digits(rest, 2);
    bool separated = take_char(rest, ':');
    int64_t minutes = take_digits(rest, 2);
    if (!separated || hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
        return ERROR_INVALID;
    *ret_offset = sign * (hours * CLOCK_HOUR + minutes * CLOCK_MINUTE);
    return 0;
}

int clock_parse_timestamp(struct text text, int64_t *ret_microseconds)
{
    int64_t days;
    if (take_date(&text, &days) < 0)
        return ERROR_INVALID;
    bool separated = take_char(&text, 'T') || take_char(&text, 't') || take_char(&text, ' ');
    int64_t hours = take_digits(&text, 2);
    separated = take_char(&text, ':') && separated;
    int64_t minutes = take_digits(&text, 2);
    int64_t seconds = 0;
    if (take_char(&text, ':'))
        seconds = take_digits(&text, 2);
    int64_t fraction = take_fraction(&text);
    int64_t offset;
    if (!separated || hours < 0 || hours > 23 || minutes < 0 || minutes > 59 || seconds < 0 ||
        seconds > 59 || fraction < 0 || take_offset(&text, &offset) < 0 || text.length != 0)
        return ERROR_INVALID;
    int64_t moment = days * CLOCK_DAY + hours * CLOCK_HOUR + minutes * CLOCK_MINUTE +
                     seconds * CLOCK_SECOND + fraction - offset;
    if (moment < FIRST_DAY * CLOCK_DAY || moment >= (LAST_DAY + 1) * CLOCK_DAY)
        return ERROR_INVALID; /* the offset has moved it out of the years that can be written */
    *ret_microseconds = moment;
    return 0;
}
