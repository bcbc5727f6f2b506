#!/bin/sh
# names.sh ODEC -- names and comments that would break generated code, were they in it: words
# of C, CUDA and the kernels, 300 letters, comments that end comments or splice lines.
. "$(dirname "$0")/lib.sh"

long=$(yes abcdefghij | head -n 30 | tr -d '\n')
run() { # FILE ARGS...: its CSV in out.txt
    file=$1
    shift
    says 0 '' run "$file" --t 0:1 --rtol 1e-8 -o - "$@"
}
run_expecting() { # FILE EXPECTED-ROW-PATTERN
    run "$1"
    grep -q -e "$2" out.txt || { fail "$1 does not give $2"; cat out.txt; }
}

i=0
for name in NULL double I threadIdx main asm y t0 h k1 v1 dy p c real mask R EACH N_STATES \
            int struct template class __global__ _Complex errno INFINITY NAN exit odec_kernel \
            t1 x1e5 E D T "$long"; do
    i=$((i + 1))
    cat >name$i.ode <<END
model $name
par ${name}_ = -1
init $name = 1
$name' = ${name}_*$name
out ${name}out = 2*$name
END
    run_expecting name$i.ode '^0,1,0.3678794[0-9]*,0.735758[0-9]*,ok$'
    head -n 1 out.txt | grep -q "^run,t,$name,${name}out,status$" ||
        fail "$name is not in the header"
done

cat >comments.ode <<'END'
model comments "it's */ \\ %s ??/ @{model} \" #include <stdio.h>" # */ #error */ \
init x = 1 # ends here */ int broken; /* ??/
x' = -x # "quotes \ // \n @{model} @{library} %n /* */ \
END
# what follows a backslash in a comment is comment no longer
printf 'out z = x + 1 # ends in a backslash \\\nout w = x*2 #\n' >>comments.ode
sed -i 's/\\\\ %s/%s/; s/\\" //' comments.ode
run_expecting comments.ode '^0,1,0.3678794[0-9]*,1.3678794[0-9]*,0.735758[0-9]*,ok$'
says 0 '' emit comments.ode --target cuda
says 0 '' emit comments.ode
check 'no hole is left in the text' sh -c '! grep -q "@{" out.txt'

# an equation over several lines whose comment would close the one beside it
printf "model m\ninit x = 1\nx' = (-x # */ \\\\\n  *1) # ??/\n" >lines.ode
run_expecting lines.ode '^0,1,0.3678794[0-9]*,ok$'

finish
