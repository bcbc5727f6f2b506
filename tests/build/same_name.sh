#!/bin/sh
# same_name.sh ODEC SOURCE INCLUDE RUNTIME COMPILER FLAGS -- two libraries in one program, each with a
# solver of its own, both of the NAME decay: archives, and shared libraries that show all names. Each
# has its own model; and who was compiled with the header before the model changed is not linked.
set -eu
. "$(dirname "$0")/lib.sh"
FLAGS=$(printf '%s' "$flags -std=c11 -O1 -ffp-contract=off -fPIC")
without='-DODEC_WITHOUT_X86_64_V4 -DODEC_WITHOUT_X86_64_V3 -DODEC_WITHOUT_X86_64_V2 -DODEC_WITHOUT_CUDA'
level=PORTABLE
[ "$(uname -m)" != aarch64 ] || level=AARCH64

# library WORD: decay.ode's solver and a function that solves it, decay_by_WORD
cat >library.c <<'END'
#include "decay.h"
double WORD(void);
double WORD(void) {
    double x = 0;
    odec_context *context = NULL;
    odec_solver *solver = NULL;
    decay_pars pars = decay_PARS_INIT;
    odec_source sources[decay_n_pars];
    odec_batch batch = ODEC_BATCH_INIT;
    odec_output output = ODEC_OUTPUT_INIT;
    decay_uniform(&pars, sources);
    batch.n_runs = 1;
    batch.pars = sources;
    output.values = &x;
    batch.output = &output;
    odec_status status = odec_context_create(&context);
    if (status == ODEC_OK) {
        status = odec_solver_create(context, &decay_program, NULL, &solver);
    }
    if (status == ODEC_OK) {
        status = odec_solve(solver, &batch, NULL, NULL);
    }
    odec_solver_destroy(solver);
    odec_context_destroy(context);
    return status == ODEC_OK ? x : -1;
}
END
library() {
    word=$1
    mkdir "$word"
    cat >"$word/decay.ode"
    quietly "$odec" build "$word/decay.ode" -o "$word" --method rk4 --dt 0.5 --save final
    quietly $compiler $FLAGS -DODEC_LEVEL_$level -c "$word/decay.c" -o "$word/level.o"
    quietly $compiler $FLAGS "-I$include" $without -c "$word/decay.c" -o "$word/program.o"
    quietly $compiler $FLAGS "-I$include" "-I$word" "-DWORD=decay_by_$word" -c library.c -o "$word/library.o"
    quietly ar rcs "lib$word.a" "$word"/*.o
    quietly $compiler $FLAGS -shared "$word"/*.o -o "lib$word.so"
}
library steps <<'END'
model decay
par k = 1
init x = 1
x' = -k
solve { t = 0 .. 1 }
END
library growth <<'END'
model decay
par c = 2, k = 3
init x = 1
x' = c*k
solve { t = 0 .. 1 }
END
cat >main.c <<'END'
#include <stdio.h>
double decay_by_steps(void);
double decay_by_growth(void);
int main(void) {
    printf("%.4f %.4f\n", decay_by_steps(), decay_by_growth());
    return 0;
}
END
for kind in a so; do
    for order in 'steps growth' 'growth steps'; do
        set -- $order
        quietly $compiler $FLAGS main.c "./lib$1.$kind" "./lib$2.$kind" "$runtime" -rdynamic \
            -lmd -lpthread -ldl -lm -o main
        [ "$(./main)" = "0.0000 7.0000" ] || fail "lib$1.$kind before lib$2.$kind: $(./main)"
    done
done

# ---- a header from before the model changed
cp growth/program.o growth/level.o steps
if $compiler $FLAGS main.c steps/*.o libgrowth.a "$runtime" -lmd -lpthread -ldl -lm -o main 2>log; then
    fail 'a file that was compiled with the header of another model is linked'
fi
grep -q 'undefined reference.*decay_program_' log || { cat log; fail 'the linker names no program'; }
