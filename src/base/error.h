/*
 * error.h: the error codes that functions of errand return.
 *
 * A function that can fail returns int: 0 (or a count) on success, one of these negative codes
 * otherwise. Outputs are written only on success. Library code does not log: the code travels up
 * to whoever handles it, and that place logs it once.
 */
#ifndef ERRAND_BASE_ERROR_H
#define ERRAND_BASE_ERROR_H

enum error {
    ERROR_INVALID = -1,      /* the input breaks a rule; problems (schema/problem.h) say which */
    ERROR_NOT_FOUND = -2,    /* no such row, file or key */
    ERROR_FORBIDDEN = -3,    /* it exists, but not for this caller */
    ERROR_CONFLICT = -4,     /* a unique value is taken, or a rule about other rows is broken */
    ERROR_STALE = -5,        /* the caller's version is not the current one */
    ERROR_UNAUTHORIZED = -6, /* the credentials do not hold */
    ERROR_BUSY = -7,         /* a bounded queue is full: try again later */
    ERROR_UNAVAILABLE = -8,  /* a part that is needed (database, network) is out of reach */
    ERROR_TIMEOUT = -9,      /* the deadline passed first */
    ERROR_CANCELLED = -10,   /* the wait was cancelled: the loop is shutting down */
    ERROR_TOO_LARGE = -11,   /* a buffer's or a body's limit was reached */
    ERROR_IO = -12,          /* the operating system refused; the message was logged or reported */
    ERROR_INTERNAL = -13,    /* a defect of ours or of the stored data */
    ERROR_REPEATED = -14,    /* it was carried out before; the answer is kept */
};

/* error_text: a short English description of `error`; never NULL. Any thread. */
const char *error_text(int error);

#endif
