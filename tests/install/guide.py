"""guide.py BUILD GUIDE.md COMPILER C++COMPILER FLAGS CUDA -- the guide's blocks, in order and in one folder: those
with a name are written to it, commands are run against what BUILD installs, and print what the block
after them shows. No block is left out. Commands with -lcuda have the simulated driver, and the header in
the folders of CUDA, "HEADERS:API:DRIVER"."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

COMPILER_OPTIONS = "-Wall -Wextra -Werror"


def blocks(text):
    """(line, language, name, text) of each fenced block."""
    found, fence = [], None
    for number, line in enumerate(text.splitlines(), 1):
        if fence is None and line.startswith("```"):
            language, _, name = line[3:].partition(" ")
            fence = (number, language, name, [])
        elif fence is not None and line == "```":
            found.append((*fence[:3], "".join(part + "\n" for part in fence[3])))
            fence = None
        elif fence is not None:
            fence[3].append(line)
    assert fence is None, "a block has no end"
    return found


def run(commands, folder, environment):
    said = subprocess.run(["sh", "-e", "-c", commands], cwd=folder, env=environment, text=True, timeout=120,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return said.returncode, said.stdout, said.stderr


def install(build, folder):
    """Into an empty prefix that is moved afterwards."""
    made, prefix = pathlib.Path(folder, "made"), pathlib.Path(folder, "prefix")
    subprocess.run(["cmake", "--install", build, "--prefix", made], check=True,
                   stdout=subprocess.DEVNULL)
    return made.rename(prefix)


def environment_of(folder, prefix, compilers, flags):
    """`cc`, `c++` and `odec` are the compilers that odec is built with, and what is installed."""
    tools = pathlib.Path(folder, "tools")
    tools.mkdir()
    for name, compiler in compilers.items():
        wrapper = tools / name
        wrapper.write_text(f'#!/bin/sh\nexec "{compiler}" {flags} {COMPILER_OPTIONS} "$@"\n')
        wrapper.chmod(0o755)
    libraries = next(prefix.glob("**/libodec.so")).parent
    return dict(os.environ, CC=compilers["cc"], CFLAGS=flags,
                PATH=f"{tools}:{prefix}/bin:{os.environ['PATH']}",
                PKG_CONFIG_PATH=str(libraries / "pkgconfig"), LD_LIBRARY_PATH=str(libraries),
                CMAKE_PREFIX_PATH=str(prefix), XDG_CACHE_HOME=f"{folder}/cache")


def with_cuda(environment, work, folders):
    """Where the simulated driver is: it is linked to under the name that a toolkit has for it."""
    headers, api, driver = folders.split(":")
    stub = work.parent / "cuda"
    stub.mkdir(exist_ok=True)
    if not (stub / "libcuda.so").exists():
        (stub / "libcuda.so").symlink_to(pathlib.Path(driver, "libcuda.so.1"))
    return dict(environment, C_INCLUDE_PATH=f"{headers}:{api}", LIBRARY_PATH=str(stub), SIMGPU="devices=1",
                SIMGPU_ABORT="1", LD_LIBRARY_PATH=f"{environment['LD_LIBRARY_PATH']}:{driver}")


def check(found, work, environment, cuda):
    """How many blocks of commands were run; an error's text instead of it."""
    n_run, printed = 0, None
    for line, language, name, text in found:
        if name:
            (work / name).write_text(text)
        elif language == "sh":
            there = with_cuda(environment, work, cuda) if "-lcuda" in text else environment
            status, printed, errors = run(text, work, there)
            n_run += 1
            if status != 0:
                return f"line {line}: ended with {status}\n{printed}{errors}"
        elif language == "text":
            if printed != text:
                return f"line {line}: printed was\n{printed}"
            printed = None
        else:
            return f"line {line}: a block that nobody runs"
    return n_run


def main(build, guide, c_compiler, cxx_compiler, flags, cuda):
    found = blocks(pathlib.Path(guide).read_text())
    commands = "".join(text for _, language, _, text in found if language in ("sh", "cmake"))
    for line, _, name, _ in found:
        if name.endswith((".c", ".cpp")) and name not in commands:
            print(f"FAILED: line {line}: {name} is not compiled")
            return 1
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder, "work")
        work.mkdir()
        environment = environment_of(folder, install(build, folder),
                                     {"cc": shutil.which(c_compiler), "c++": shutil.which(cxx_compiler)}, flags)
        said = check(found, work, environment, cuda)
    if not isinstance(said, int) or said == 0:
        print(f"FAILED: {said}")
        return 1
    print(f"{said} blocks of commands were run")
    return 0


sys.exit(main(*sys.argv[1:]))
