/* module.c -- loads what NVRTC or nvcc made (image.h): a shared object of the host.
 *
 * Each load is a copy of its own, with its own variables: the dynamic linker knows
 * files by name and by inode, and a memfd that stays open has both to itself. The
 * object has, for each kernel NAME (kernel_text.c),
 *
 *   simgpu_call_NAME(void **arguments)  one thread of it
 *   simgpu_argument_NAME                the size of its one struct
 *
 * and simgpu_place, simgpu_atomic (kernel_words.h).
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "image.h"
#include "world.h"

/* ---- images ---- */

/* Will this device run it? A cubin is for its major version from its minor on. */
static bool image_fits(const struct image_header *image, const struct device *device) {
    const int capability = (int)lround(10 * device->config->capability);
    return image->architecture <= capability &&
           (image->is_virtual || image->architecture / 10 == capability / 10);
}

/* A descriptor of a copy of the shared object; -1: there is none. */
static int image_copy(const struct image_header *image, const char *from) {
    const int fd = memfd_create("simgpu-module", MFD_CLOEXEC);
    for (size_t left = image->bytes; fd >= 0 && left > 0;) {
        const ssize_t n = write(fd, from, left);
        if (n <= 0) {
            close(fd);
            return -1;
        }
        from += n;
        left -= (size_t)n;
    }
    return fd;
}

/* ---- modules ---- */

static bool module_symbol(void *library, const char *name, void *place) {
    void *found = dlsym(library, name);
    memcpy(place, &found, sizeof found);
    return found != NULL;
}

/* One of NVRTC's, or the one in a fatbin that fits best; *object: the shared object. */
static CUresult image_choose(const struct device *device, const char *bytes,
                             struct image_header *image, const char **object) {
    struct fatbin_header fatbin = {.n = 1};
    if (memcmp(bytes, FATBIN_MAGIC, sizeof fatbin.magic) == 0) {
        memcpy(&fatbin, bytes, sizeof fatbin);
        bytes += sizeof fatbin;
    } else if (memcmp(bytes, IMAGE_MAGIC, sizeof image->magic) != 0) {
        return CUDA_ERROR_INVALID_IMAGE;
    }
    *object = bytes + (size_t)fatbin.n * sizeof *image;
    CUresult result = CUDA_ERROR_NO_BINARY_FOR_GPU;
    *image = (struct image_header){.bytes = 0};
    for (int i = 0; i < fatbin.n; i++) {
        struct image_header one;
        memcpy(&one, bytes + (size_t)i * sizeof one, sizeof one);
        if (memcmp(one.magic, IMAGE_MAGIC, sizeof one.magic) != 0 ||
            image_hash(*object, one.bytes) != one.hash) {
            return CUDA_ERROR_INVALID_IMAGE;
        }
        if (fatbin.version / 1000 > world.config.driver_version / 1000) {
            return CUDA_ERROR_UNSUPPORTED_PTX_VERSION;
        }
        const bool is_better = result != CUDA_SUCCESS || image->is_virtual;
        if (image_fits(&one, device) && is_better) {
            *image = one;
            result = CUDA_SUCCESS;
        }
    }
    return result;
}

CUresult module_load(struct context *context, const void *bytes, CUmodule *handle) {
    struct image_header image;
    const char *object;
    if (!bytes || !handle) {
        return CUDA_ERROR_INVALID_VALUE;
    }
    const CUresult result = image_choose(context->device, bytes, &image, &object);
    if (result != CUDA_SUCCESS) {
        return result;
    }
    const int fd = image_copy(&image, object);
    char name[64];
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    void *library = fd >= 0 ? dlopen(name, RTLD_NOW | RTLD_LOCAL) : NULL;
    void (**atomic)(void), (*place)(const unsigned *);
    if (!library || !module_symbol(library, "simgpu_place", &place) ||
        !module_symbol(library, "simgpu_atomic", &atomic)) {
        if (library) {
            dlclose(library);
        }
        close(fd);
        return CUDA_ERROR_INVALID_IMAGE;
    }
    *atomic = engine_atomic;
    struct module *module = object_add(sizeof *module, OBJECT_MODULE, context);
    module->library = library;
    module->fd = fd;
    module->place = place;
    *handle = module->object.handle;
    return CUDA_SUCCESS;
}

void module_close(struct module *module) {
    while (module->n_users) {
        world_wait();
    }
    block_remove_globals(module);
    for (size_t i = 0; i < world.n_objects; i++) {
        struct object *object = world.objects[i];
        if (object->kind == OBJECT_FUNCTION &&
            ((struct function *)object)->module == module) {
            object->alive = false;
        }
    }
    module->object.alive = false;
    dlclose(module->library);
    close(module->fd);
}

CUresult module_unload(struct module *module) {
    if (module->n_users) {
        violation("a module is unloaded while a launch of it is pending");
    }
    module_close(module);
    return CUDA_SUCCESS;
}

