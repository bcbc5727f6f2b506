/* cache.c -- see cache.h. */
#define _GNU_SOURCE
#include "cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sha256.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define CACHE_MAGIC "odec kernel 1\n"

enum { MAX_FILE_BYTES = 1 << 30, LEFT_OVER_SECONDS = 3600 };

struct cache_header {
    char magic[16];
    unsigned char key[32];
    uint64_t image_bytes;
    unsigned char digest[32];
};

struct cache_key cache_key_of(const struct cache_part *parts, int n) {
    struct cache_key key;
    SHA256_CTX state;
    SHA256Init(&state);
    for (int i = 0; i < n; i++) {
        uint64_t length = parts[i].n;
        SHA256Update(&state, (const uint8_t *)&length, sizeof length);
        SHA256Update(&state, parts[i].at, parts[i].n);
    }
    SHA256Final(key.bytes, &state);
    return key;
}

static void digest_of(const void *at, size_t n, unsigned char out[32]) {
    SHA256_CTX state;
    SHA256Init(&state);
    SHA256Update(&state, at, n);
    SHA256Final(out, &state);
}

/* ---- the directory ---- */

/* Makes the directory and those above it that are missing, ours alone. */
static void make_directories(char *path) {
    for (char *p = path + 1; *p; p++) {
        if (*p == '/') {
            *p = '\0';
            mkdir(path, 0700);
            *p = '/';
        }
    }
    mkdir(path, 0700);
}

/* The application's? */
static bool is_foreign(const struct cache *cache) {
    return cache->options->cache_get || cache->options->cache_put;
}

static bool default_path(char path[PATH_MAX]) {
    const char *base = getenv("XDG_CACHE_HOME");
    const char *home = getenv("HOME");
    int n = -1;
    if (base && base[0] == '/') { /* the XDG rules: a relative one is ignored */
        n = snprintf(path, PATH_MAX, "%s/odec", base);
    } else if (home && home[0] == '/') {
        n = snprintf(path, PATH_MAX, "%s/.cache/odec", home);
    }
    return n > 0 && n < PATH_MAX;
}

