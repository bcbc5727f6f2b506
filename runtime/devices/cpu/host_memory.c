/* host_memory.c -- see host_memory.h. */
#include "host_memory.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* The first integer of a file that `format` matches on one of its lines, or -1. */
static int64_t read_number(const char *path, const char *format) {
    FILE *file = fopen(path, "re");
    char line[256];
    long long value = -1, found;
    while (file && value < 0 && fgets(line, sizeof line, file)) {
        if (sscanf(line, format, &found) == 1) {
            value = found;
        }
    }
    if (file) {
        fclose(file);
    }
    return value;
}

/* In a container the control group's root is mounted here; "max" is no number: -1. */
static int64_t group_limit(void) {
    return read_number("/sys/fs/cgroup/memory.max", "%lld");
}

int64_t host_memory_total_bytes(void) {
    int64_t total = (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);
    int64_t limit = group_limit();
    return limit >= 0 && limit < total ? limit : total;
}

int64_t host_memory_free_bytes(void) {
    int64_t kib = read_number("/proc/meminfo", "MemAvailable: %lld");
    int64_t free = kib >= 0
                       ? kib * 1024
                       : (int64_t)sysconf(_SC_AVPHYS_PAGES) * sysconf(_SC_PAGESIZE);
    int64_t limit = group_limit();
    int64_t used = read_number("/sys/fs/cgroup/memory.current", "%lld");
    if (limit >= 0 && used >= 0) {
        int64_t left = limit > used ? limit - used : 0;
        free = left < free ? left : free;
    }
    return free;
}

/* The application's, at a cache line's border; before it is where it begins. */
static void *allocate_aligned(struct heap *heap, size_t bytes) {
    enum { LINE = 64 };
    char *block =
        bytes <= SIZE_MAX - 2 * LINE ? heap_grow(heap, NULL, bytes + 2 * LINE) : NULL;
    if (block == NULL) {
        return NULL;
    }
    char *at = block + 2 * LINE - (uintptr_t)block % LINE;
    memcpy(at - sizeof block, &block, sizeof block);
    return at;
}

static void release_aligned(void *at) {
    char *block;
    memcpy(&block, (char *)at - sizeof block, sizeof block);
    heap_give(block);
}

/* The last page too is given back whole: TSan forgets what is unmapped, to the byte. */
static size_t whole_pages(size_t bytes) {
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    return (bytes + page - 1) / page * page;
}

/* Pages, so that what is not used costs nothing. */
static void *allocate_pages(void *user, size_t bytes) {
    if (heap_is_custom(user)) {
        return allocate_aligned(user, bytes);
    }
    void *memory = mmap(NULL, whole_pages(bytes), PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

static void release_pages(void *user, void *at, size_t bytes) {
    if (heap_is_custom(user)) {
        release_aligned(at);
    } else {
        munmap(at, whole_pages(bytes));
    }
}

static void destroy(void *object) { memory_destroy(object); }

odec_status host_memory(struct odec_context *context, struct memory **out) {
    const struct memory_source pages = {
        .allocate = allocate_pages, .release = release_pages, .user = context->heap};
    if (context->host_memory == NULL) {
        TRY(memory_create(context, "cpu", &pages, host_memory_free_bytes(),
                          &context->host_memory));
        context_own(context, context->host_memory, destroy);
    }
    *out = context->host_memory;
    return ODEC_OK;
}