CUresult module_find_function(struct module *module, const char *name,
                              CUfunction *out) {
    char call_name[160], argument_name[160];
    snprintf(call_name, sizeof call_name, "simgpu_call_%s", name);
    snprintf(argument_name, sizeof argument_name, "simgpu_argument_%s", name);
    void (*call)(void **);
    const unsigned *bytes;
    if (!module_symbol(module->library, call_name, &call) ||
        !module_symbol(module->library, argument_name, &bytes)) {
        return CUDA_ERROR_NOT_FOUND;
    }
    struct function *function =
        object_add(sizeof *function, OBJECT_FUNCTION, module->object.context);
    function->module = module;
    snprintf(function->name, sizeof function->name, "%s", name);
    function->call = call;
    function->argument_bytes = *bytes;
    *out = function->object.handle;
    return CUDA_SUCCESS;
}

CUresult module_find_global(struct module *module, const char *name, CUdeviceptr *start,
                            size_t *bytes) {
    void *found = dlsym(module->library, name);
    Dl_info info;
    const ElfW(Sym) * symbol;
    if (!found || strncmp(name, "simgpu_", 7) == 0 ||
        !dladdr1(found, &info, (void **)&symbol, RTLD_DL_SYMENT) || !symbol ||
        ELF64_ST_TYPE(symbol->st_info) != STT_OBJECT) {
        return CUDA_ERROR_NOT_FOUND;
    }
    block_add_global(module, found, symbol->st_size);
    if (start) {
        *start = (CUdeviceptr)(uintptr_t)found;
    }
    if (bytes) {
        *bytes = symbol->st_size;
    }
    return CUDA_SUCCESS;
}

/* ---- launches ---- */

/* The blocks that the words of an argument point into. */
static bool note_blocks(const struct context *context, struct work *work) {
    bool ok = true;
    for (unsigned i = 0; i + 8 <= work->function->argument_bytes; i += 8) {
        void *pointer;
        memcpy(&pointer, (const char *)work->argument + i, sizeof pointer);
        struct block *block = block_find(pointer, 1);
        if (block && block->context != context && block->kind == BLOCK_DEVICE) {
            violation("%s gets memory of device %d, at byte %u of its argument",
                      work->function->name, block->context->device->ordinal, i);
            ok = false;
        } else if (block) {
            work_uses(work, block);
        } else if (block_was(pointer)) {
            violation("%s gets memory that was given back, at byte %u of its argument",
                      work->function->name, i);
            ok = false;
        }
    }
    return ok;
}

/* Local memory is backed for every thread that the device could hold, from the first
 * launch that needs so much. */
static bool back_local_memory(struct context *context) {
    struct device *device = context->device;
    const struct device_config *config = device->config;
    const uint64_t need = (uint64_t)(config->local * config->sms * THREADS_OF_SM);
    if (need <= context->local_bytes) {
        return true;
    }
    if (need - context->local_bytes > memory_free_bytes(device)) {
        return false;
    }
    struct simgpu_device_report *report = &device->report;
    report->used_bytes += need - context->local_bytes;
    report->peak_bytes = report->used_bytes > report->peak_bytes ? report->used_bytes
                                                                 : report->peak_bytes;
    context->local_bytes = need;
    return true;
}

CUresult function_launch(struct function *function, struct stream *stream,
                         const unsigned *grid, const unsigned *block,
                         void **arguments) {
    struct context *context = stream->object.context;
    double n_threads = 1, n_blocks = 1;
    for (int i = 0; i < 3; i++) {
        n_threads *= block[i];
        n_blocks *= grid[i];
    }
    if (!arguments || !arguments[0] || n_threads < 1 || n_threads > MAX_BLOCK_THREADS ||
        n_blocks < 1 || n_blocks > 1e9) {
        return CUDA_ERROR_INVALID_VALUE;
    }
    if (n_threads * context->device->config->registers > REGISTERS_OF_BLOCK) {
        return CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES;
    }
    struct work work = {.kind = WORK_LAUNCH, .function = function};
    memcpy(work.grid, grid, sizeof work.grid);
    memcpy(work.block, block, sizeof work.block);
    work.argument = malloc(function->argument_bytes);
    if (!work.argument) {
        return CUDA_ERROR_OUT_OF_MEMORY;
    }
    memcpy(work.argument, arguments[0], function->argument_bytes);
    CUresult result = CUDA_SUCCESS;
    if (!note_blocks(context, &work)) {
        result = CUDA_ERROR_INVALID_VALUE;
    } else if (!back_local_memory(context)) {
        result = CUDA_ERROR_OUT_OF_MEMORY;
    }
    if (result != CUDA_SUCCESS) {
        free(work.argument);
        return result;
    }
    return stream_submit(stream, &work);
}
