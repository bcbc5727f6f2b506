#!/bin/sh
# consumer.sh BUILD SOURCE BUILD_TYPE COMPILER CXX_COMPILER FLAGS -- installs odec into an empty prefix,
# moves it, and builds, tests and rebuilds examples/consumer against it, with Ninja and with Make; and
# holds odec_add_model to what it promises: only what a touched model made is made anew, mistakes have
# their words, solvers are made for the machine that a project cross-compiles for.
set -eu
build=$1 source=$2 build_type=$3 compiler=$4 cxx_compiler=$5 flags=$6

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export XDG_CACHE_HOME="$scratch/cache"
unset ODEC_CC CC CXX CFLAGS CXXFLAGS

fail() {
    echo "FAILED: $*"
    exit 1
}

quietly() {
    "$@" >"$scratch/log" 2>&1 || { cat "$scratch/log"; fail "$*"; }
}

quietly cmake --install "$build" --prefix "$scratch/made"
mv "$scratch/made" "$scratch/prefix"
prefix=$scratch/prefix
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

# ---- mistakes, in a project of C++
project=$source/tests/install/models
expect_mistake() { # words, then options
    words=$1
    shift
    if cmake -S "$project" -B "$scratch/mistakes" "-DCMAKE_PREFIX_PATH=$prefix" \
        "-DMODELS_DIR=$consumer/models" "-DCMAKE_CXX_COMPILER=$cxx_compiler" \
        "-DCMAKE_C_COMPILER=$compiler" "$@" >"$scratch/log" 2>&1; then
        fail "no mistake: $*"
    fi
    tr -s '\n ' '  ' <"$scratch/log" | grep -qF -- "odec_add_model: $words" ||
        { cat "$scratch/log"; fail "not '$words'"; }
}
expect_mistake "TARGET 'nothing' is no target" '-DARGUMENTS=TARGET;nothing;MODELS;spring.ode'
expect_mistake 'MODELS are missing' '-DARGUMENTS=TARGET;app'
expect_mistake 'what is SPEED?' '-DARGUMENTS=TARGET;app;SPEED;MODELS;spring.ode'
expect_mistake 'NAME is for one model, and there are 2' \
    '-DARGUMENTS=TARGET;app;NAME;a;MODELS;spring.ode;brusselator.ode'
expect_mistake 'app has a solver spring already: give another NAME' \
    '-DARGUMENTS=TARGET;app;MODELS;spring.ode;spring.ode'
expect_mistake 'there is no level z80 among' '-DARGUMENTS=TARGET;app;MODELS;spring.ode;LEVELS;z80'
expect_mistake "there is no ODEC_EXECUTABLE /nowhere/odec" -DODEC_EXECUTABLE=/nowhere/odec \
    '-DARGUMENTS=TARGET;app;MODELS;spring.ode'

# ---- options, a name of its own and one level: in a project of C++, with foreign flags
quietly cmake -S "$project" -B "$scratch/options" "-DCMAKE_PREFIX_PATH=$prefix" \
    "-DMODELS_DIR=$consumer/models" "-DCMAKE_CXX_COMPILER=$cxx_compiler" \
    "-DCMAKE_C_COMPILER=$compiler" "-DCMAKE_C_FLAGS=$flags -Ofast" "-DCMAKE_CXX_FLAGS=$flags" \
    "-DARGUMENTS=TARGET;app;NAME;mine;MODELS;spring.ode;METHOD;rk4;DT;0.5;SAVE;final;OUT;v;T;0:1;SET;friction=0;stiffness=1.5;PRECISION;float;LEVELS;portable;FATBIN;sm_80;sm_90;NVCC;$build/tests/simgpu/bin/nvcc;DEVICE"
quietly cmake --build "$scratch/options"
[ -e "$scratch/options/odec/app/mine.h" ] || fail "no mine.h"
for word in rk4 'typedef float' 'mine_n_outputs = 1'; do
    grep -qF -- "$word" "$scratch/options/odec/app/mine.h" || fail "mine.h does not say '$word'"
done
grep -q '^namespace mine_device {' "$scratch/options/odec/app/mine_device.cuh" || fail "no mine_device.cuh"
[ "$("$scratch/options/app")" = 'spring: rk4, 0 .. 1, dt 0.5, v, 1.5 0, images for sm_80, sm_90' ] ||
    fail "the options did not arrive: $("$scratch/options/app")"

# ---- cross-compiling
cross=aarch64-linux-gnu-gcc
command -v $cross >/dev/null || { echo "no $cross here"; exit 0; }
cross() {
    cmake -S "$project" -B "$scratch/cross" "-DCMAKE_PREFIX_PATH=$prefix" \
        "-DMODELS_DIR=$consumer/models" -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64 \
        -DCMAKE_C_COMPILER=$cross -DONLY_C=ON '-DARGUMENTS=TARGET;app;MODELS;spring.ode' "$@"
}
cross >"$scratch/log" 2>&1 && fail "the command of another machine was used"
tr -s '\n ' '  ' <"$scratch/log" | grep -q 'set ODEC_EXECUTABLE' || { cat "$scratch/log"; fail "no word of ODEC_EXECUTABLE"; }
quietly cross "-DODEC_EXECUTABLE=$prefix/bin/odec"
quietly cmake --build "$scratch/cross"
members=$(${cross%gcc}nm "$scratch/cross/libapp.a" | sed -n 's/.* T \(spring_kernel_.*\)_[0-9a-f]*$/\1/p')
[ "$members" = spring_kernel_aarch64 ] || fail "for aarch64 there are the kernels '$members'"
