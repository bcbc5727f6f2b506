/* cc_find.c -- see cc.h: which compiler it is, and what was named with it.
 *
 *   ccache gcc -m64     programs, the last of which compiles, then options
 *
 * Our flags come behind the options. Of these only such are taken as leave the bits of results as
 * they are: -ffast-math, say, has no place here.
 */
#include "cc.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLANKS " \t"

static const char *const allowed[] = {
    "-m64",      "-pipe",     "-B", "-L", "--sysroot=", "--gcc-toolchain=",
    "--target=", "-fuse-ld=",
};

/* ---- programs ---- */

static bool executable_file(const char *path, struct stat *info) {
    return stat(path, info) == 0 && S_ISREG(info->st_mode) && access(path, X_OK) == 0;
}

/* The first directory of PATH that holds name. In `file`, or NULL. */
static const char *find_on_path(const char *name, char file[PATH_MAX],
                                struct stat *info) {
    const char *path = getenv("PATH");
    if (strchr(name, '/')) {
        return executable_file(name, info) ? name : NULL;
    }
    if (path == NULL || path[0] == '\0') {
        path = "/usr/local/bin:/usr/bin:/bin";
    }
    for (const char *p = path;; p++) {
        size_t n = strcspn(p, ":");
        /* An empty entry means the working directory: not looked at, as it is a trap.
         */
        if (n > 0 && n < PATH_MAX &&
            snprintf(file, PATH_MAX, "%.*s/%s", (int)n, p, name) < PATH_MAX &&
            executable_file(file, info)) {
            return file;
        }
        p += n;
        if (*p == '\0') {
            return NULL;
        }
    }
}

/* What the file behind the path of the compiler is. */
static odec_status identify(struct odec_context *context, const char *path,
                            const struct stat *info, struct cc *cc) {
    char real[PATH_MAX];
    heap_give(cc->real_path);
    cc->real_path = heap_text(context->heap, realpath(path, real) ? real : path);
    cc->size = info->st_size;
    cc->mtime_ns = info->st_mtim.tv_sec * INT64_C(1000000000) + info->st_mtim.tv_nsec;
    if (cc->path == NULL) {
        cc->path = heap_text(context->heap, path);
    }
    if (cc->path == NULL || cc->real_path == NULL) {
        cc_release(cc);
        return context_out_of_memory(context);
    }
    return ODEC_OK;
}

odec_status cc_find_named(struct odec_context *context, const char *name,
                          struct cc *out, bool *is_there) {
    struct stat info;
    char file[PATH_MAX];
    const char *found = find_on_path(name, file, &info);
    *out = (struct cc){.title = out->title, .input = out->input};
    *is_there = found != NULL;
    return *is_there ? identify(context, found, &info, out) : ODEC_OK;
}

/* ---- a program with options ---- */

static bool is_allowed(const char *option) {
    for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++) {
        const size_t n = strlen(allowed[i]);
        const bool takes_more = allowed[i][n - 1] == '=' || n == 2;
        if (takes_more ? strncmp(option, allowed[i], n) == 0 && option[n] != '\0'
                       : strcmp(option, allowed[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* Cuts the words in the block behind the list of pointers to them. */
static odec_status cut_words(struct odec_context *context, const char *text,
                             struct cc *cc) {
    const size_t n = strlen(text), most = n / 2 + 2;
    char **words = heap_take(context->heap, 1, most * sizeof *words + n + 1);
    cc->words = words;
    if (words == NULL) {
        return context_out_of_memory(context);
    }
    char *at = memcpy((char *)(words + most), text, n + 1);
    cc->named = at;
    cc->named_bytes = n + 1;
    for (size_t i = 0; *(at += strspn(at, BLANKS)) != '\0'; i++) {
        words[i] = at;
        at += strcspn(at, BLANKS);
        if (*at != '\0') {
            *at++ = '\0';
        }
    }
    return ODEC_OK;
}

/* The first word is the path now, the others stay as words. */
static odec_status take_words(struct odec_context *context, const char *asked,
                              const char *where, struct cc *cc) {
    struct stat info;
    char file[PATH_MAX];
    int i = 0;
    TRY(cut_words(context, asked, cc));
    for (; cc->words[i] && (i == 0 || cc->words[i][0] != '-'); i++) {
        const char *found = find_on_path(cc->words[i], file, &info);
        FAIL_IF(found == NULL, context, ODEC_ERROR_COMPILER,
                "the C compiler '%s'%s is not there or cannot be run",
                i == 0 ? asked : cc->words[i], where);
        TRY(identify(context, found, &info, cc));
    }
    FAIL_IF(i == 0, context, ODEC_ERROR_COMPILER,
            "the C compiler '%s'%s is not there or cannot be run", asked, where);
    for (; cc->words[i]; i++) {
        FAIL_IF(
            !is_allowed(cc->words[i]), context, ODEC_ERROR_COMPILER,
            "the C compiler '%s'%s: %s is none of the options that leave results as "
            "they are: -m64, -pipe, -B, -L, --sysroot=, --gcc-toolchain=, "
            "--target=, -fuse-ld=",
            asked, where, cc->words[i]);
    }
    memmove(cc->words, cc->words + 1, (size_t)i * sizeof *cc->words);
    return ODEC_OK;
}

odec_status cc_find(struct odec_context *context, const char *asked, struct cc *out) {
    static const char *const usual[] = {"gcc", "clang", "cc"};
    const char *variable = getenv("ODEC_CC");
    const char *where = "";
    bool is_there = false;
    if (asked == NULL && variable && variable[0]) {
        asked = variable;
        where = " ($ODEC_CC)";
    }
    *out = (struct cc){.title = "the C compiler", .input = "-"};
    if (asked) {
        TRY(cc_find_named(context, asked, out,
                          &is_there)); /* with blanks in its name */
        const odec_status status =
            is_there ? ODEC_OK : take_words(context, asked, where, out);
        if (status != ODEC_OK) {
            cc_release(out);
        }
        return status;
    }
    for (int i = 0; i < 3 && !is_there; i++) {
        TRY(cc_find_named(context, usual[i], out, &is_there));
    }
    FAIL_IF(
        !is_there, context, ODEC_ERROR_COMPILER,
        "no C compiler is on PATH: install gcc or clang (Debian: apt-get install gcc), "
        "or name one with --cc or $ODEC_CC");
    return ODEC_OK;
}

void cc_release(struct cc *cc) {
    heap_give(cc->path);
    heap_give(cc->real_path);
    heap_give(cc->words);
    *cc = (struct cc){0};
}
