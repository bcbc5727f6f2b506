#!/bin/sh
# refused.sh ODEC SOURCE ... -- solvers that were built otherwise than their heads say: found out by
# the compiler where it can, else when a solver is made.
set -eu
. "$(dirname "$0")/lib.sh"
[ "$(uname -m)" = x86_64 ] || { echo "skipped: these are levels of x86-64"; exit 77; }
grep -qw avx2 /proc/cpuinfo || { echo "skipped: this CPU is below x86-64-v3"; exit 77; }

quietly "$odec" build "$source/examples/lorenz.ode" -o .
FLAGS="$(level_flags lorenz) $strict"

# ---- by the compiler
wrong_flags() { # LEVEL FLAGS 'what the error says'
    if gcc $FLAGS "-DODEC_LEVEL_$1" $2 -fsyntax-only lorenz.c 2>log; then
        fail "$1 is compiled with $2"
    fi
    grep -qF -- "$3" log || { cat log; fail "$1 with $2: not '$3'"; }
}
wrong_flags X86_64_V4 -march=x86-64-v3 'this level is compiled with -march=x86-64-v4 -mtune=icelake-server -mprefer-vector-width=512'
wrong_flags X86_64_V3 -march=x86-64-v2 'this level is compiled with -march=x86-64-v3'
wrong_flags X86_64_V3 -march=x86-64-v4 'the flags allow what CPUs of x86-64-v3 do not have: end them with -mno-avx512f -march=x86-64-v3'
wrong_flags PORTABLE -march=x86-64-v3 'the flags allow what CPUs of portable do not have: end them with -march=x86-64 -mno-avx'
wrong_flags X86_64_V2 '-mavx2 -mfma -march=x86-64-v2' 'the flags allow what CPUs of x86-64-v2 do not have: end them with -mno-avx -march=x86-64-v2'
for flag in -ffast-math -funsafe-math-optimizations -freciprocal-math -fno-signed-zeros -ffinite-math-only; do
    wrong_flags PORTABLE $flag 'no fast-math: results would have other bits'
done
wrong_flags PORTABLE -fsingle-precision-constant 'literals are double (-fno-single-precision-constant)'
for with in gcc clang; do # the way out is one
    for end in PORTABLE:-march=x86-64:-mno-avx X86_64_V2:-mno-avx:-march=x86-64-v2 X86_64_V3:-mno-avx512f:-march=x86-64-v3; do
        command -v $with >/dev/null || continue
        quietly $with $FLAGS -march=native -mavx512f -mfma "-DODEC_LEVEL_${end%%:*}" \
            $(echo "${end#*:}" | tr : ' ') -fsyntax-only lorenz.c
    done
done
wrong_flags X86_64_V2 '-march=x86-64-v2 -mfpmath=387' 'float and double are computed as such'
if gcc $FLAGS -I"$include" -fshort-enums -fsyntax-only lorenz.c 2>log; then fail 'short enums are taken'; fi
grep -qF "odec has enumerations that are ints: no -fshort-enums" log || { cat log; fail 'short enums have another error'; }
if g++ -x c++ -std=c++17 -I"$include" -fshort-enums -fsyntax-only lorenz.h 2>log; then fail 'short enums are taken in C++'; fi
grep -qF "odec has enumerations that are ints: no -fshort-enums" log || { cat log; fail 'short enums have another error in C++'; }
if g++ -x c++ -I"$include" -fsyntax-only lorenz.c 2>log; then fail 'it is compiled as C++'; fi
grep -q 'this file is C: compile it as C11' log || { cat log; fail 'C++ has another error'; }
sed 's/^\(#define ODEC_KERNEL_ABI\) .*/\1 500/' "$include/abi.h" >abi.h
cp "$include"/odec.h "$include"/status.def .
if gcc $FLAGS -I. -fsyntax-only lorenz.c 2>log; then fail 'another ABI is taken'; fi
grep -q 'this file was made for another version of odec: run odec build again' log ||
    { cat log; fail 'another ABI has another error'; }
rm abi.h odec.h status.def

