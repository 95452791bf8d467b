/*
 * Which runs are alive. Beside `line.db` lies `line.db-runs`, an empty file; whoever runs run N
 * holds an exclusive lock on its byte N until the run has its end. The kernel drops the lock when
 * the process dies, however it dies, so a run without an end and without a lock was interrupted.
 *
 * The locks are those of the open file description (F_OFD_SETLK, fcntl(2), Linux 3.15), not of the
 * process: two stores of one process hold theirs apart, and closing one drops nothing of the other.
 * The price: a child forked without exec shares the description and keeps the lock alive as long as
 * it lives; whoever forks a guard does so before opening the record, or closes what it inherits.
 *
 * The file is never deleted by us; deleting it while a run is on makes the next writer take that
 * run for dead, and its own process is then told so when it adds to it.
 */
#define _GNU_SOURCE

#include "harness/base/mem.h"
#include "harness/store/database.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *lock_path(const struct store *store)
{
    return mem_printf("%s-runs", store->path);
}

static int lock_byte(int fd, int command, int64_t run_id, short type, short *found)
{
    struct flock lock = {
        .l_type = type, .l_whence = SEEK_SET, .l_start = (off_t)run_id, .l_len = 1};
    int result = fcntl(fd, command, &lock);

    *found = lock.l_type;
    return result;
}

enum status running_open(struct store *store, struct error *err)
{
    char *path = lock_path(store);
    enum status status = STATUS_OK;

    store->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (store->lock_fd < 0) {
        status = error_set(err, STATUS_STORE,
            "%s: the lock file of running runs cannot be opened: %s", path, strerror(errno));
    }
    free(path);
    return status;
}

void running_close(struct store *store)
{
    if (store->lock_fd >= 0) {
        close(store->lock_fd);
        store->lock_fd = -1;
    }
    free(store->running);
    store->running = NULL;
    store->running_count = 0;
}

enum status running_claim(struct store *store, int64_t run_id, struct error *err)
{
    short found;

    if (lock_byte(store->lock_fd, F_OFD_SETLK, run_id, F_WRLCK, &found) != 0) {
        return error_set(err, STATUS_STORE, "%s-runs: the lock of run %lld cannot be taken: %s",
            store->path, (long long)run_id, strerror(errno));
    }
    store->running = mem_resize(store->running, store->running_count + 1, sizeof store->running[0]);
    store->running[store->running_count++] = run_id;
    return STATUS_OK;
}

void running_release(struct store *store, int64_t run_id)
{
    short found;

    for (size_t i = 0; i < store->running_count; i++) {
        if (store->running[i] == run_id) {
            store->running[i] = store->running[--store->running_count];
            (void)lock_byte(store->lock_fd, F_OFD_SETLK, run_id, F_UNLCK, &found);
            return;
        }
    }
}

bool running_is_ours(const struct store *store, int64_t run_id)
{
    for (size_t i = 0; i < store->running_count; i++) {
        if (store->running[i] == run_id) {
            return true;
        }
    }
    return false;
}

/** A reader has no lock file open; it looks through a descriptor of its own. */
static bool is_locked_elsewhere(struct store *store, int64_t run_id)
{
    char *path = lock_path(store);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    short found = F_UNLCK;

    free(path);
    if (fd < 0) {
        return false;
    }
    int result = lock_byte(fd, F_OFD_GETLK, run_id, F_WRLCK, &found);
    close(fd);
    return result == 0 && found != F_UNLCK;
}

bool running_is_alive(struct store *store, int64_t run_id)
{
    return running_is_ours(store, run_id) || is_locked_elsewhere(store, run_id);
}
