#!/bin/sh
# subproject.sh SOURCE GENERATOR COMPILER -- odec as a part of a project whose flags would change its
# results, or make errors of its warnings: rooms that compute are compiled in spite of them, as they
# are without. A file that is compiled with such flags by hand is refused.
set -eu
source=$1 generator=$2 compiler=$3

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
fail() {
    echo "FAILED: $*"
    exit 1
}
quietly() {
    "$@" >"$scratch/log" 2>&1 || { cat "$scratch/log"; fail "$*"; }
}

mkdir "$scratch/project"
cat >"$scratch/project/CMakeLists.txt" <<END
cmake_minimum_required(VERSION 3.25)
project(whole LANGUAGES C)
if(FOREIGN)
    add_compile_options(-Wconversion -Wsign-conversion -Wfloat-equal -Werror)
endif()
add_subdirectory("$source" odec)
END
rooms='room_runtime_base room_runtime_plan room_compiler_base'
bits_of() { # folder: what the compiler made of the functions of the rooms
    find "$1" -name '*.o' | sort | while read -r object; do
        objdump -d --no-show-raw-insn "$object" | sed 1,3d
    done
}
quietly cmake -S "$scratch/project" -B "$scratch/plain" -G "$generator" "-DCMAKE_C_COMPILER=$compiler" \
    -DCMAKE_BUILD_TYPE=Release
quietly cmake --build "$scratch/plain" -j 2 --target $rooms
quietly cmake -S "$scratch/project" -B "$scratch/foreign" -G "$generator" "-DCMAKE_C_COMPILER=$compiler" \
    -DCMAKE_BUILD_TYPE=Release -DFOREIGN=ON '-DCMAKE_C_FLAGS=-Ofast -funsafe-math-optimizations'
quietly cmake --build "$scratch/foreign" -j 2 --target $rooms
bits_of "$scratch/plain" >"$scratch/plain.txt"
bits_of "$scratch/foreign" >"$scratch/foreign.txt"
[ "$(grep -c '^[0-9a-f]* <' "$scratch/plain.txt")" -gt 50 ] || fail 'there is hardly a function'
cmp "$scratch/plain.txt" "$scratch/foreign.txt" || fail "the project's flags changed what is computed"

printf '#define LANES 1\n#include "dialect.h"\n' >"$scratch/by_hand.c"
quietly "$compiler" -I"$source/kernels" -fsyntax-only "$scratch/by_hand.c"
for flag in -ffast-math -Ofast -ffinite-math-only; do
    "$compiler" $flag -I"$source/kernels" -fsyntax-only "$scratch/by_hand.c" 2>"$scratch/log" &&
        fail "the dialect is compiled with $flag"
    grep -q 'no fast-math: results would have other bits' "$scratch/log" ||
        { cat "$scratch/log"; fail "$flag has another error"; }
done
