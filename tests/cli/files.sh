#!/bin/sh
# files.sh ODEC -- files that a command reads and writes: no two are one, one process at a time
# writes one, and what was there before keeps its permissions, its links and its partial result.
. "$(dirname "$0")/lib.sh"

printf "model m\npar a = 1\ninit x = 1\nx' = -a*x\nsolve { method = rk4; dt = 0.5; t = 0 .. 1 }\n" >m.ode
cp m.ode m.csv
printf 'a\n1\n2\n' >t.csv
cp m.ode model.kept
cp t.csv table.kept
ln -s t.csv link.csv
ln t.csv hard.csv
mkdir there
ln -s .. there/back
ln -s nowhere.json dangling.json

# ---- names that are one file
snapshot() {
    find . -type f ! -name 'out.*' ! -name err.txt -printf '%p %s %m %T@\n' | sort
}
one() { # 'what and what' ARGS...
    what=$1
    shift
    before=$(snapshot)
    says 2 "^odec: error: $what are one file\$" "$@"
    at_most 1
    [ "$before" = "$(snapshot)" ] || fail "odec $* has changed files"
}
one 'r.json of -o r.npy and --stats r.json' run m.ode --stats r.json -o r.npy
one 'r.status.npy of -o r.npy and --stats r.status.npy' run m.ode --stats r.status.npy -o r.npy
one '-o r.csv and --stats r.csv' run m.ode --stats r.csv -o r.csv
one '-o r.csv and --stats ./r.csv' run m.ode --stats ./r.csv -o r.csv
one '-o r.csv and --stats there/back/r.csv' run m.ode --stats there/back/r.csv -o r.csv
for ending in .partial .partial.json .partial.new .partial.json.new; do
    one "r.csv$ending of -o r.csv and --stats r.csv$ending" run m.ode --stats r.csv$ending -o r.csv
    one "r.status.npy$ending of -o r.npy and --stats r.status.npy$ending" \
        run m.ode --stats r.status.npy$ending -o r.npy
done
one 'nowhere.json of -o nowhere.npy and --stats dangling.json' \
    run m.ode --stats dangling.json -o nowhere.npy
one 'the model m.ode and --stats m.ode' run m.ode --stats m.ode
one 'the model m.csv and -o m.csv' run m.csv -o m.csv
one '--runs t.csv and --failed t.csv' run m.ode --runs t.csv --failed t.csv
one '-o r.csv and --failed r.csv' run m.ode -o r.csv --failed r.csv
one '--runs t.csv and -o t.csv' run m.ode --runs t.csv -o t.csv
one '--runs link.csv and -o t.csv' run m.ode --runs link.csv -o t.csv
one '--runs t.csv and -o link.csv' run m.ode --runs t.csv -o link.csv
one '--runs t.csv and -o hard.csv' run m.ode --runs t.csv -o hard.csv
one '-o - and --stats -' run m.ode -o - --stats -
one '-o - and --stats /dev/stdout' run m.ode -o - --stats /dev/stdout
cp m.ode m.svg
one 'the model m.svg and --plot m.svg' info m.svg --method rodas4 --plot m.svg
cp m.ode decay.c
one 'the model decay.c and -o ./decay.c' build decay.c -o .
ln -s ../m.ode there/m.h
one 'the model m.ode and -o there/m.h' build m.ode -o there
rm there/m.h
ln out.txt out.csv # standard output, of this very call
one '-o out.csv and standard output' run m.ode -o out.csv
rm out.csv
"$odec" emit m.ode >>m.ode 2>err.txt && fail 'the text of a kernel goes to its model'
check 'the words about it' grep -q '^odec: error: the model m.ode and standard output are one file$' err.txt
check 'the model is as it was' cmp -s m.ode model.kept
check 'the table is as it was' cmp -s t.csv table.kept
says 0 '' run m.ode -o r.npy --stats s.json                    # and these are all different
says 0 '' run m.ode --runs t.csv -o r.csv --stats - --quiet
says 0 '' build m.ode -o made

