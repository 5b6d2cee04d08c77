/*
 * file_sweep.h: bytes that no task has: what a crash left between two steps of domain/file.h.
 *
 * The start removes them before anything else is written. Where other servers keep their files in
 * the same place (blobs_are_shared), looking through it takes its time and may go on while this one
 * serves: a thread does it then.
 */
#ifndef ERRAND_DOMAIN_FILE_SWEEP_H
#define ERRAND_DOMAIN_FILE_SWEEP_H

#include "domain/services.h"

struct file_sweep;

/* file_sweep_start: before anything is written. Errors of blobs_sweep and db_read, or
 * ERROR_UNAVAILABLE when there is no thread to be had. `services` is borrowed until
 * file_sweep_stop. */
int file_sweep_start(struct file_sweep **ret_sweep, struct services *services);

/* file_sweep_stop: ends the thread after the file it is at. Takes NULL. */
void file_sweep_stop(struct file_sweep *sweep);

#endif
