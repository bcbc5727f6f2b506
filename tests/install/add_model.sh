#!/bin/sh
# add_model.sh BUILD SOURCE COMPILER CXX_COMPILER FLAGS -- holds the installed odec_add_model to what it
# promises: mistakes have their words, options arrive, names that are nearly the same do not meet,
# foreign flags change no result, solvers are made for the machine that a project cross-compiles for.
set -eu
build=$1 source=$2 compiler=$3 cxx_compiler=$4 flags=$5

. "$(dirname "$0")/prefix.sh"
unset ODEC_CC CC CXX CFLAGS CXXFLAGS
consumer=$prefix/share/odec/examples/consumer

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
expect_mistake 'there is no model METHD' '-DARGUMENTS=TARGET;app;MODELS;spring.ode;METHD;rk4'
expect_mistake 'SET METHD is not NAME=VALUE' '-DARGUMENTS=TARGET;app;MODELS;spring.ode;SET;friction=0;METHD;rk4'
expect_mistake 'FATBIN 80 is no architecture' '-DARGUMENTS=TARGET;app;MODELS;spring.ode;FATBIN;80'
expect_mistake 'without a value: METHOD' '-DARGUMENTS=TARGET;app;MODELS;spring.ode;METHOD;DEVICE'
expect_mistake 'without a value: LEVELS, SET' '-DARGUMENTS=TARGET;app;SET;LEVELS;MODELS;spring.ode'
for target in custom headers elsewhere objects; do
    expect_mistake "TARGET '$target' is neither a program nor a static, shared or module library of this project" \
        "-DARGUMENTS=TARGET;$target;MODELS;spring.ode"
done
expect_mistake 'there is no level z80 among' '-DARGUMENTS=TARGET;app;MODELS;spring.ode;LEVELS;z80'
expect_mistake "there is no ODEC_EXECUTABLE /nowhere/odec" -DODEC_EXECUTABLE=/nowhere/odec \
    '-DARGUMENTS=TARGET;app;MODELS;spring.ode'

# ---- options, a name of its own and one level: in a project of C++, with foreign flags
quietly cmake -S "$project" -B "$scratch/options" "-DCMAKE_PREFIX_PATH=$prefix" \
    "-DMODELS_DIR=$consumer/models" "-DCMAKE_CXX_COMPILER=$cxx_compiler" \
    "-DCMAKE_C_COMPILER=$compiler" "-DCMAKE_C_FLAGS=$flags -Ofast" "-DCMAKE_CXX_FLAGS=$flags" \
    "-DARGUMENTS=TARGET;the::app;NAME;mine;MODELS;spring.ode;METHOD;rk4;DT;0.5;SAVE;final;OUT;v;T;0:1;SET;friction=0;stiffness=1.5;PRECISION;float;LEVELS;portable;FATBIN;sm_80;sm_90;NVCC;$build/tests/simgpu/bin/nvcc;DEVICE"
quietly cmake --build "$scratch/options"
[ -e "$scratch/options/odec/app/mine.h" ] || fail "no mine.h"
for word in rk4 'typedef float' 'mine_n_outputs = 1'; do
    grep -qF -- "$word" "$scratch/options/odec/app/mine.h" || fail "mine.h does not say '$word'"
done
grep -q '^namespace mine_device {' "$scratch/options/odec/app/mine_device.cuh" || fail "no mine_device.cuh"
[ "$("$scratch/options/app")" = 'spring: rk4, 0 .. 1, dt 0.5, v, 1.5 0, images for sm_80, sm_90' ] ||
    fail "the options did not arrive: $("$scratch/options/app")"

# ---- targets and names that are nearly the same, and flags that would change results: all levels, by
# the compilers that are there
for with in "$compiler" clang; do
    command -v "$with" >/dev/null || continue
    folder=$scratch/names_$(basename "$with")
    quietly cmake -S "$source/tests/install/names" -B "$folder" "-DCMAKE_PREFIX_PATH=$prefix" \
        "-DMODELS_DIR=$consumer/models" "-DCMAKE_C_COMPILER=$with" \
        "-DCMAKE_C_FLAGS=$flags -Ofast -march=native -mfma -mavx512f -DNDEBUG"
    quietly cmake --build "$folder" -j 2
    # As odec itself has it, in spite of what the project's flags do to its sums of numbers.
    for isa in '' x86-64-v3 x86-64-v2 portable; do
        [ "$(uname -m)" = x86_64 ] || isa=
        found=$(ODEC_ISA=$isa "$folder/both") || fail "$with, $isa: both ends with $?"
        [ "${bits:=$found}" = "$found" ] || fail "$with, $isa: $found, not $bits"
    done
done

# ---- versions: before 1.0 those of the same minor version alone
for version in 0.2 1.0; do
    cmake -S "$source/tests/install/names" -B "$scratch/version" "-DCMAKE_PREFIX_PATH=$prefix" \
        "-DMODELS_DIR=$consumer/models" "-DCMAKE_C_COMPILER=$compiler" -DVERSION=$version >"$scratch/log" 2>&1 &&
        fail "version $version is found"
    tr -s '\n ' '  ' <"$scratch/log" | grep -q "compatible with requested version \"$version\"" ||
        { cat "$scratch/log"; fail "no word of version $version"; }
done

# ---- two libraries with solvers of one name, whose headers would stand one before the other
cmake -S "$source/tests/install/names" -B "$scratch/same" "-DCMAKE_PREFIX_PATH=$prefix" \
    "-DMODELS_DIR=$consumer/models" "-DCMAKE_C_COMPILER=$compiler" -DSAME=ON >"$scratch/log" 2>&1 &&
    fail "a program is linked to two solvers of one name"
grep -q odec_solver_b_is_of "$scratch/log" || { cat "$scratch/log"; fail "no word of the name"; }

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
