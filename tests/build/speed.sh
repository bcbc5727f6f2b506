#!/bin/sh
# speed.sh ODEC SOURCE INCLUDE RUNTIME COMPILER FLAGS ARCHIVE -- a generated solver is at most 3 % slower
# than what odec compiles where it runs, for this machine alone. ARCHIVE is the compiler's.
set -eu
. "$(dirname "$0")/lib.sh"
[ "$(uname -m)" = x86_64 ] || { echo "skipped: these are levels of x86-64"; exit 77; }

failed=
for case in lorenz:8000::nan lorenz:4000:rk4:0.001 robertson:40000::nan hodgkin_huxley:2000::nan; do
    IFS=: read -r model runs method dt <<END
$case
END
    options="--save final ${method:+--method $method --dt $dt}"
    quietly "$odec" build "$source/examples/$model.ode" --name solver $options -o .
    build_levels solver gcc 'x86_64_v4 x86_64_v3'
    FLAGS="$(level_flags solver)"
    quietly gcc $FLAGS "-I$include" -DODEC_WITHOUT_X86_64_V2 -DODEC_WITHOUT_PORTABLE -c solver.c -o solver.o
    quietly gcc -O2 "-I$include" -I. "$source/tests/build/speed.c" solver*.o "$7" "$runtime" \
        -lamd -lsuitesparseconfig -lmd -lpthread -ldl -lm -o speed
    said=$(./speed "$source/examples/$model.ode" "$runs" "$method" "$dt") || failed="$failed $model"
    echo "$model $method: $said"
done
[ -z "$failed" ] || fail "slower:$failed"
