# lib.sh -- read by the scripts beside it: builds solvers by hand, as their heads say.
#   . lib.sh ODEC SOURCE INCLUDE RUNTIME COMPILER FLAGS    (what CMakeLists.txt gives to each)
odec=$1 source=$2 include=$3 runtime=$4 compiler=$5 flags=$6

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
export XDG_CACHE_HOME="$scratch/cache"
strict='-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wundef -Wdouble-promotion -Wfloat-equal
    -Wcast-qual -Wmissing-prototypes -Werror'

fail() {
    echo "FAILED: $*"
    exit 1
}

quietly() {
    "$@" >log 2>&1 || { cat log; fail "$*"; }
}

# The commands of a solver's head: lines "cc $FLAGS ... -o NAME_WORD.o".
level_commands() { # name
    sed -n "/^ \*\//q; s/^ \*   cc \(\$FLAGS.* -DODEC_LEVEL_.*\)/\1/p" "$1.c"
}

level_flags() { # name
    sed -n 's/^ \*   FLAGS="\(.*\)"$/\1/p' "$1.c"
}

# build_levels NAME COMPILER LEVELS: objects of these levels (words of levels.def), no warnings.
build_levels() {
    FLAGS="$(level_flags "$1") $strict"
    for word in $3; do
        # The words are options.
        command=$(level_commands "$1" | grep -- "-o $1_$word\.o\$") ||
            fail "$1.c does not say how $word is compiled"
        quietly eval "$2 $command"
    done
}

# build_program NAME COMPILER: the program around the levels that are there.
build_program() {
    without=
    for id in X86_64_V4 X86_64_V3 X86_64_V2 PORTABLE AARCH64; do
        [ -e "$1_$(echo $id | tr A-Z a-z).o" ] || without="$without -DODEC_WITHOUT_$id"
    done
    quietly $2 $(level_flags "$1") $strict "-I$include" $without -c "$1.c" -o "$1_program.o"
    quietly $compiler $flags -std=c11 "-I$include" -I. "-DMODEL=$1" "$source/tests/build/solve.c" \
        "$1"_*.o "$runtime" -lmd -lpthread -ldl -lm -o "$1"
}

# What `odec run` says of the same batch: run_digest MODEL.ode OPTIONS...
run_digest() {
    quietly "$odec" run "$@" --device cpu --quiet --stats stats.json -o result.npy
    sed -n 's/.*"digest": *"\([0-9a-f]*\)".*/\1/p' stats.json
}
