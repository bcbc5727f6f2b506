/* scratch.c -- see scratch.h. */
#define _GNU_SOURCE
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "scratch.h"

static char directory[] = "/tmp/odec-test-XXXXXX";

const char *scratch_create(void) { return mkdtemp(directory); }

static int remove_entry(const char *path, const struct stat *info, int type,
                        struct FTW *at) {
    (void)info, (void)type, (void)at;
    return remove(path);
}

int scratch_remove(void **state) {
    (void)state;
    return chdir("/") || nftw(directory, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}
