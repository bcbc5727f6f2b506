#!/bin/sh
# many.sh ODEC SOURCE INCLUDE RUNTIME COMPILER FLAGS -- twenty solvers in one program of C++,
# one of them of hostile names and texts: no compiler warns of any, none gets in another's way, and
# nothing of the compiler is in the program.
set -eu
. "$(dirname "$0")/lib.sh"
cxx=g++
text=$(printf 'as long as no string literal has to be %.0s' $(seq 1 200))

cp "$source/tests/build/hostile.ode" .
sed -i "s/^par I .*/&\npar long_text = 1 \"$text\"/" hostile.ode
printf "model none\ninit x = 1\nx' = -x\nsolve { t = 0 .. 1; save = at 0, 0.5, 1 }\n" >none.ode
for i in $(seq 1 18); do
    printf "model m\npar k = $i\ninit x = 1\nx' = -k*x\nout y = k*x\nsolve { method = tsit5; t = 0 .. 1 }\n" >"m$i.ode"
done
models="hostile none $(seq -s ' ' -f 'm%.0f' 1 18)"
quietly "$odec" build *.ode -o .

# ---- nobody warns
for name in hostile none; do
    FLAGS="$(level_flags $name) $strict"
    for with in gcc clang; do
        command -v $with >/dev/null || continue
        build_levels $name $with portable
        quietly $with $FLAGS "-I$include" -c $name.c -o warned.o
        printf '#include "%s.h"\n%s_pars use(void);\n%s_pars use(void) {\n    %s_pars pars = %s_PARS_INIT;\n    return pars;\n}\n' \
            $name $name $name $name $name >use.c
        quietly $with $FLAGS "-I$include" -fsyntax-only use.c
        quietly $with $FLAGS "-I$include" -include complex.h -include errno.h -x c -fsyntax-only $name.h
    done
    for with in g++ clang++; do
        command -v $with >/dev/null || continue
        for standard in c++17 gnu++17; do
            quietly $with -std=$standard -Wold-style-cast -Wzero-as-null-pointer-constant $(echo $strict | sed s/-Wmissing-prototypes//) "-I$include" -x c++ -fsyntax-only use.c
        done
    done
done

# ---- all in one program
: >headers.h
: >models.def
for name in $models; do
    echo "#include \"$name.h\"" >>headers.h
    echo "MODEL($name)" >>models.def
    FLAGS=$(level_flags $name | sed s/-O2/-O0/)
    quietly $compiler $flags $FLAGS $strict -DODEC_LEVEL_PORTABLE -c $name.c -o kernel_$name.o
    quietly $compiler $flags $FLAGS $strict "-I$include" -DODEC_WITHOUT_X86_64_V4 \
        -DODEC_WITHOUT_X86_64_V3 -DODEC_WITHOUT_X86_64_V2 -c $name.c -o program_$name.o
done
values() { # MODEL OPTIONS...: the first column of the results, after what is swept
    "$odec" run "$@" --save final --out "$(sed -n 's/^init \([^ ]*\) .*/\1/p' "$1")" --quiet -o - |
        sed -n '2,$s/.*,\([^,]*\),ok$/\1/p'
}
{
    echo "hostile $(values hostile.ode)"
    echo "none $(values none.ode)"
    values m1.ode --sweep k=1:18:18 | sed = | sed 'N; s/\(.*\)\n/m\1 /'
} >expected
quietly $cxx $flags -std=c++17 -Wall -Wextra -Wpedantic -Werror "-I$include" -I. -c "$source/tests/build/many.cpp" -o many.o
quietly $cxx $flags many.o kernel_*.o program_*.o "$runtime" -lmd -lpthread -ldl -lm -o many
[ "$(wc -l <expected)" -eq 20 ] || fail 'these are not twenty'
PATH= ODEC_ISA= ./many >found 2>said || { cat said; fail "many ends with $?"; }
[ ! -s said ] || { cat said; fail 'a solver failed'; }
diff expected found || fail 'a solver says something else than odec run'

# ---- what is in it
nm many >names
grep -q ' odec_solve$' names || fail 'nm shows no odec_solve'
if grep -E ' (yy[a-z]|.*(flex|bison)|odec_compile|parse$|amd_)' names; then
    fail 'parts of the compiler are in the program'
fi
