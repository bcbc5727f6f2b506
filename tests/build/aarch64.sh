#!/bin/sh
# aarch64.sh ODEC SOURCE INCLUDE RUNTIME COMPILER FLAGS FOLDERS ROOMS -- a solver for AArch64, built with
# the whole runtime by a cross-compiler and run under qemu, has the bits of `odec run` here.
#   FOLDERS   where the runtime's headers are, ROOMS its sources, with commas between them
set -eu
. "$(dirname "$0")/lib.sh"
folders=$7 sources=$8
cross=aarch64-linux-gnu-gcc
for tool in $cross qemu-aarch64; do
    command -v $tool >/dev/null ||
        { echo "skipped: there is no $tool here (Debian: gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user)"; exit 77; }
done

# SHA-256 is for the cache of kernels, which a solver has no use for: where libmd for AArch64 is not
# installed, calling it ends the program.
mkdir headers
cp "$(echo '#include <sha2.h>' | gcc -E - | sed -n 's/.*"\(.*\/sha2\.h\)".*/\1/p' | head -n 1)" headers
cp "$(echo '#include <xxhash.h>' | gcc -E - | sed -n 's/.*"\(.*\/xxhash\.h\)".*/\1/p' | head -n 1)" headers
sha256=-lmd
if ! echo 'int main(void) { return 0; }' | $cross -x c - -lmd -o with_md 2>/dev/null; then
    cat >sha256.c <<'END'
#include <stdlib.h>
#include <sha2.h>
void SHA256Init(SHA2_CTX *c) { (void)c, abort(); }
void SHA256Update(SHA2_CTX *c, const uint8_t *b, size_t n) { (void)c, (void)b, (void)n, abort(); }
void SHA256Final(uint8_t *d, SHA2_CTX *c) { (void)c, (void)d, abort(); }
END
    sha256=sha256.c
fi

includes="-I$include -Iheaders"
for folder in $(echo "$folders" | tr , ' '); do
    includes="$includes -I$folder"
done
mkdir runtime
compile() { $cross -std=gnu17 -O1 -ffp-contract=off -Wall -Wextra -Werror -Wno-psabi $includes -c "$1" -o "runtime/$(basename "$1" .c).o"; }
for file in $(echo "$sources" | tr , ' '); do
    compile "$file" >>log 2>&1 &
    other=$!
    [ "${last:-}" ] && { wait "$last" || { cat log; fail "$file"; }; }
    last=$other
done
wait "$last" || { cat log; fail "the runtime for AArch64"; }

for case in 'lorenz x -5 5' 'robertson A 0.1 1' 'tiny x 1e-306 1e-305' 'vanderpol x -2 2 --precision float' \
    'lorenz y 1 2 --method rk4 --dt 0.01 --save final'; do
    set -- $case
    name=$1 state=$2 lo=$3 hi=$4
    shift 4
    model=$source/examples/$name.ode
    [ -e "$model" ] || model=$source/tests/build/$name.ode
    quietly "$odec" build "$model" -o . "$@"
    build_levels "$name" $cross aarch64
    quietly $cross $(level_flags "$name") $strict "-I$include" -c "$name.c" -o "${name}_program.o"
    quietly $cross -std=c11 "-I$include" -Iheaders -I. "-DMODEL=$name" "$source/tests/build/solve.c" \
        "$name"_aarch64.o "${name}_program.o" runtime/*.o $sha256 -lpthread -ldl -lm -o "$name"
    index=$(sed -n "s/^ *${name}_state_$state = \([0-9]*\).*/\1/p" "$name.h")
    expected=$(run_digest "$model" "$@" --sweep "$state(0)=$lo:$hi:100")
    found=$(PATH= "$(command -v qemu-aarch64)" -L /usr/aarch64-linux-gnu "./$name" 100 "$index" "$lo" "$hi" 2>said) ||
        { cat said; fail "$case ends with $?"; }
    grep -q 'of 2 lanes, aarch64$' said || { cat said; fail "$case does not say what it is"; }
    [ "$found" = "$expected" ] || fail "$case: $found, not $expected"
    echo "$case: $(cat said)"
done
