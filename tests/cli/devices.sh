#!/bin/sh
# devices.sh ODEC -- odec devices on simulated GPUs (LD_LIBRARY_PATH, see simgpu_test): the
# table, JSON, --measure and --watch, what is missing in a line of words.
. "$(dirname "$0")/lib.sh"

# sim SETTINGS: the machine from here on.
sim() {
    SIMGPU=$1
    export SIMGPU
}

# line PATTERN...: out.txt has a line like each; a run of spaces stands for any.
line() {
    for pattern in "$@"; do
        tr -s ' ' <out.txt | grep -q -e "$pattern" || {
            fail "no line like '$pattern' in"
            cat out.txt
        }
    done
}

# json EXPRESSION: true of the list d in out.txt, and of each line's where there are several.
json() {
    python3 -c '
import json, sys
text = open("out.txt").read()
lists = [json.loads(text)] if text.startswith("[\n") else [json.loads(l) for l in text.splitlines()]
assert lists
for d in lists:
    assert eval(sys.argv[1]), d
' "$1" || fail "JSON: $1"
}

# ---- the table and JSON
sim 'devices=2; memory=64M,32G; clock_mhz=1500,1980; sms=2,132'
says 0 '' devices
line '^device what it is memory load power temp clock$' \
     '^cpu .* cores*, vectors of [248] doubles.* [0-9.]* [KMGT]iB of [0-9.]* [KMGT]iB [0-9]* % ' \
     '^cuda:0 Simulated GPU 0, 2 multiprocessors 0 B of 64.0 MiB 0 % 60 W 40 C 1500 MHz$' \
     '^cuda:1 Simulated GPU 1, 132 multiprocessors 0 B of 32.0 GiB 0 % 60 W 40 C 1980 MHz$'
check 'a table of equal lines' [ "$(awk '{ print length }' out.txt | sort -u | wc -l)" -eq 1 ]
check 'four lines' [ "$(wc -l <out.txt)" -eq 4 ]
at_most 0
says 0 '' devices --json
json '[x["name"] for x in d] == ["cpu", "cuda:0", "cuda:1"]'
json 'd[2] == dict(name="cuda:1", description="Simulated GPU 1, 132 multiprocessors",
    missing=None, memory_used=0, memory_total=2**35, utilization=0, watts=60, celsius=40,
    mhz=1980, runs_per_second=None, runs_done=None, unknown=None, refused=None,
    not_measured=None)'
json 'all(x.keys() == d[0].keys() for x in d)'
json '0 < d[0]["memory_used"] <= d[0]["memory_total"] and 0 <= d[0]["utilization"] <= 1'

# ---- what is missing: status 0, one line
sim 'devices=0'
says 0 '' devices
line '^cuda: the CUDA driver does not start: no CUDA-capable device is detected (CUDA_ERROR_NO_DEVICE)$'
check 'three lines' [ "$(wc -l <out.txt)" -eq 3 ]
says 0 '' devices --json
json 'd[1]["name"] == "cuda" and d[1]["missing"].startswith("the CUDA driver does not start")'
json 'd[1]["memory_total"] is None and d[1]["description"] is None'
sim 'driver=11000'
says 0 '' devices
line "^cuda: the driver's CUDA 11.0 is too old: 11.4 is needed$"
sim 'devices=2; nvml=missing'
says 0 '' devices
line '^cuda:0, cuda:1: no NVML that works is installed (libnvidia-ml.so.1)$' \
     '^cuda:1 Simulated GPU 1, 2 multiprocessors - of 64.0 MiB - - - -$'
sim 'devices=2; nvml=lies'
says 0 '' devices
line '^cuda:0: 8 values refused: memory used is not in 0 .. total (2), the utilization ' \
     '^cuda:1: 8 values refused: ' '^cuda:0 .* - of 64.0 MiB - - - -$'
says 0 '' devices --json
json 'd[1]["refused"].startswith("memory used is not in 0 .. total (2), the util")'
sim 'devices=3; lost=1:0'
says 0 '' devices
line '^cuda:1: the GPU is lost$' '^cuda:2 .* 60 W '
# Whatever this machine has: without the simulated driver it is no failure either.
(
    unset LD_LIBRARY_PATH
    says 0 '' devices
    exit "$failures"
) || fail 'without the simulated driver'

# ---- --measure
sim 'devices=2; run_us=100,800'
says 0 '' devices --measure
rate=' [0-9.]*[0-9]\( [kMG]\)*$' # however busy this machine is
line 'memory load power temp clock runs/s$' "^cpu .* MHz$rate" \
     "^cuda:0 .* 1500 MHz$rate" "^cuda:1 .* 1500 MHz$rate"
