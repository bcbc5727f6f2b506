#!/bin/sh
# measured.sh ODEC -- odec devices --measure on simulated GPUs says how fast they are: a run of
# cuda:0 takes 100 us, one of cuda:1 800. By the machine's own clock, so on a machine that has
# little else to do.
. "$(dirname "$0")/lib.sh"

SIMGPU='devices=2; run_us=100,800; clock_mhz=1500; sms=2'
export SIMGPU
says 0 '' devices --measure
tr -s ' ' <out.txt >squeezed.txt
for line in '^cpu .* MHz [0-9.]* [kMG]$' '^cuda:0 .* MHz [0-9.]* k$' '^cuda:1 .* MHz [0-9.]*\( k\)*$'; do
    check "a line like $line" grep -q "$line" squeezed.txt
done
says 0 '' devices --measure --json
python3 -c '
import json
d = json.load(open("out.txt"))
assert 2000 < d[1]["runs_per_second"] < 50000, d
assert 250 < d[2]["runs_per_second"] < 6250, d
' || fail 'the speeds'

finish