# ---- modes, links, pipes and devices
mode_of() {
    stat -c %a "$1"
}
chmod 600 r.npy
chmod 640 r.json s.json
says 0 '' run m.ode --set a=2 -o r.npy --stats s.json
check 'modes stay' [ "$(mode_of r.npy) $(mode_of r.json) $(mode_of s.json)" = '600 640 640' ]
check 'new ones follow umask' [ "$(mode_of r.status.npy)" = "$(touch x && mode_of x)" ]
chmod 444 r.status.npy
cp r.npy before.npy
says 1 '^odec: error: cannot write r.status.npy: it is there and is read-only$' run m.ode -o r.npy
check 'nothing has changed' cmp -s r.npy before.npy
chmod 444 made/m.c
says 1 '^odec: error: cannot write made/m.c: it is there and is read-only$' build m.ode -o made
chmod 644 r.status.npy made/m.c

mkdir away
ln -s away/data.csv leads.csv
says 0 '' run m.ode -o leads.csv
check 'a link to nothing is followed' [ -L leads.csv -a -f away/data.csv ]
says 0 '' run m.ode --set a=3 -o leads.csv
check 'and to a file' [ -L leads.csv -a -s away/data.csv -a "$(ls away)" = data.csv ]
ln -s round.csv about.csv
ln -s about.csv round.csv
says 1 'cannot write round.csv: Too many levels' run m.ode -o round.csv
says 0 '' run m.ode --set a=4 -o hard.csv
check 'the other name keeps the old file' cmp -s t.csv table.kept

says 0 '' run m.ode --stats /dev/null
says 0 '' run m.ode --quiet --stats /dev/stdout
check 'statistics on standard output' grep -q '"digest"' out.txt
if [ -c /dev/full ]; then
    says 1 'cannot write /dev/full: No space' run m.ode --stats /dev/full
fi
mkfifo pipe.csv pipe.npy pipe.json
says 1 '^odec: error: cannot write pipe.csv: nobody reads this pipe$' run m.ode -o pipe.csv
says 1 '^odec: error: cannot write pipe.json: nobody reads this pipe$' run m.ode --stats pipe.json
timeout 60 cat pipe.csv >got.csv &
reader=$!
until "$odec" run m.ode --quiet -o pipe.csv 2>err.txt; do # as long as the reader is not there
    grep -q 'nobody reads' err.txt || { fail 'a pipe that is read'; break; }
done
wait $reader
says 0 '' run m.ode -o plain.csv
check 'a pipe gets what a file gets' cmp -s got.csv plain.csv
exec 5<>pipe.npy
says 1 '^odec: error: cannot write pipe.npy: it is a pipe or a device, and .npy needs a plain file$' \
    run m.ode -o pipe.npy
exec 5>&-
for closed in 0 1 2; do # the first file opened gets the number of a stream that is closed
    sh -c "exec \"\$0\" run m.ode --quiet -o closed.csv $closed>&-" "$odec"
    check "without stream $closed" cmp -s closed.csv plain.csv
    sh -c "exec \"\$0\" run m.ode -o closed.csv --stats c.json $closed>&-" "$odec" >out.txt 2>err.txt
    check "with a summary, without stream $closed" cmp -s closed.csv plain.csv
    rm -f closed.csv
done

# ---- what others have left in the way
planted() { # WORDS: of a file of a result where there is something else
    says 1 "^odec: error: cannot write $1\$" run m.ode -o q.csv
    rm -rf q.csv*
}
mkfifo q.csv.partial
planted 'q.csv.partial: it is there and is not a plain file'
mkfifo q.csv.partial.new
planted 'q.csv.partial.new: it is there and is not a plain file'
ln -s t.csv q.csv.partial.new
planted 'q.csv.partial.new: Too many levels of symbolic links'
ln t.csv q.csv.partial.new
planted 'q.csv.partial.new: it is there and has another name too'
if [ "$(id -u)" -eq 0 ]; then
    says 0 '' run m.ode -o q.csv
    chown 65534:65534 q.csv
    : >q.csv.partial # of a killed one: ours, until it is whole
    : >q.csv.partial.new
    says 0 '' run m.ode -o q.csv
    check 'a file stays its owner'\''s' [ "$(stat -c %u:%g q.csv)" = 65534:65534 ]
    : >q.csv.partial.new
    chown 65534 q.csv.partial.new
    planted "q.csv.partial.new: it is there and is another user's"
fi
mkdir q.csv
planted 'q.csv: Is a directory'
check 'the table is as it was, still' cmp -s t.csv table.kept
mkfifo q.csv.partial.json.new # a note does not wait for it
says 0 '' run m.ode -o q.csv

