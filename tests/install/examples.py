"""examples.py BUILD INCLUDE COMPILER C++COMPILER -- the example at the head of each installed header
compiles without a warning, and runs: what it takes as given is put around it here."""

import os
import pathlib
import subprocess
import sys
import tempfile

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]

MODEL = r"""
static const char text[] = "model m\npar k = 1\ninit x = 1, y = 2, z = 3\n"
                           "x' = -k*x\ny' = -y\nz' = -z\nsolve { t = 0 .. 1 }\n";
"""

C = r"""
#include "odec_compile.h"
#include <stdio.h>
#include <string.h>
""" + MODEL + r"""
static odec_status count(void *user, const odec_portion *portion) {
    *(int64_t *)user += portion->n_runs;
    return ODEC_OK;
}
static odec_status example(const odec_program *program, const odec_source *pars,
                           const odec_sink *sink) {
    (void)program, (void)pars, (void)sink;
EXAMPLE
    return status;
}
int main(void) {
    odec_compilation *compilation;
    int64_t n = 0;
    const odec_source pars[] = {{.kind = ODEC_SOURCE_DEFAULT}};
    odec_sink sink = ODEC_SINK_INIT;
    sink.write = count;
    sink.user = &n;
    if (odec_compile(NULL, text, strlen(text), NULL, &compilation) != ODEC_OK) {
        return 1;
    }
    const odec_status status = example(odec_compilation_program(compilation), pars, &sink);
    odec_compilation_destroy(compilation);
    printf("%d\n", (int)n);
    return status != ODEC_OK;
}
"""

CXX = """
#include "odec_compile.h"
#include "odec.hpp"
#include <cstdio>
#include <vector>
""" + MODEL + r"""
static odec_result example(const odec_program &program) {
EXAMPLE
    return result;
}
int main() {
    const odec::compilation compilation("m", text);
    std::printf("%d\n", static_cast<int>(example(compilation.program()).n_runs));
}
"""

# header: around its example, and what is printed then
HEADERS = {"odec.h": (C, "1000\n"), "odec_compile.h": (C, "x is 0.367879 at 1\n0\n"),
           "odec.hpp": (CXX, "1000\n")}


def example(path):
    """The first paragraph of the header's first comment that is indented."""
    mark = "//" if path.suffix == ".hpp" else " *"
    lines = []
    for line in path.read_text().splitlines()[1:]:
        if not line.startswith(mark):
            break
        if line.startswith(mark + "   "):
            lines.append(line[len(mark):])
        elif lines:
            break
    return lines


def main(build, include, c_compiler, cxx_compiler):
    for header, (around, expected) in HEADERS.items():
        lines = example(pathlib.Path(include, header))
        if len(lines) < 3:
            print(f"FAILED: {header} has no example")
            return 1
        is_c = around is C
        with tempfile.TemporaryDirectory() as folder:
            source = pathlib.Path(folder, "example.c" if is_c else "example.cpp")
            source.write_text(around.replace("EXAMPLE", "\n".join(lines)))
            made = subprocess.run([c_compiler if is_c else cxx_compiler, "-std=c11" if is_c else "-std=c++17",
                                   *WARNINGS, f"-I{include}", source, f"-L{build}", "-lodec", "-o",
                                   f"{folder}/example"], text=True, stderr=subprocess.PIPE)
            if made.returncode != 0:
                print(f"FAILED: the example of {header} does not compile\n{made.stderr}")
                return 1
            ran = subprocess.run([f"{folder}/example"], text=True, stdout=subprocess.PIPE, timeout=120,
                                 env=dict(os.environ, LD_LIBRARY_PATH=build, XDG_CACHE_HOME=folder))
            if ran.returncode != 0 or ran.stdout != expected:
                print(f"FAILED: the example of {header} ended with {ran.returncode}, printed {ran.stdout!r}")
                return 1
    return 0


sys.exit(main(*sys.argv[1:]))
