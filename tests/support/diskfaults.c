/* A disk that fails on command, for tests: preloaded (LD_PRELOAD), it counts every change of a file below one
 * directory and lets the Nth fail, once or from then on.
 *
 * Changes are: making a file or directory, writing, cutting, syncing, renaming. A write that fails has put half
 * of its bytes there. A sync that fails with EIO has lost what was written since the last one, as after a power
 * failure: whoever goes on as if it were there is found out. A sync that succeeds costs nothing, since no power
 * fails here.
 *
 * Linux only; all those calls have to be made by one thread. `diskfaults.py` speaks to it.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

_Static_assert(sizeof(off_t) == 8, "off_t is what the calls that end in 64 take");

static char watched[PATH_MAX]; /* empty: nothing is watched */
static size_t watched_length;
static long nth, seen, struck; /* nth 0: nothing fails */
static int error_number, is_for_ever;

/* What a file held before each write since its last sync, newest first. */
struct before {
    struct before *older;
    dev_t device;
    ino_t inode;
    off_t size, at;
    ssize_t length;
    char bytes[];
};
static struct before *unsynced;

static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static int (*real_ftruncate)(int, off_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_open)(const char *, int, ...);
static int (*real_rename)(const char *, const char *);
static int (*real_mkdir)(const char *, mode_t);

__attribute__((constructor)) static void find_real(void) {
    real_write = dlsym(RTLD_NEXT, "write");
    real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
    real_ftruncate = dlsym(RTLD_NEXT, "ftruncate64");
    real_fsync = dlsym(RTLD_NEXT, "fsync");
    real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
    real_open = dlsym(RTLD_NEXT, "open64");
    real_rename = dlsym(RTLD_NEXT, "rename");
    real_mkdir = dlsym(RTLD_NEXT, "mkdir");
}

/* -- what tests call ---------------------------------------------------------------------------- */

static void forget_all(void) {
    while (unsynced) {
        struct before *older = unsynced->older;
        free(unsynced);
        unsynced = older;
    }
}

/* From the `number`th change below `directory` on (0: none), fail with `error`: that one, or all from there. */
void fault_arm(const char *directory, long number, int error, int for_ever) {
    forget_all();
    watched_length = (size_t)snprintf(watched, sizeof watched, "%s", directory);
    nth = number, error_number = error, is_for_ever = for_ever;
    seen = struck = 0;
}

void fault_disarm(void) {
    nth = 0;
}

long fault_count(void) {
    return seen;
}

long fault_struck(void) {
    return struck;
}

/* -- which calls, and which of them fail -------------------------------------------------------- */

static int is_below(const char *path) {
    return watched_length && strncmp(path, watched, watched_length) == 0 && path[watched_length] == '/';
}

static int is_watched(int file) {
    char link[32], path[PATH_MAX];
    if (!watched_length)
        return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0)
        return 0;
    path[length] = 0;
    return is_below(path);
}

static int fails(void) {
    seen++;
    if (!nth || seen < nth || (seen > nth && !is_for_ever))
        return 0;
    struck++;
    errno = error_number;
    return 1;
}

static void remember(int file, size_t length, off_t at) {
    struct stat now;
    struct before *entry = malloc(sizeof *entry + length);
    if (!entry || fstat(file, &now))
        abort();
    *entry = (struct before){unsynced, now.st_dev, now.st_ino, now.st_size, at, 0};
    entry->length = pread(file, entry->bytes, length, at);
    unsynced = entry;
}

/* The file was synced (`is_lost` 0), or goes back to what it was at its last sync. */
static void settle(int file, int is_lost) {
    struct stat now;
    if (fstat(file, &now))
        abort();
    for (struct before **link = &unsynced, *entry; (entry = *link);) {
        if (entry->device != now.st_dev || entry->inode != now.st_ino) {
            link = &entry->older;
            continue;
        }
        if (is_lost) {
            if (entry->length > 0 && real_pwrite(file, entry->bytes, (size_t)entry->length, entry->at) < 0)
                abort();
            if (real_ftruncate(file, entry->size))
                abort();
        }
        *link = entry->older;
        free(entry);
    }
}

/* -- the calls ---------------------------------------------------------------------------------- */

ssize_t write(int file, const void *bytes, size_t length) {
    if (!is_watched(file))
        return real_write(file, bytes, length);
    remember(file, length, lseek(file, 0, SEEK_CUR));
    if (!fails())
        return real_write(file, bytes, length);
    if (real_write(file, bytes, length / 2) < 0)
        abort();
    errno = error_number;
    return -1;
}

ssize_t pwrite64(int file, const void *bytes, size_t length, off_t at) {
    if (!is_watched(file))
        return real_pwrite(file, bytes, length, at);
    remember(file, length, at);
    if (!fails())
        return real_pwrite(file, bytes, length, at);
    if (real_pwrite(file, bytes, length / 2, at) < 0)
        abort();
    errno = error_number;
    return -1;
}

ssize_t pwrite(int file, const void *bytes, size_t length, off_t at) {
    return pwrite64(file, bytes, length, at);
}

int ftruncate64(int file, off_t size) {
    return is_watched(file) && fails() ? -1 : real_ftruncate(file, size);
}

int ftruncate(int file, off_t size) {
    return ftruncate64(file, size);
}

static int sync_watched(int file) {
    int is_failing = fails();
    int is_lost = is_failing && error_number == EIO;
    if (!is_failing || is_lost)
        settle(file, is_lost);
    errno = error_number;
    return is_failing ? -1 : 0;
}

int fsync(int file) {
    return is_watched(file) ? sync_watched(file) : real_fsync(file);
}

int fdatasync(int file) {
    return is_watched(file) ? sync_watched(file) : real_fdatasync(file);
}

int open64(const char *path, int flags, ...) {
    mode_t mode = 0;
    if (flags & O_CREAT) {
        va_list rest;
        va_start(rest, flags);
        mode = va_arg(rest, mode_t);
        va_end(rest);
    }
    /* Opening what is there takes no room. */
    if ((flags & O_CREAT) && is_below(path) && access(path, F_OK) && fails())
        return -1;
    return real_open(path, flags, mode);
}

int open(const char *path, int flags, ...) {
    mode_t mode = 0;
    if (flags & O_CREAT) {
        va_list rest;
        va_start(rest, flags);
        mode = va_arg(rest, mode_t);
        va_end(rest);
    }
    return open64(path, flags, mode);
}

int rename(const char *from, const char *to) {
    return is_below(to) && fails() ? -1 : real_rename(from, to);
}

int mkdir(const char *path, mode_t mode) {
    return is_below(path) && fails() ? -1 : real_mkdir(path, mode);
}