# ---- one process at a time
cat >slow-cc <<'END'
#!/bin/sh
: >started
until [ -e go ]; do sleep 0.02; done
exec gcc "$@"
END
chmod +x slow-cc
await() { # until a file is there that the process makes
    until [ -e "$1" ]; do
        kill -0 $pid 2>/dev/null || { fail "no $1"; return; }
        sleep 0.02
    done
}
busy='another process is writing it at this moment'
rm -f r.* started go
says 0 '' run m.ode --sweep a=0:1:40 -o r.npy # an earlier result, and an earlier part of one
cp r.npy r.npy.partial
cp r.status.npy r.status.npy.partial
echo '{"runs": 40, "complete": [[0, 40]], "bytes": 768, "batch": "of another run"}' >r.npy.partial.json
mkdir kept
cp r.* kept
same_former() {
    for f in r.npy r.status.npy r.json r.npy.partial r.status.npy.partial r.npy.partial.json; do
        check "$1: $f is as it was" cmp -s $f kept/$f
    done
}
"$odec" run m.ode --quiet --sweep a=1:2:50 -o r.npy --cc ./slow-cc &
pid=$!
await started
says 1 "^odec: error: cannot write r.npy: $busy\$" run m.ode --sweep a=3:4:60 -o r.npy
says 1 "^odec: error: cannot write r.json: $busy\$" run m.ode --stats r.json
says 1 "^odec: error: cannot write r.status.npy: $busy\$" run m.ode -o r.status.npy
ln -s r.npy other.npy
says 1 "^odec: error: cannot write r.npy: $busy\$" run m.ode -o other.npy
same_former 'while another waits for its compiler'
kill -9 $pid
wait $pid 2>/dev/null
: >go # its compiler may end now
same_former 'killed before its first result'
rm -f started go
"$odec" run m.ode --quiet --sweep a=1:2:50 -o r.npy --cc ./slow-cc &
pid=$!
await started
same_former 'the next one waits for its compiler'
: >go
wait $pid || fail 'the next one'
check 'nothing partial is left' [ -z "$(ls | grep '^r.*partial')" ]
python3 - <<'END' || fail 'the result of the next one'
import json, zlib
about = json.load(open('r.json'))
assert about['shape'][0] == 50
for name, file in about['files'].items():
    data = open(name, 'rb').read()
    assert (len(data), zlib.crc32(data)) == (file['bytes'], file['crc32']), name
END

# past its first results, too; what kill -9 leaves is taken over
"$odec" run m.ode --quiet --sweep a=0:1:1e8 --t 0:10 --chunk 1000 -o long.npy &
pid=$!
await long.npy.partial.json
kill -STOP $pid
says 1 "^odec: error: cannot write long.npy: $busy\$" run m.ode -o long.npy
kill -9 $pid
wait $pid 2>/dev/null
check 'a note of its batch' grep -q '"batch": "[0-9a-f]\{32\}"}$' long.npy.partial.json
cp long.npy.partial.json note.json
says 0 '' run m.ode --quiet -o long.npy
check 'nothing of it is left' [ -z "$(ls | grep '^long.*partial')" ]
python3 - <<'END' || fail 'the note and the result are of different batches'
import json
assert json.load(open('note.json'))['batch'] != json.load(open('long.json'))['batch']
END
# the same batch, however it is computed, and no other
batch() {
    "$odec" run m.ode --quiet -o b.npy "$@" || fail "$*"
    grep '"batch"' b.json
}
same=$(batch --sweep a=0:1:9)
check 'the same batch' [ "$same" = "$(batch --sweep a=0:1:9 --threads 1 --chunk 2 --lanes 1)" ]
for other in a=0:1:8 a=0:2:9; do
    check "$other is another" [ "$same" != "$(batch --sweep $other)" ]
done
check 'another time span' [ "$same" != "$(batch --sweep a=0:1:9 --t 0:2)" ]
check 'another step' [ "$same" != "$(batch --sweep a=0:1:9 --dt 0.25)" ]
check 'another method' [ "$same" != "$(batch --sweep a=0:1:9 --method heun)" ]
check 'another initial value' [ "$same" != "$(batch --sweep a=0:1:9 --set 'x(0)=2')" ]
check 'other save times' [ "$same" != "$(batch --sweep a=0:1:9 --save n:3)" ]
first=$(batch --runs t.csv)
printf 'a\n1\n3\n' >t.csv
check 'other values in a table' [ "$first" != "$(batch --runs t.csv)" ]

finish