says 0 '' devices --measure --json
json 'all(x["runs_done"] >= 256 and x["not_measured"] is None for x in d)'
# A run of cuda:0 takes 100 us, one of cuda:1 800: that gives the most; measured.sh has the least.
json '0 < d[1]["runs_per_second"] < 50000 and 0 < d[2]["runs_per_second"] < 6250'
sim 'devices=2; run_us=100; capability=9.0,5.0'
says 0 '' devices --measure
line '^cuda:1: not measured: cuda:1: ' "^cuda:0 .* MHz$rate"
says 0 '' devices --measure --json
json 'd[1]["runs_per_second"] > 0 and d[2]["runs_per_second"] is None'
json 'd[1]["not_measured"] is None and d[2]["not_measured"].startswith("cuda:1: ")'
sim 'devices=1; capability=6.1; architectures=60,61,70'
says 0 '' devices --measure
line '^cuda:0: not measured: cuda:0: its compute capability 6.1 is too old: 7.0 is needed$'
sim 'devices=1; nvml=missing; lost_launch=0:1'
says 0 '' devices --measure
line '^cuda:0: not measured: cuda:0: '

# ---- --watch on a pipe: a block a period, ^C ends it with status 0
# watched SIGNAL LINES ARGS...: odec ARGS until there are so many lines, then the signal.
watched() {
    watched_signal=$1
    watched_lines=$2
    shift 2
    timeout -s KILL 60 python3 -c '
import signal, subprocess, sys
odec = subprocess.Popen(sys.argv[3:], stdout=subprocess.PIPE, stderr=open("err.txt", "w"))
text = b"".join(odec.stdout.readline() for i in range(int(sys.argv[2])))
odec.send_signal(getattr(signal, sys.argv[1]))
text += odec.stdout.read()
open("out.txt", "wb").write(text)
sys.exit(odec.wait())' "$watched_signal" "$watched_lines" "$odec" "$@"
    watched_status=$?
    [ "$watched_status" -eq 0 ] || fail "odec $* ends with $watched_status at $watched_signal"
    at_most 0
}
sim 'devices=1'
watched SIGINT 8 devices --watch 0.1
check 'blocks' [ "$(sed -n '4p;8p' out.txt)" = '' ]
# Columns are as wide as what is in them, which changes with how busy the CPU is.
check 'the second block' \
    [ "$(sed -n 1p out.txt | tr -s ' ')" = "$(sed -n 5p out.txt | tr -s ' ')" ]
check 'no escapes on a pipe' sh -c '! grep -q "$(printf "\033")" out.txt'
watched SIGTERM 3 devices --watch=0.1 --json
json 'd[1]["watts"] == 60'
check 'JSON lines' [ "$(wc -l <out.txt)" -ge 3 ]
watched SIGINT 1 devices --json --watch
watched SIGINT 4 devices --watch --measure
line 'runs/s$' "^cuda:0 .* MHz$rate"
# A reader that goes ends it without a word.
timeout 30 "$odec" devices --watch 0.1 2>err.txt | head -n 2 >out.txt
check 'two lines' [ "$(wc -l <out.txt)" -eq 2 ]
at_most 0

# On a terminal it draws over what is there.
timeout -s KILL 60 python3 -c '
import os, pty, signal, sys
pid, fd = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], [sys.argv[1], "devices", "--watch", "0.1"])
text = b""
while text.count(b"\033[H") < 3:
    text += os.read(fd, 4096)
os.write(fd, b"\003")
try:
    while os.read(fd, 4096):
        pass
except OSError:
    pass
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
assert text.startswith(b"\033[2J\033[Hdevice "), text
first = text.split(b"\033[H")[1]
assert first.count(b"\033[K\r\n") == 3 and first.endswith(b"\033[J"), first
' "$odec" || fail 'on a terminal'

# ---- what is wrong
says 2 "^odec: error: odec devices takes no argument$" devices all
at_most 1
says 2 "^odec: error: odec devices takes no argument$" devices --watch 1 2
says 2 "^odec: error: unknown option '--wach'; did you mean '--watch'?$" devices --wach
says 2 "^odec: error: '--device' is no option of odec devices$" devices --device cpu
says 2 "^odec: error: '--measure' takes no value$" devices --measure=1
says 2 "^odec: error: '--watch' is given twice$" devices --watch 1 --watch 2
for period in 0 0.01 1e9; do
    says 2 "^odec: error: --watch: '$period' is not in 0.1 .. 86400 seconds$" \
        devices --watch $period
    at_most 1
done
says 2 "^odec: error: --watch: 'soon' is not a number$" devices --watch soon
says 2 "^odec: error: unknown option '-1'" devices --watch -1
at_most 1

finish