struct cache cache_open(struct odec_context *context,
                        const struct odec_solver_options *options) {
    struct cache cache = {.heap = context->heap, .options = options, .directory = -1};
    const char *path = options->cache_dir;
    char full[PATH_MAX];
    if (is_foreign(&cache)) {
        return cache;
    }
    if (path == NULL) {
        if (!default_path(full)) {
            context_log(
                context, ODEC_LOG_WARNING,
                "kernels are not kept: neither $XDG_CACHE_HOME nor $HOME says where");
            return cache;
        }
    } else if (path[0] == '\0' ||
               snprintf(full, sizeof full, "%s", path) >= (int)sizeof full) {
        return cache;
    }
    make_directories(full);
    int fd = open(full, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct stat info;
    if (fd >= 0 && (fstat(fd, &info) != 0 || info.st_uid != geteuid() ||
                    (info.st_mode & 0777) != 0700)) {
        close(fd);
        fd = -1;
    }
    if (fd < 0) {
        context_log(context, ODEC_LOG_WARNING,
                    "kernels are not kept: %s is no directory of this user's alone",
                    full);
    }
    cache.directory = fd;
    return cache;
}

void cache_close(struct cache *cache) {
    if (cache->directory >= 0) {
        close(cache->directory);
    }
    cache->directory = -1;
}

/* ---- the files ---- */

enum { NAME_SIZE = 96 };

static void file_name(const struct cache_key *key, char name[NAME_SIZE]) {
    for (int i = 0; i < 32; i++) {
        snprintf(name + 2 * i, 3, "%02x", key->bytes[i]);
    }
    strcpy(name + 64, ".kernel");
}

/* The whole file, where it is a plain one of ours that only we can write. */
static bool read_file(const struct cache *cache, const char *name, struct bytes *out) {
    int fd =
        openat(cache->directory, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    struct stat info;
    bool read = fd >= 0 && fstat(fd, &info) == 0 && S_ISREG(info.st_mode) &&
                info.st_uid == geteuid() && (info.st_mode & 022) == 0 &&
                bytes_read(cache->heap, fd, MAX_FILE_BYTES, out);
    if (fd >= 0) {
        close(fd);
    }
    return read;
}

/* The size first, then the bytes: between the two the application's may have changed. */
static bool get_foreign(const struct cache *cache, const struct cache_key *key,
                        struct bytes *out) {
    const struct odec_solver_options *options = cache->options;
    *out = (struct bytes){0};
    if (options->cache_get == NULL) {
        return false;
    }
    const size_t n = options->cache_get(options->cache_user, key->bytes, NULL, 0);
    if (n == 0 || n > MAX_FILE_BYTES) {
        return false;
    }
    out->at = heap_take(cache->heap, 1, n);
    out->n = n;
    if (out->at &&
        options->cache_get(options->cache_user, key->bytes, out->at, n) == n) {
        return true;
    }
    bytes_release(out);
    return false;
}

static void put_foreign(const struct cache *cache, const struct cache_key *key,
                        const struct cache_header *header, const struct bytes *image) {
    const struct odec_solver_options *options = cache->options;
    const size_t n = sizeof *header + image->n;
    unsigned char *whole = options->cache_put ? heap_take(cache->heap, 1, n) : NULL;
    if (whole) {
        memcpy(whole, header, sizeof *header);
        memcpy(whole + sizeof *header, image->at, image->n);
        options->cache_put(options->cache_user, key->bytes, whole, n);
        heap_give(whole);
    }
}

bool cache_get(const struct cache *cache, const struct cache_key *key,
               struct bytes *image) {
    char name[NAME_SIZE];
    struct bytes file;
    *image = (struct bytes){0};
    file_name(key, name);
    if (is_foreign(cache) ? !get_foreign(cache, key, &file)
                          : cache->directory < 0 || !read_file(cache, name, &file)) {
        return false;
    }
    struct cache_header header;
    unsigned char digest[32];
    bool right = file.n >= sizeof header;
    if (right) {
        memcpy(&header, file.at, sizeof header);
        const struct cache_header ours = {.magic = CACHE_MAGIC};
        right = memcmp(header.magic, ours.magic, sizeof header.magic) == 0 &&
                memcmp(header.key, key->bytes, sizeof header.key) == 0 &&
                header.image_bytes == file.n - sizeof header;
    }
    if (right) {
        digest_of(file.at + sizeof header, file.n - sizeof header, digest);
        right = memcmp(digest, header.digest, sizeof digest) == 0;
    }
    if (!right) {
        bytes_release(&file);
        return false;
    }
    image->n = file.n - sizeof header;
    image->at = file.at; /* keeps the block, moves the image to its start */
    memmove(image->at, image->at + sizeof header, image->n);
    return true;
}

/* A directory in the place gives way: it is moved aside where it is not empty. */
static bool rename_over(int directory, const char *from, const char *to) {
    if (renameat(directory, from, directory, to) == 0) {
        return true;
    }
    char aside[NAME_SIZE + 16];
    snprintf(aside, sizeof aside, "%s.directory", from);
    return errno == EISDIR &&
           (unlinkat(directory, to, AT_REMOVEDIR) == 0 ||
            renameat(directory, to, directory, aside) == 0) &&
           renameat(directory, from, directory, to) == 0;
}

/* What a process that was killed while it wrote has left. */
static void clear_left_over(int directory) {
    const int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = fd >= 0 ? fdopendir(fd) : NULL;
    if (list == NULL) {
        if (fd >= 0) {
            close(fd);
        }
        return;
    }
    const time_t now = time(NULL);
    for (struct dirent *entry; (entry = readdir(list)) != NULL;) {
        const size_t n = strlen(entry->d_name);
        struct stat info;
        if (n > 4 && strcmp(entry->d_name + n - 4, ".tmp") == 0 &&
            fstatat(directory, entry->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(info.st_mode) && now - info.st_mtime > LEFT_OVER_SECONDS) {
            unlinkat(directory, entry->d_name, 0);
        }
    }
    closedir(list);
}

void cache_put(const struct cache *cache, const struct cache_key *key,
               const struct bytes *image) {
    struct cache_header header = {.magic = CACHE_MAGIC, .image_bytes = image->n};
    memcpy(header.key, key->bytes, sizeof header.key);
    digest_of(image->at, image->n, header.digest);
    if (is_foreign(cache)) {
        put_foreign(cache, key, &header, image);
    }
    if (cache->directory < 0) {
        return;
    }
    char name[NAME_SIZE], temporary[NAME_SIZE];
    file_name(key, name);
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    snprintf(temporary, sizeof temporary, "%.16s.%ld.%ld%09ld.tmp", name,
             (long)getpid(), (long)now.tv_sec, now.tv_nsec);
    int fd = openat(cache->directory, temporary,
                    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        return;
    }
    bool whole =
        bytes_write(fd, &header, sizeof header) && bytes_write(fd, image->at, image->n);
    whole &= close(fd) == 0;
    if (!whole || !rename_over(cache->directory, temporary, name)) {
        unlinkat(cache->directory, temporary, 0);
    }
    clear_left_over(cache->directory);
}

void cache_drop(const struct cache *cache, const struct cache_key *key) {
    if (is_foreign(cache) && cache->options->cache_put) {
        cache->options->cache_put(cache->options->cache_user, key->bytes, NULL, 0);
    }
    if (cache->directory >= 0) {
        char name[NAME_SIZE];
        file_name(key, name);
        unlinkat(cache->directory, name, 0);
    }
}
