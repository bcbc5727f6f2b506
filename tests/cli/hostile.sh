#!/bin/sh
# hostile.sh ODEC -- input made to break the command: each ends soon, with exit status 2 or 1,
# one clear message and no result under its final name.
. "$(dirname "$0")/lib.sh"

lorenz=$examples/lorenz.ode
repeat() { # TEXT COUNT
    yes "$1" | head -n "$2" | tr -d '\n'
}

# ---- models
{ printf 'model m\ninit x = '; repeat '(' 1000000; printf '1\n'; } >parens.ode
says 2 'parens.ode:2:[0-9]*: error\[E[0-9]*\].*nest' check parens.ode
at_most 40
{ printf "model m\ninit x = 1\nx' = "; repeat '-' 1000000; printf 'x\n'; } >minus.ode
says 2 'minus.ode:3:[0-9]*: error' check minus.ode
{ printf "model m\ninit x = 1\nx' = x"; repeat '^x' 300000; printf '\n'; } >powers.ode
says 2 'powers.ode:3:[0-9]*: error' check powers.ode
{ printf "model m\ninit x = 1\nx' = "; repeat 'if x>0 then ' 100000; printf '1\n'; } >ifs.ode
says 2 'ifs.ode:3:[0-9]*: error\[E0107\]' check ifs.ode
{ printf "model m\ninit x = 1\nx' = "; repeat 'if x>0 then 1 else ' 100000; printf '1\n'; } >chain.ode
says 0 '' check chain.ode
printf 'model m\ninit x\000 = 1\n' >nul.ode
says 2 'nul.ode:2:[0-9]*: error' check nul.ode
head -c 100000 /dev/zero >zeros.ode
says 2 'zeros.ode:1:1: error' check zeros.ode
at_most 40
printf 'model m\ninit x = 1 # \303\050 \377\376\n' >utf8.ode
says 2 'utf8.ode:2:[0-9]*: error.*UTF-8' check utf8.ode
printf "model m\ninit x = 1e999\nx' = 1\n" >overflow.ode
says 2 'overflow.ode:2:10: error' check overflow.ode
{ printf "model m\ninit x = 1 #"; repeat 'a comment ' 1000000; printf "\nx' = -x\n"; } >long.ode
says 0 '' check long.ode
{ printf "model m\ninit x = 1\nx' = 1"; repeat ' + nowhere' 1000000; printf '\n'; } >tenmega.ode
says 2 'tenmega.ode:3:[0-9]*: error' check tenmega.ode
check 'messages about a 10 MB line stay short' [ "$(wc -c <err.txt)" -lt 20000 ]
: >empty.ode
says 2 'empty.ode:1:1: error' check empty.ode
head -c 50000 "$odec" >binary.ode
says 2 'binary.ode:[0-9]*:[0-9]*: error' check binary.ode
at_most 200
says 2 'cannot read.*missing.ode' check missing.ode
mkdir directory.ode
says 2 'directory.ode' check directory.ode
{ # functions that double eight hundred times
    printf "model m\ninit x = 1\nf0(u) = u + 1\n"
    i=1
    while [ $i -le 800 ]; do
        echo "f$i(u) = f$((i - 1))(u)*f$((i - 1))(u + 1)"
        i=$((i + 1))
    done
    echo "x' = f800(x)"
} >doubling.ode
says 2 'doubling.ode:[0-9]*:[0-9]*: error' check doubling.ode
at_most 40

{ # that double with arguments of their own: too much for a C compiler
    printf "model m\ninit x = 1, y = 2\nf0(u) = u*u/(1 + u) + u*(u + 3) + u/(1.2 + u)\n"
    i=1
    while [ $i -le 14 ]; do
        echo "f$i(u) = f$((i - 1))(u*0.7)*f$((i - 1))(u + 1)"
        i=$((i + 1))
    done
    printf "x' = -x\ny' = f14(y)\nsolve { t = 0 .. 1 }\n"
} >growing.ode
says 2 "growing.ode:19:1: error\[E0410\]: the kernel has [0-9]* operations, more than 500000; the most for a derivative, [0-9]*, are for that of 'y'" \
    check growing.ode --method rodas5p
check 'what to do about it' grep -q 'of them are those of stiff methods: take tsit5$' err.txt
at_most 3
says 0 '' check growing.ode --method tsit5

