#!/bin/sh
# commands.sh ODEC -- what the commands print: CSV to the byte, statistics by their keys, and
# a word of every command.
. "$(dirname "$0")/lib.sh"

cat >decay.ode <<'END'
model decay "exponential decay"
par k : 1/s = 1 in 0 .. 10 "rate", unused_bound = 2
init x = 1, y = unused_bound
x' = -k*x
y' = 0
out s = x + y
solve { method = rk4; dt = 0.5; t = 0 .. 1; save = n 3 }
END

# Golden: rk4 multiplies by 1 - z + z^2/2 - z^3/6 + z^4/24, exact here but for the rounding.
says 0 'decay: 3 runs, all ok' run decay.ode --sweep k=0:2:3 -o -
cat >expected.csv <<'END'
run,t,k,x,y,s,status
0,0,0,1,2,3,ok
0,0.5,0,1,2,3,ok
0,1,0,1,2,3,ok
END
head -n 4 out.txt | cmp -s - expected.csv || { fail 'the CSV of the run k = 0'; cat out.txt; }
check 'ten lines' [ "$(wc -l <out.txt)" -eq 10 ]
check 'k = 1 after one step' grep -q '^1,0.5,1,0.60677083333333[0-9]*,2,2.60677083333333[0-9]*,ok$' out.txt
check 'k = 2 after one step' grep -q '^2,0.5,2,0.37[45][0-9]*,2,2.37[45][0-9]*,ok$' out.txt
cp out.txt stdout.csv
says 0 '' run decay.ode --sweep k=0:2:3 -o file.csv
check 'where the result is' grep -q 'results in file.csv' out.txt
check 'the same to a file' cmp -s stdout.csv file.csv
nothing_at file.csv.partial

# A grid of two sweeps: the first slowest. An initial value. Columns chosen.
says 0 '' run decay.ode --sweep k=0:1:2 --sweep 'x(0)=1:3:3' --save final --out x -o -
check 'the header of a grid' [ "$(head -n 1 out.txt)" = 'run,t,k,x(0),x,status' ]
check 'run 2 of the grid' [ "$(sed -n 4p out.txt)" = '2,1,0,3,3,ok' ]
check 'run 4 of the grid' grep -q '^4,1,1,2,0.73' out.txt
printf 'k,x(0)\n0,5\n0,-1e-3\n' >runs.csv
says 0 '' run decay.ode --runs runs.csv --save final --out x -o -
check 'runs from a file' [ "$(sed -n 2,3p out.txt | cut -d, -f1,2,5 | tr '\n' ' ')" = '0,1,5 1,1,-0.001 ' ]

# A failed run is told of and is NaN; the rest is done: exit status 0.
printf "model pole\npar a = 1\ninit x = 1\nx' = a*x^2\n" >pole.ode
says 0 'non-finite\|step-underflow' run pole.ode --t 0:2 --sweep a=-1:1:3 -o -
check 'the failed run' grep -q '^2,1.000[0-9]*,1,nan,\(non-finite\|step-underflow\)$' out.txt
check 'its neighbour' grep -q '^0,2,-1,0.33333[0-9]*,ok$' out.txt

# ---- statistics
says 0 '' run decay.ode --sweep k=0:2:3 --stats stats.json -o x.npy
python3 - <<'END' || fail '--stats'
import json
s = json.load(open('stats.json'))
assert s['runs'] == 3 and s['method'] == 'rk4' and s['status'] == {'ok': 3}, s
assert s['attempts'] == {'accepted': 6, 'rejected': 0}, s
assert set(s['seconds']) == {'compile', 'solve', 'write', 'total'}, s
assert s['cache_hit'] is True and s['devices'][0]['name'] == 'cpu', s
assert len(s['digest']) == 32 and int(s['digest'], 16) >= 0, s
about = json.load(open('x.json')) if __import__('os').path.exists('x.json') \
    else json.load(open('x.npy.json'))
assert about, about
head = open('x.npy', 'rb').read(128)
assert head[:6] == b'\x93NUMPY' and b'(3, 3, 3)' in head and b"'<f8'" in head, head
END

# ---- a word of every command
says 0 '' check decay.ode
says 0 '' check "$examples"/*.ode
says 0 '' info decay.ode
check 'info' grep -q 'decay: exponential decay' out.txt
says 0 '' info decay.ode --set k=0.25 --set 'x(0)=3'
check 'info of what was set' grep -q '^  k = 0.25 .* in 0' out.txt
check 'info of a state that was set' grep -q '^  x = 3$' out.txt
says 0 '' emit decay.ode --set k=0.25
check 'emit of what was set' grep -q 'R(0.25)' out.txt
says 2 "E0409.*no parameter 'kk'" check decay.ode --set kk=1
says 2 "'k' is not NAME=VALUE" check decay.ode --set k
says 0 '' info --json decay.ode
check 'info --json' python3 -c 'import json; assert json.load(open("out.txt"))["model"] == "decay"'
says 0 '' emit decay.ode
check 'emit' grep -q 'int ODEC_KERNEL(const struct odec_args' out.txt
check 'what emit prints includes nothing' sh -c '! grep -q "^ *# *include" out.txt'
cp out.txt kernel.c
check 'what emit prints compiles by hand' gcc -std=gnu17 -O0 -ffp-contract=off -fPIC -shared \
    -DLANES=1 -w kernel.c -o kernel.so
says 0 '' emit decay.ode --target cuda
check 'emit cuda' grep -q '__global__' out.txt
says 0 '' emit decay.ode --target device
check 'emit device' grep -q '^namespace decay_device {' out.txt
check 'what emit device prints includes nothing' sh -c '! grep -q "^ *# *include" out.txt'
says 2 'error: --dump and --target device exclude each other' emit decay.ode --target device --dump ast
says 0 '' explain E0203
check 'explain' grep -q 'name' out.txt
says 0 '' explain
check 'explain lists' grep -q '^E0203  Nothing in the model has this name$' out.txt
check 'explain lists all' [ "$(wc -l <out.txt)" -eq "$(grep -c '^DIAG(' "$here/../../compiler/base/diag.def")" ]
check 'explain lists in lines' [ "$(awk 'length > 88' out.txt)" = '' ]
says 0 '' explain W0504
check 'explain, lines of one width' test "$(awk 'length > 88' out.txt)" = ''
check 'explain, no word alone' grep -q '^function. Its argument is not the state' out.txt
says 0 '' devices
says 0 '' --version
says 0 '' --help
says 0 '' run --help
printf "model m\ninit x = 1\nx' = y\nq' = 1\n" >two.ode
says 2 "unknown name 'y'" check two.ode
check 'all errors in one run' grep -q "'q'" err.txt
printf "model m\ninit x = 1\nx' = 1\n" >nospan.ode
says 2 'time span' run nospan.ode

finish
