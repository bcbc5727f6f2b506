/* unit_image.c -- kernels loaded one after the other, where a tool has dlclose do nothing: what is
 * loaded is the one asked for, not one that the linker has kept under the same name.
 *
 *   unit_image ONE.so TWO.so
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "context.h"
#include "image.h"

int __wrap_dlclose(void *handle);
int __wrap_dlclose(void *handle) {
    (void)handle;
    return 0;
}

static const char *const *files;

static size_t read_file(const char *path, unsigned char *bytes, size_t room) {
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    const size_t n = fread(bytes, 1, room, file);
    assert_true(n > 0 && n < room);
    fclose(file);
    return n;
}

/* What the file's kernel answers, loaded and dropped. */
static int answer_of(struct odec_context *context, int i) {
    static unsigned char bytes[1 << 20];
    const size_t n = read_file(files[i], bytes, sizeof bytes);
    struct image image;
    assert_int_equal(image_load(context, bytes, n, &image), ODEC_OK);
    int (*answer)(void);
    void *symbol = image_symbol(&image, "answer");
    assert_non_null(symbol);
    memcpy(&answer, &symbol, sizeof symbol);
    const int found = answer();
    image_unload(&image);
    return found;
}

static void test_kept(void **state) {
    (void)state;
    struct odec_context *context;
    assert_int_equal(odec_context_create(&context), ODEC_OK);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(answer_of(context, i % 2), i % 2 + 1);
    }
    odec_context_destroy(context);
}

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "unit_image ONE.so TWO.so\n");
        return 2;
    }
    files = (const char *const *)argv + 1;
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_kept)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