# ---- arguments
says 2 "unknown option '--methd'; did you mean '--method'" run "$lorenz" --methd tsit5
says 2 "unknown method 'tsit6'" run "$lorenz" --method tsit6
says 2 "no parameter 'rhoo'; did you mean 'rho'" run "$lorenz" --sweep rhoo=0:1:3
says 2 "no parameter 'sigm'; did you mean 'sigma'" run "$lorenz" --set sigm=3
says 2 'command' rum "$lorenz"
says 2 'at most' run "$lorenz" --sweep rho=0:1:1e12 -o many.csv
nothing_at many.csv
says 2 '.' run "$lorenz" --sweep rho=0:1:1e9 --sweep sigma=0:1:1e9 --sweep beta=0:1:1e9
for bad in rho rho= rho=1 rho=0:1 rho=0:1:0 rho=0:1:-5 rho=0:1:2.5 rho=0:1:x rho=a:b:3 \
           rho=0:nan:3 rho=0:inf:3 rho=0:1:3:log rho=0:1:3:lag =0:1:3 rho=0:1:1e99 \
           rho=0:300:3; do
    says 2 'odec: error: .*\(sweep\|bounds\)' run "$lorenz" --sweep "$bad" -o bad.csv
    nothing_at bad.csv
done
for bad in rho rho= rho=x rho=-1 rho=nan rho=1e999 'x(1)=2' 'q(0)=1'; do
    says 2 'odec: error: .*\(--set\|bounds\)' run "$lorenz" --set "$bad" -o bad.csv
done
for bad in x 1: .. 0.. a:b 0:1e999 0:nan :; do
    says 2 '.' run "$lorenz" --t "$bad" -o bad.csv
    nothing_at bad.csv
done
for bad in never every: every:0 every:-1 every:1e-300 every 'every 0' at: at:5,1 at at:1e9 n: n:1 n:1e18; do
    says 2 '.' run "$lorenz" --save "$bad" -o bad.csv
    nothing_at bad.csv
done
says 2 '.' run "$lorenz" --rtol 0
says 2 '.' run "$lorenz" --rtol -1
says 2 '.' run "$lorenz" --atol 1e-9,q:1
says 2 '.' run "$lorenz" --dt 0
says 2 '.' run "$lorenz" --dt 0.1 --rtol 1e-3
says 2 '.' run "$lorenz" --max-attempts 0
says 2 '.' run "$lorenz" --max-attempts -3
says 2 '.' run "$lorenz" --lanes 3
says 2 '.' run "$lorenz" --threads -1
says 2 '.' run "$lorenz" --chunk 0
says 2 '.' run "$lorenz" --memory 200%
says 2 '.' run "$lorenz" --precision half
says 2 '.' run "$lorenz" --out x,nowhere
says 2 '.' run "$lorenz" --device abacus
says 2 '.' run "$lorenz" -o result.xyz
says 2 '.' run "$lorenz" --method rk4 --rtol 1e-6
says 2 '.' run "$lorenz" --sweep
says 2 '.' run
says 2 '.' explain E9999

# ---- files of runs
: >empty.csv
printf 'rho\n' >header.csv
printf 'rho,beta\n1,2\n3\n' >short.csv
printf 'rho\n1\nx\n' >word.csv
printf 'rhoo\n1\n' >name.csv
printf 'rho,rho\n1,2\n' >twice.csv
printf 'rho\n1\n-5\n' >bounds.csv
printf 'rho\n1e999\n' >huge.csv
printf 'rho\n1\000\n' >nul.csv
head -c 5000 "$odec" >binary.csv
for bad in missing empty header short word name twice bounds huge nul binary; do
    says 2 "$bad.csv" run "$lorenz" --t 0:1 --runs $bad.csv -o bad.npy
    at_most 12
    nothing_at bad.npy
done
says 2 "did you mean 'rho'" run "$lorenz" --t 0:1 --runs name.csv
says 2 'directory.ode' run "$lorenz" --t 0:1 --runs directory.ode

# ---- files that are none: nothing is waited for, and no device is read to its end
mkfifo nobody
truncate -s 5G sparse.csv
for file in /dev/zero /dev/null; do
    says 2 "odec: error: cannot read $file: it is a device\$" check $file
    says 2 "odec: error: cannot read $file: it is a device\$" run "$lorenz" --t 0:1 --runs $file -o bad.npy
done
says 2 'odec: error: cannot read nobody: nothing comes from this pipe$' check nobody
says 2 'odec: error: cannot read nobody: nothing comes from this pipe$' run "$lorenz" --t 0:1 --runs nobody -o bad.npy
says 2 'odec: error: cannot read sparse.csv: it has more than 64 MiB, which is the limit$' check sparse.csv
says 2 'odec: error: cannot read sparse.csv: it has more than 4 GiB, which is the limit$' \
    run "$lorenz" --t 0:1 --runs sparse.csv -o bad.npy
