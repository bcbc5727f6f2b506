#!/bin/sh
# hpp.sh LIBRARY INCLUDE -- hpp.cpp by every C++ compiler there is, without a warning, and run
# with the shared library in the folder LIBRARY.
library=$1 include=$2
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
n=0
for cxx in g++ clang++; do
    command -v $cxx >/dev/null || continue
    n=$((n + 1))
    $cxx -std=c++17 -O1 -Wall -Wextra -Wpedantic -Werror -I"$include" "${0%.sh}.cpp" \
        -L"$library" -lodec -o "$folder/hpp" || exit 1
    LD_LIBRARY_PATH=$library "$folder/hpp" || exit 1
done
[ $n -gt 0 ] || { echo 'skipped: there is no C++ compiler'; exit 77; }
