#!/bin/sh
# files.sh ODEC SOURCE ... -- what `odec build` writes, from everywhere the same, and when it writes
# nothing.
set -eu
. "$(dirname "$0")/lib.sh"

cat >decay.ode <<'END'
model decay
par k = 1, twice = 2*k
init x = 1
x' = -k*x/twice
solve { t = 0 .. 1 }
END
printf "model wrong\ninit x = 1\nx' = -k*x\n" >wrong.ode

# says STATUS 'the last line of its errors' ARGUMENTS...
says() {
    status=$1 text=$2
    shift 2
    found=0
    "$odec" build "$@" >out.txt 2>err.txt || found=$?
    [ "$found" -eq "$status" ] || { cat err.txt; fail "build $* ends with $found, not $status"; }
    [ ! -s out.txt ] || fail "build $* prints to standard output"
    [ "$(tail -n 1 err.txt)" = "$text" ] || { cat err.txt; fail "build $*: not '$text'"; }
}
files_of() {
    echo $(ls -A "$1" 2>/dev/null)
}

# ---- the same bytes from everywhere
says 0 '' decay.ode -o a
[ "$(files_of a)" = 'decay.c decay.h' ] || fail "a has $(files_of a)"
mkdir -p elsewhere/deep
cp decay.ode elsewhere/deep
(
    cd elsewhere/deep
    env -i HOME=/nowhere TZ=Asia/Tokyo LC_ALL=de_DE.UTF-8 "$odec" build "$PWD/decay.ode" -o ../../b
)
diff -r a b || fail 'two builds differ'
cp decay.ode other.ode
says 0 '' other.ode --name decay -o c
diff -r a c || fail 'the name of the file is in the files'
for word in "$scratch" "$(date +%Y-)" tmp/; do
    ! grep -qF -- "$word" a/decay.h a/decay.c || fail "the files say '$word'"
done

# ---- options that a program is compiled for
says 0 '' decay.ode -o d --method rk4 --dt 0.25 --precision float --save n:5 --t 0:2
for words in '\.method = "rk4"' '\.dt = 0\.25,' '\.precision = ODEC_FLOAT' 'ODEC_SAVE_COUNT' \
    '\.adaptive = false' '{"twice", "", "", NAN,'; do
    grep -q "$words" d/decay.c || fail "decay.c says nothing of $words"
done
grep -q 'typedef float decay_real' d/decay.h || fail 'decay.h knows no float'

says 0 '' decay.ode -o e --dt-max 0.125 --set k=3 --set 'x(0)=0.5'
grep -q '\.dt_max = 0\.125,' e/decay.c || fail 'decay.c knows no longest step'
grep -q '^    { 3.0, ODEC_NAN }$' e/decay.h || fail 'decay.h has another default than was set'
grep -q '{"x", "", "", 0.5, -INFINITY, INFINITY},' e/decay.c || fail 'x does not begin at 0.5'
says 2 "decay.ode: error[E0409]: the model has no parameter 'kk' to be set; did you mean 'k'?" \
    decay.ode -o no --set kk=2
says 2 "decay.ode: error[E0409]: 'k' is set twice" decay.ode -o no --set k=2 --set k=2
says 2 "odec: error: --set: 'k' is not NAME=VALUE" decay.ode -o no --set k
says 2 "odec: error: --set k: '1e999' is not a number" decay.ode -o no --set k=1e999

says 0 '' decay.ode -o f --atol 1e-10,x:1e-12 --rtol 1e-7
grep -A1 '^static const double atol\[\] = {$' f/decay.c | grep -q '^    1e-12,$' || fail 'decay.c has another atol'
grep -q '\.rtol = 1e-07,' f/decay.c || fail 'decay.c has another rtol'

# ---- what no batch could begin with
sed 's/^solve .*//' decay.ode >endless.ode
says 2 "odec: error: decay.ode: save time 500 is outside the time span 0 .. 1" decay.ode -o no --save at:500
printf 'model late\ninit x = 1\nx'\'' = -x\nsolve { t = 0 .. 48; save = at 1, 48 }\n' >late.ode
says 2 "odec: error: late.ode: save time 48 is outside the time span 0 .. 24; the save times are the \
model's: with another --t give --save too" late.ode -o no --t 0:24
says 2 "odec: error: decay.ode: save times must ascend: 1 comes after 5" decay.ode -o no --t 0:9 --save at:5,1
says 2 "odec: error: endless.ode: save times must ascend: 2 comes after 3" endless.ode -o no --save at:1,3,2
says 0 '' endless.ode -o f --save at:5,1
says 2 "odec: error: decay.ode: evenly spaced save times include both ends: at least 2, not 1" decay.ode -o no --save n:1
says 2 "odec: error: endless.ode: evenly spaced save times include both ends: at least 2, not 1" endless.ode -o no --save n:1
says 2 "odec: error: decay.ode: dt = 1e-300 makes 1e+300 steps of the time span 0 .. 1, more than the 2^53 that can be counted" \
    decay.ode -o no --method rk4 --dt 1e-300
