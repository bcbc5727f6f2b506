"""headers.py COMPILER FOLDER -- every name that the installed headers give to a program begins
with odec_ or ODEC_: macros, tags, typedefs, enumerators, functions."""

import pathlib
import re
import subprocess
import sys
import tempfile

OURS = re.compile(r"(odec|ODEC)_|ODEC$|_*ODEC_\w+_H$")
SYSTEM = "#include <math.h>\n#include <stdbool.h>\n#include <stddef.h>\n#include <stdint.h>\n"


def preprocess(compiler, text, *options):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "all.c")
        path.write_text(text)
        return subprocess.run([compiler, "-E", *options, path], check=True, text=True,
                              stdout=subprocess.PIPE).stdout


def macros(compiler, text, *options):
    return set(re.findall(r"^#define (\w+)", preprocess(compiler, text, "-dM", *options), re.M))


def declared(text, is_ours):
    """Names that preprocessed text declares at file scope, in the files that are ours."""
    lines, ours = [], True
    for line in text.splitlines():
        marker = re.match(r'# \d+ "(.*?)"', line)
        if marker:
            ours = is_ours(marker.group(1))
        elif ours:
            lines.append(line)
    text = re.sub(r'__attribute__\s*\(\(.*?\)\)\)?', "", "\n".join(lines))
    text = re.sub(r'extern\s*"C"\s*\{', "", text)
    text = re.sub(r"(__extension__\s+)?_Static_assert\s*\([^;]*;", "", text)  # declares nothing
    names = set(re.findall(r"\b(?:struct|union|enum)\s+(\w+)", text))
    for body in re.findall(r"\benum\b\s*\w*\s*\{(.*?)\}", text, re.S):
        names.update(re.findall(r"(?:^|,)\s*(\w+)", body))
    flat = text
    while True:  # bodies from the inside out; then what functions take
        flatter = re.sub(r"\{[^{}]*\}", " ", flat)
        if flatter == flat:
            break
        flat = flatter
    pointers = r"typedef[^;]*?\(\s*\*\s*(\w+)\s*\)[^;]*;"
    names.update(re.findall(pointers, flat))
    flat = re.sub(pointers, "", flat)
    while re.search(r"\([^()]*\)", flat):
        flat = re.sub(r"\([^()]*\)", " @ ", flat)
    for declaration in flat.split(";"):
        words = re.findall(r"\w+", declaration.partition("@")[0])
        if words and words[-1] not in ("struct", "union", "enum"):
            names.add(words[-1])
    return names


def names_of(compiler, text, folder):
    include = f"-I{folder}"
    found = macros(compiler, SYSTEM + text, include) - macros(compiler, SYSTEM)
    return found | declared(preprocess(compiler, SYSTEM + text, include),
                            lambda path: path.endswith("all.c") or path.startswith(folder))


def main(compiler, folder):
    # The scan itself: a header with one foreign name of each kind.
    bad = {"bad_tag", "BAD_ENUMERATOR", "BAD_SECOND", "bad_type", "bad_function", "bad_alias",
           "bad_callback", "BAD_MACRO", "BAD_LIKE_FUNCTION"}
    seen = names_of(compiler, """
#define BAD_MACRO 1
#define BAD_LIKE_FUNCTION(x) x
struct bad_tag { int (*call)(void *user, int n); };
enum odec_enum { BAD_ENUMERATOR = 3, BAD_SECOND };
typedef struct { int member; } bad_type;
typedef int (*odec_callback)(int argument);
typedef int (*bad_callback)(int argument);
typedef enum odec_enum bad_alias;
__attribute__((visibility("default"))) const char *bad_function(const struct bad_tag *of, int n);
""", folder)
    foreign = {name for name in seen if not OURS.match(name)}
    if foreign != bad:
        print("FAILED: the scan sees", sorted(foreign ^ bad), "wrong")
        return 1
    names = names_of(compiler, '#include "odec_compile.h"\n', folder)
    expected = {"odec_solve", "odec_batch", "ODEC_OK", "ODEC_RUN_OK", "ODEC_API", "odec_args",
                "odec_compile", "ODEC_SPEC_INIT", "ODEC_PER_RUN", "odec_run_record"}
    if not expected <= names:
        print("FAILED: the scan does not see", sorted(expected - names))
        return 1
    foreign = sorted(name for name in names if not OURS.match(name))
    if foreign:
        print("FAILED: the installed headers give a program", " ".join(foreign))
    return bool(foreign)


sys.exit(main(*sys.argv[1:]))
