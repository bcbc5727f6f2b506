#!/bin/sh
# levels.sh ODEC -- ODEC_ISA keeps kernels that are compiled here at a level of CPU, as it does
# those that are linked in: the compiler is told so, and results are the same. So they are where a
# process sees less of the CPU than its compiler does (valgrind).
. "$(dirname "$0")/lib.sh"
lorenz=$examples/lorenz.ode
[ "$(uname -m)" = x86_64 ] || { echo "skipped: these are levels of x86-64"; exit 77; }

cat >telling-cc <<'END'
#!/bin/sh
printf '%s\n' "$@" >flags.txt
exec gcc "$@"
END
chmod +x telling-cc
# digest NAME=VALUE... : of a batch, its lanes in lanes.txt
digest() {
    env "$@" "$odec" run "$lorenz" --sweep rho=1:28:50 --t 0:5 --cc ./telling-cc --stats stats.json -o out.npy >said.txt || return 1
    sed -n 's/.* threads\{0,1\} of \([0-9]*\) lanes\{0,1\}.*/\1/p' said.txt >lanes.txt
    sed -n 's/.*"digest": *"\([0-9a-f]*\)".*/\1/p' stats.json
}
expected=$(digest ODEC_ISA=)
check 'a batch has a digest' [ ${#expected} -eq 32 ]
native=$(cat lanes.txt)
check 'the CPU as it is' grep -qx -e -march=native flags.txt
for level in x86-64-v4:8 x86-64-v3:4 x86-64-v2:2 portable:2; do
    most=${level#*:} name=${level%:*}
    [ "$native" -ge "$most" ] || continue # such a CPU has no such level
    [ "$(digest "ODEC_ISA=$name")" = "$expected" ] || fail "at $name there are other bits"
    [ "$(cat lanes.txt)" -eq "$most" ] || fail "$name has $(cat lanes.txt) lanes"
    march=$name
    [ "$name" != portable ] || march=x86-64
    grep -qx -e "-march=$march" flags.txt || fail "the compiler is not told of $name"
done
if ODEC_ISA=sse2 "$odec" run "$lorenz" --t 0:1 --quiet -o out.npy 2>err.txt; then
    fail 'a level that there is not'
fi
check 'its error' [ "$(cat err.txt)" = "odec: error: ODEC_ISA: 'sse2' is none of x86-64-v4, x86-64-v3, x86-64-v2, aarch64, portable" ]

if command -v valgrind >/dev/null && ! grep -qE "__(asan|tsan)_init" "$odec"; then
    rm -rf cache
    found=$(valgrind -q --error-exitcode=9 "$odec" run "$lorenz" --sweep rho=1:28:50 --t 0:5 --stats stats.json -o out.npy 2>&1) ||
        fail "under valgrind: $found"
    check 'the bits under valgrind' grep -q "\"digest\": *\"$expected\"" stats.json
fi
finish