says 0 '' decay.ode -o f --method rk4 --dt 1e-9 # a batch may have max_attempts for it
says 2 "odec: error: decay.ode: the time span 0 .. 1e+301 is not within -1e+300 .. 1e+300, the times of double" decay.ode -o no --t 0:1e301
for option in atol dt-max; do
    says 2 "odec: error: --$option needs an adaptive method: here rk4 takes fixed steps" \
        decay.ode -o no --method rk4 --dt 0.1 --$option 1e-3
done
says 2 "odec: error: --atol: the model has no state 'y'" decay.ode -o no --atol y:1

# ---- nothing is written before all models are right
says 2 "odec: error: cannot read missing.ode: No such file or directory" decay.ode missing.ode -o no
says 2 '      |       ^' decay.ode wrong.ode -o no
grep -q '^wrong.ode:3:7: error\[E0203\]' err.txt || fail 'the error has no place'
[ -z "$(files_of no)" ] || fail "there are files: $(files_of no)"

# ---- names
says 2 "odec: error: decay.ode and elsewhere/deep/decay.ode would both be decay.c: build one of them by itself, with --name" \
    decay.ode elsewhere/deep/decay.ode -o no
cp decay.ode Decay.ode
says 2 "odec: error: decay.ode and Decay.ode would both be Decay.c: build one of them by itself, with --name" \
    decay.ode Decay.ode -o no
for name in math stdio odec odec_more abi pthread omp zlib immintrin arm_neon; do
    cp decay.ode $name.ode
    case $name in
    odec* | abi) whose=odec ;;
    *intrin) whose='the compiler' ;;
    *) whose='the system' ;;
    esac
    says 2 "odec: error: $name.ode: $name.h would stand before $whose's header of that name: give another with --name" \
        $name.ode -o no
done
for name in 2body _hidden a-b 'a b' naïve .odd two.dots class; do
    cp decay.ode "$name.ode"
    says 0 '' "$name.ode" -o names
done
[ "$(LC_ALL=C ls names | grep 'h$' | tr '\n' ' ')" = \
    'a_b.h class.h model_2body.h model__hidden.h model__odd.h na_ve.h two_dots.h ' ] ||
    fail "names are $(files_of names)"
cp decay.ode '+.ode'
says 2 "odec: error: +.ode: no name can be made of the file's: give one with --name" +.ode -o no
for name in 2x 'a-b' 'a b' é _x; do
    says 2 "odec: error: --name: '$name' is no name: letters, digits and '_', a letter first, at most 255" \
        decay.ode --name "$name" -o no
done
says 2 "odec: error: --name is for one model, and there are 2" decay.ode other.ode --name x -o no
[ ! -e no ] || fail "the folder was made"

# ---- what cannot be written
touch file
says 1 "odec: error: cannot make the folder file/such: Not a directory" decay.ode -o file/such
says 1 "odec: error: cannot write file/decay.c: Not a directory" decay.ode -o file
mkdir -p taken/decay.c
says 1 "odec: error: cannot write taken/decay.c: Is a directory" decay.ode -o taken
[ "$(files_of taken)" = decay.c ] || fail "taken has $(files_of taken)"
echo old >a/decay.c
(
    ulimit -f 8 # blocks of 512 bytes: NAME.c does not fit
    says 1 "odec: error: cannot write a/decay.c: File too large" decay.ode -o a
) || fail 'a full disk'
[ "$(cat a/decay.c)" = old ] || fail 'an old file was torn'
[ "$(files_of a)" = 'decay.c decay.h' ] || fail "a has $(files_of a)"
says 0 '' decay.ode -o a
diff -r a b || fail 'an old file was kept'

# ---- folders, links, modes
says 0 '' decay.ode -o deep/er/still/
diff -r deep/er/still b || fail 'a folder in folders has other files'
mkdir linked real
touch real/there.c
chmod 640 real/there.c
ln -s ../real/there.c linked/decay.c
says 0 '' decay.ode -o linked
[ -L linked/decay.c ] || fail 'a link was replaced'
cmp real/there.c b/decay.c || fail 'the file behind a link was not written'
[ "$(stat -c %a real/there.c)" = 640 ] || fail 'a file has another mode than it had'
[ "$(files_of real)" = there.c ] || fail "beside the file behind a link there are: $(files_of real)"
ln -sf ../real/nowhere.c linked/decay.c
says 0 '' decay.ode -o linked
[ -L linked/decay.c ] || fail 'a link to what is not there yet was replaced'
cmp real/nowhere.c b/decay.c || fail 'a link to what is not there yet was not followed'

# ---- builds of the same files at once
for i in 1 2 3 4 5 6 7 8; do
    "$odec" build decay.ode -o together &
    builds="${builds:-} $!"
done
for build in $builds; do
    wait "$build" || fail 'one of many builds'
done
diff -r together b || fail 'builds met, and tore a file'