nothing_at bad.npy
yes 'a = 1' | timeout 60 "$odec" check /dev/stdin 2>err.txt
check 'a pipe without an end' [ $? -eq 2 ]
check 'its message' grep -q 'there comes more than 64 MiB, which is the limit$' err.txt
(sleep 1; cat "$lorenz") | timeout 60 "$odec" check /dev/stdin >out.txt 2>&1 || fail 'a pipe that begins late'
rm nobody sparse.csv
{ # looking for each among all the others would take minutes
    seq -f 'c%.0f' 100000 | paste -sd, -
    seq 100000 | paste -sd, -
} >columns.csv
says 2 "columns.csv" run "$lorenz" --t 0:1 --runs columns.csv
{ seq -f 'c%.0f' 99999 | paste -sd, - | tr -d '\n'; echo ,c77; } >columns.csv
says 2 "two columns are called 'c77'" run "$lorenz" --t 0:1 --runs columns.csv

# ---- control characters never come to a terminal
escape=$(printf '\033')
clean() { # ARGS...: one line or more, and no ESC
    timeout 60 "$odec" "$@" >out.txt 2>&1
    check "something is said of $1" [ -s out.txt ]
    check "no ESC in what is said of: $*" [ "$(grep -c "$escape" out.txt)" = 0 ]
}
printf 'model m "a %s[31m title\302\233"\npar k = 1 "%s]0;x\007"\ninit x = 1 "\342\200\256"\nx'"' = -k*x\n" \
    "$escape" "$escape" >evil.ode
cp evil.ode "evil$escape[31m.ode"
printf 'k%s[31m\n1\n' "$escape" >evil.csv
cp evil.csv "evil$escape.csv"
printf '#!/bin/sh\nprintf "bad \\033[31m thing\\n" >&2\nexit 1\n' >evil-cc
chmod +x evil-cc
clean info evil.ode
check 'the title stays' grep -q '^m: a ?\[31m title?$' out.txt
check 'what turns a line goes' [ "$(grep -c "$(printf '\342\200\256')" out.txt)" = 0 ]
clean check "evil$escape[31m.ode"
clean check evil.ode --dump ast
clean emit evil.ode --method "k$escape"
clean check evil.ode --out "k$escape"
clean check "no$escape.ode"
clean "no$escape.ode"
clean explain "E$escape"
clean run evil.ode --t 0:1 --set "k$escape=1"
clean run evil.ode --t 0:1 --set "k=$escape"
clean run evil.ode --t 0:1 --sweep "k$escape=1:2:3"
clean run evil.ode --t 0:1 --runs evil.csv
clean run evil.ode --t 0:1 --runs "evil$escape.csv"
clean run evil.ode --t 0:1 --cc ./evil-cc
clean run evil.ode --t 0:1 --cc "gcc$escape"
clean run evil.ode --t 0:1 -o "r$escape.csv"
check 'the result is under its name' [ -s "r$escape.csv" ]
clean run evil.ode --t 0:1 "--no$escape"
clean build evil.ode -o "evil.csv/$escape"

# ---- places that cannot be written
says 1 '.' run "$lorenz" --t 0:1 -o no/such/place.csv
nothing_at no
if [ -c /dev/full ]; then
    timeout 60 "$odec" run "$lorenz" --t 0:1 --save n:2000 -o - >/dev/full 2>err.txt
    [ $? -eq 1 ] || fail 'a full standard output: exit status is not 1'
    grep -q 'No space' err.txt || fail 'a full standard output is not told of'
fi
if [ "$(id -u)" -eq 0 ]; then
    mkdir full
    if mount -t tmpfs -o size=2500k none full 2>/dev/null; then
        mounted=$work/full
        # seen before anything is written, and found out on the way
        says 1 'the disk has' run "$lorenz" --t 0:1 --save n:100 --sweep rho=0:28:1000 -o full/many.npy
        nothing_at full/many.npy
        says 1 'No space' run "$lorenz" --t 0:1 --save n:100 --sweep rho=0:28:1000 -o full/many.csv
        nothing_at full/many.csv
        rm -f full/*
        says 1 'No space' run "$lorenz" --t 0:1 --save n:100 --sweep rho=0:28:1000 --chunk 7 \
            -o full/many.csv
        nothing_at full/many.csv
        umount full && mounted=
    else
        echo 'skipped: a full disk (no tmpfs may be mounted here)'
    fi
else
    mkdir locked
    chmod 500 locked
    says 1 'Permission denied' run "$lorenz" --t 0:1 -o locked/result.csv
    nothing_at locked/result.csv
fi
ODEC_CC=/no/such/compiler
export ODEC_CC
says 1 'compiler' run "$lorenz" --t 0:1 -o nocc.csv
nothing_at nocc.csv

finish
