#!/bin/sh
# fuzz_files.sh -- builds the fuzz target of tables and cache entries with clang, and runs it for a
# while.
#
#   fuzz_files.sh SOURCE_DIR BUILD_DIR SECONDS
#
# Exits with 77, which ctest calls skipped, where there is no clang with libFuzzer.
set -eu
source=$1 build=$2 seconds=$3
mkdir -p "$build/fuzz/files"
cd "$build/fuzz"
echo 'int LLVMFuzzerTestOneInput(const char *p, long n) { return p && n < 0; }' >probe_files.c
if ! clang -fsanitize=fuzzer,address,undefined probe_files.c -o probe_files 2>/dev/null; then
    echo "skipped: clang with libFuzzer is not there (Debian: clang, libclang-rt-14-dev)"
    exit 77
fi
rooms=""
for room in runtime runtime/base runtime/plan runtime/devices kernels kernels/math; do
    rooms="$rooms -I$source/$room"
done
clang -std=gnu17 -g -O1 -w -ffp-contract=off \
    -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all $rooms -I"$build/include" \
    "$source"/runtime/base/*.c "$source/runtime/plan/run_table.c" "$source/runtime/devices/cache.c" \
    "$source/tests/runtime/fuzz_files.c" -lmd -lm -o fuzz_files
printf '\002rho,beta\n1,2\n3,4\n' >files/plain
printf '\004"a b";c\n1,5;2\n' >files/semicolons
printf '\006\357\273\277a,b\r\n"x""y",1e-3\r\n,\r\n' >files/quoted
printf '\001odec kernel 1\n0123456789' >files/kernel
exec ./fuzz_files -max_total_time="$seconds" -timeout=20 -rss_limit_mb=4096 \
    -print_final_stats=1 -verbosity=0 files
