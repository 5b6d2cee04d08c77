#include "domain/file_sweep.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/log.h"
#include "base/memory.h"
#include "blob/blob.h"
#include "db/db.h"
#include "domain/file.h"

struct file_sweep {
    struct services *services;
    bool has_thread;
    pthread_t thread;
    atomic_bool stop;
};

struct known {
    struct text blob;
    int64_t count;
};

static int run_is_known(struct db_connection *connection, void *argument)
{
    struct known *known = argument;
    return db_query_integer(connection, TEXT("SELECT count(*) FROM files WHERE blob = $1"),
                            DB_VALUES(db_text(known->blob)), &known->count);
}

static int is_known(void *context, struct text name)
{
    struct file_sweep *sweep = context;
    struct known known = {.blob = name};
    if (atomic_load(&sweep->stop))
        return ERROR_CANCELLED;
    int error = db_read(sweep->services->db, DB_LIGHT, run_is_known, &known);
    return error < 0 ? error : known.count > 0;
}

static int sweep_all(struct file_sweep *sweep)
{
    struct services *services = sweep->services;
    const struct blob_census census = {is_known, sweep, blobs_spared_since(services->blobs)};
    int removed = blobs_sweep(services->blobs, &census);
    if (removed < 0)
        return removed;
    if (removed > 0)
        log_info("removed %d files that no task has", removed);
    int64_t collected;
    return file_collect(services, &collected);
}

static void *sweep_main(void *argument)
{
    struct file_sweep *sweep = argument;
    int error = sweep_all(sweep);
    if (error < 0 && error != ERROR_CANCELLED)
        log_warning("files that no task has are left to the next start: %s", error_text(error));
    return NULL;
}

static int start(struct file_sweep *sweep)
{
    struct blobs *blobs = sweep->services->blobs;
    int error = blobs_sweep_folder(blobs);
    if (error < 0)
        return error;
    if (!blobs_are_shared(blobs))
        return sweep_all(sweep);
    if (pthread_create(&sweep->thread, NULL, sweep_main, sweep) != 0)
        return ERROR_UNAVAILABLE;
    sweep->has_thread = true;
    pthread_setname_np(sweep->thread, "errand-sweep");
    return 0;
}

int file_sweep_start(struct file_sweep **ret_sweep, struct services *services)
{
    struct file_sweep *sweep = memory_allocate(sizeof *sweep);
    sweep->services = services;
    int error = start(sweep);
    if (error < 0)
        free(sweep);
    else
        *ret_sweep = sweep;
    return error;
}

void file_sweep_stop(struct file_sweep *sweep)
{
    if (sweep == NULL)
        return;
    atomic_store(&sweep->stop, true);
    if (sweep->has_thread)
        pthread_join(sweep->thread, NULL);
    free(sweep);
}
