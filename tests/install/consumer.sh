#!/bin/sh
# consumer.sh BUILD SOURCE BUILD_TYPE COMPILER CXX_COMPILER FLAGS -- installs odec into an empty prefix,
# moves it, and builds, tests and rebuilds examples/consumer against it, with Ninja and with Make: only
# what a touched model made is made anew.
set -eu
build=$1 source=$2 build_type=$3 compiler=$4 cxx_compiler=$5 flags=$6

. "$(dirname "$0")/prefix.sh"
unset ODEC_CC CC CXX CFLAGS CXXFLAGS
consumer=$prefix/share/odec/examples/consumer

# ---- nothing installed knows where it was built or first installed
for path in "$scratch/made" "$build" "$source"; do
    found=$(grep -rIlF "$path" "$prefix" || true)
    [ -z "$found" ] || fail "$path is named in" $found
    # Binaries that are built for debugging name their sources.
    [ "$build_type" != Release ] || found=$(grep -rlF "$path" "$prefix" || true)
    [ -z "$found" ] || fail "$path is in" $found
done
quietly "$prefix/bin/odec" check "$prefix"/share/odec/examples/*.ode

# ---- the consumer, by each generator
rebuild() { # folder: what was made goes into built
    quietly cmake --build "$1" -j 2
    sed -n 's/^\[[^]]*\] *//; /^Generating/p; /^Building/p; /^Linking/p' "$scratch/log" >"$scratch/built"
}

n_generators=0
for generator in Ninja 'Unix Makefiles'; do
    case $generator in
    Ninja) command -v ninja >/dev/null || continue ;;
    *) command -v make >/dev/null || continue ;;
    esac
    n_generators=$((n_generators + 1))
    folder=$scratch/build$n_generators
    quietly cmake -S "$consumer" -B "$folder" -G "$generator" "-DCMAKE_PREFIX_PATH=$prefix" \
        "-DCMAKE_C_COMPILER=$compiler" "-DCMAKE_CXX_COMPILER=$cxx_compiler" \
        "-DCMAKE_C_FLAGS=$flags -Werror" "-DCMAKE_CXX_FLAGS=$flags -Werror"
    rebuild "$folder"
    grep -q 'Generating solver spring' "$scratch/built" || fail "$generator: no solver was generated"
    quietly ctest --test-dir "$folder" --output-on-failure
    rebuild "$folder"
    [ ! -s "$scratch/built" ] || fail "$generator: built again, with nothing changed:" \
        "$(cat "$scratch/built")"
    touch "$consumer/models/brusselator.ode"
    rebuild "$folder"
    grep -q 'Generating solver brusselator' "$scratch/built" ||
        fail "$generator: a touched model was not built again"
    n=$(grep -c 'Building C object .*brusselator' "$scratch/built" || true)
    [ "$n" -ge 2 ] || fail "$generator: a touched model's solver was not compiled again"
    others=$(grep -v 'brusselator\|scan' "$scratch/built" || true)
    [ -z "$others" ] || fail "$generator: beside the touched model: $others"
done
[ "$n_generators" -gt 0 ] || fail "there is neither Ninja nor Make"