# ---- when a solver is made
refused() { # ISA 'the error'
    rm -f said
    if env -i "ODEC_ISA=$1" PATH= ./lorenz 1 >found 2>said; then fail "$1 is taken: $2"; fi
    [ "$(cat said)" = "error: $2" ] || { cat said; fail "$1: not '$2'"; }
}
build_levels lorenz gcc x86_64_v2
FLAGS=$(echo "$FLAGS" | sed 's/-ffp-contract=off//; s/c11/gnu11/')
command=$(level_commands lorenz | grep -- '_x86_64_v3\.o$')
quietly eval "gcc $command"
build_program lorenz gcc
refused '' "model lorenz: the kernel for x86-64-v3 was compiled without -ffp-contract=off: its results would have other bits"
refused portable "model lorenz: no kernel that is linked in is for this CPU (portable); it has x86-64-v3 of 4 lanes, x86-64-v2 of 2 lanes"
refused sse2 "ODEC_ISA: 'sse2' is none of x86-64-v4, x86-64-v3, x86-64-v2, aarch64, portable"
env -i ODEC_ISA=x86-64-v2 PATH= ./lorenz 1 >found || fail 'x86-64-v2 is refused too'

# ---- what clang has no macro for: each of these takes a liberty that the kernel's check sees
if command -v clang >/dev/null; then
    CLANG="$(level_flags lorenz) -w"
    liberty() { # 'the error' FLAGS...
        text=$1
        shift
        rm -f lorenz_*.o
        quietly clang $CLANG -march=x86-64-v3 -DODEC_LEVEL_X86_64_V3 "$@" -c lorenz.c -o lorenz_x86_64_v3.o
        build_program lorenz gcc
        refused '' "model lorenz: the kernel for x86-64-v3 was compiled $text: its results would have other bits"
    }
    liberty 'without -ffp-contract=off' -ffast-math -fno-fast-math
    liberty 'with a part of -ffast-math' -funsafe-math-optimizations -ffp-contract=off
    liberty 'with a part of -ffast-math' -fassociative-math -fno-signed-zeros
    liberty 'with a part of -ffast-math' -freciprocal-math
    liberty 'with a part of -ffast-math' -fno-signed-zeros
    liberty 'with a part of -ffast-math' -fno-honor-nans
    rm -f lorenz_*.o
    quietly clang $CLANG -march=x86-64-v3 -DODEC_LEVEL_X86_64_V3 -c lorenz.c -o lorenz_x86_64_v3.o
    build_program lorenz gcc
    env -i PATH= ./lorenz 1 >found || fail 'clang without liberties is refused'
fi

# ---- a level that is not linked, and that nobody left out
quietly $compiler $flags $FLAGS "-I$include" -c lorenz.c -o lorenz_program.o
if $compiler $flags "-I$include" -I. -DMODEL=lorenz "$source/tests/build/solve.c" lorenz_*.o \
    "$runtime" -lmd -lpthread -ldl -lm -o lorenz 2>log; then
    fail 'a level is missing'
fi
grep -q 'lorenz_kernel_x86_64_v4' log || { cat log; fail 'the linker does not say which level is missing'; }

# ---- a level's object that was made before the model changed
rm -f lorenz*.o
quietly "$odec" build "$source/examples/lorenz.ode" -o . --name lorenz --save final
FLAGS="$(level_flags lorenz) $strict"
build_levels lorenz "$compiler $flags" x86_64_v2
mv lorenz_x86_64_v2.o kept.o
sed 's/x\*y/2*x*y/' "$source/examples/lorenz.ode" >changed.ode
cmp -s changed.ode "$source/examples/lorenz.ode" && fail 'the model was not changed'
quietly "$odec" build changed.ode -o . --name lorenz --save final
without='-DODEC_WITHOUT_X86_64_V4 -DODEC_WITHOUT_X86_64_V3 -DODEC_WITHOUT_PORTABLE'
quietly $compiler $flags $FLAGS "-I$include" $without -c lorenz.c -o lorenz_program.o
link() { # OBJECT
    $compiler $flags "-I$include" -I. -DMODEL=lorenz "$source/tests/build/solve.c" "$1" lorenz_program.o \
        "$runtime" -lmd -lpthread -ldl -lm -o lorenz 2>log
}
link kept.o && fail 'the kernel of the model before the change is linked'
grep -q 'undefined reference.*lorenz_kernel_x86_64_v2_' log || { cat log; fail 'the linker names no kernel'; }
build_levels lorenz "$compiler $flags" x86_64_v2
link lorenz_x86_64_v2.o || { cat log; fail 'the new kernel is not linked'; }
