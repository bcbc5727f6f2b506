#!/bin/sh
# fuzz_short.sh -- builds the parser's fuzz target with clang and runs it for a while.
#
#   fuzz_short.sh SOURCE_DIR BUILD_DIR SECONDS
#
# BUILD_DIR holds the generated scanner and parser. Exits with 77, which ctest calls skipped,
# where there is no clang with libFuzzer.
set -eu
source=$1 build=$2 seconds=$3
cd "$build"
mkdir -p fuzz/corpus
echo 'int LLVMFuzzerTestOneInput(const char *p, long n) { return p && n < 0; }' >fuzz/probe.c
if ! clang -fsanitize=fuzzer,address,undefined fuzz/probe.c -o fuzz/probe 2>/dev/null; then
    echo "skipped: clang with libFuzzer is not there (Debian: clang, libclang-rt-14-dev)"
    exit 77
fi
sources=$(ls "$source"/compiler/base/*.c "$source"/compiler/syntax/*.c "$source"/compiler/check/*.c)
rooms=""
for room in compiler/base compiler/syntax compiler/check runtime kernels kernels/math kernels/methods; do
    rooms="$rooms -I$source/$room"
done
clang -std=gnu17 -g -O1 -w -ffp-contract=off -DODEC_EXACT_BLOCKS \
    -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
    $rooms -Iinclude -I. \
    $sources methods/method_*.c lexer.c parser.c "$source/tests/compiler/fuzz_parser.c" -o fuzz/fuzz_parser
for model in "$source"/tests/golden/*/*.ode "$source"/examples/*.ode; do
    cp "$model" "fuzz/corpus/$(basename "$(dirname "$model")")-$(basename "$model")"
done
exec fuzz/fuzz_parser -max_total_time="$seconds" -timeout=20 -rss_limit_mb=4096 \
    -print_final_stats=1 -verbosity=0 fuzz/corpus
