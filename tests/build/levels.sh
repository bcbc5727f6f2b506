#!/bin/sh
# levels.sh ODEC SOURCE INCLUDE RUNTIME COMPILER FLAGS CASE... -- a generated solver, built by hand as
# its head says, without a warning, has the bits of `odec run` at each level of x86-64, with no
# compiler and no cache at hand. A case is
#   NAME/COMPILER/STATE/LO/HI/options    of NAME.ode in examples/ or here, whose state STATE begins at LO .. HI;
#                                         without a state the first, at 0.5 .. 1
set -eu
. "$(dirname "$0")/lib.sh"
shift 6
runs=200
levels='x86_64_v4 x86_64_v3 x86_64_v2 portable'

[ "$(uname -m)" = x86_64 ] || { echo "skipped: these are levels of x86-64"; exit 77; }

for case in "$@"; do
    IFS=/ read -r name with state lo hi options <<END
$case
END
    command -v "$with" >/dev/null || { echo "skipped: there is no $with here"; exit 77; }
    rm -f "$name"*
    model=$source/examples/$name.ode
    [ -e "$model" ] || model=$source/tests/build/$name.ode
    quietly "$odec" build "$model" -o . $options
    build_levels "$name" "$with" "$levels"
    build_program "$name" "$with"
    if [ -z "$state" ]; then # the first, and some numbers
        state=$(sed -n "s/^ *${name}_state_\(.*\) = 0.*/\1/p" "$name.h")
        lo=0.5 hi=1
    fi
    index=$(sed -n "s/^ *${name}_state_$state = \([0-9]*\).*/\1/p" "$name.h")
    [ -n "$index" ] || fail "$name.h does not know the state $state"
    expected=$(run_digest "$model" $options --sweep "$state(0)=$lo:$hi:$runs")
    [ ${#expected} -eq 32 ] || fail "odec run has the digest '$expected'"
    seen=
    for level in x86-64-v4 x86-64-v3 x86-64-v2 portable; do
        found=$(env -i "ODEC_ISA=$level" PATH= "./$name" $runs $index $lo $hi 2>said) || {
            cat said
            fail "$case at $level ends with $?"
        }
        [ "$found" = "$expected" ] || fail "$case at $level: $found, not $expected"
        seen="$seen$(sed 's/.*lanes, //' said);"
    done
    [ -z "$(find "$XDG_CACHE_HOME" -newer said -type f 2>/dev/null)" ] || fail "$case wrote a cache"
    echo "$case: $seen"
done
