#!/bin/sh
# same_file.sh ODEC -- the same bytes on disk however a batch is split over simulated devices, in
# .npy, whose parts are written as they come, and in .csv, whose runs are in order. And what is
# left of a batch when the last device dies: NAME.partial, with a note of which runs it holds.
set -eu
odec=$1
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
cd "$directory"
XDG_CACHE_HOME=$directory
export XDG_CACHE_HOME SIMGPU

cat >spring.ode <<'MODEL'
model spring
par k = 1, b = 0.1
init x = 1, v = 0
x' = v
v' = -k*x - b*v*v*v
solve { t = 0 .. 5 }
MODEL

fail() {
    echo "same_file.sh: $*" >&2
    exit 1
}

run() { # OUTPUT OPTIONS...
    output=$1
    shift
    "$odec" run spring.ode --sweep k=0.1:200:1500:log --save n:7 --quiet -o "$output" "$@"
}

SIMGPU="devices=0"
run cpu.npy --device cpu
run cpu.csv --device cpu

n=0
while read -r settings options; do
    case $settings in '' | '#'*) continue ;; esac
    SIMGPU=$(echo "$settings" | tr '/' ';')
    for format in npy csv; do
        # shellcheck disable=SC2086
        run "gpu.$format" $options 2>err || fail "$settings $options: $(cat err)"
        cmp "cpu.$format" "gpu.$format" || fail "$settings $options: other bytes"
    done
    cmp cpu.status.npy gpu.status.npy || fail "$settings $options: other statuses"
    n=$((n + 1))
done <<'TRIALS'
devices=1 --device cuda
devices=1 --device cuda --chunk 215
devices=1/memory=1M --device cuda
devices=1 --device cuda --memory 1M
devices=2/memory=1M,8M/run_us=40,10 --device cuda
devices=3/memory=2M,1M,8M/run_us=10,40,20 --device cuda --chunk 100
devices=8/run_us=10,80,20,40,10,20,80,40 --device cuda
devices=2/run_us=20 --device all --chunk 50
devices=3/run_us=10,40,20 --device all --distribute uniform
devices=2 --device cuda:1,cpu --distribute capacity:3,1
devices=4/run_us=20/lost_launch=2:2 --device cuda --chunk 100
devices=2/run_us=20/lost_launch=1:3 --device all --chunk 100
devices=1/biggest=60K --device cuda
TRIALS
[ "$n" = 13 ] || fail "$n trials"

# Times that repeat, and a span that ends where it begins: rows that repeat, and no step.
while read -r options; do
    for device in cpu cuda; do
        SIMGPU="devices=1"
        # shellcheck disable=SC2086
        "$odec" run spring.ode --sweep k=0.1:200:150:log --quiet --device $device $options \
            -o "t.$device.csv" --stats "t.$device.json" 2>err ||
            fail "$options on $device: $(cat err)"
    done
    cmp t.cpu.csv t.cuda.csv || fail "$options: other bytes"
    case $options in *3:3*)
        [ "$(grep -c ',3,.*,1,0,ok$' t.cuda.csv)" = 150 ] || fail "$options: no initial rows"
        grep -q '"accepted": 0' t.cuda.json || fail "$options: steps"
        ;;
    esac
done <<'TRIALS'
--save at:0,0,1,1,1,5,5
--save at:0,0,1,1,1,5,5 --method rk4 --dt 0.3
--save at:0,0,1,1,1,5,5 --method rodas4 --precision float
--t 3:3 --save final
--t 3:3 --save final --method rodas4
--t 3:3 --save final --method rk4 --dt 0.1 --precision float
--t 3:3 --save every:1 --method rodas5p --dt 0.1
TRIALS

# One of four has died: the summary says who did what, and standard error who is missing.
SIMGPU="devices=4; run_us=20; lost_launch=2:2"
"$odec" run spring.ode --sweep k=0.1:200:1500:log --device cuda --chunk 100 -o four.csv >out 2>err
grep -q "on 4 devices\|on 3 devices" out || fail "no devices in the summary: $(cat out)"
grep -Eq "^    cuda:0 +[0-9,]+ runs \([0-9.]+ %\), busy .*Simulated GPU 0" out ||
    fail "no runs of cuda:0 in the summary: $(cat out)"
grep -q "^odec: warning: cuda:2 took no further part: cuda:2: .*: .*" err ||
    fail "no warning of cuda:2: $(cat err)"

# The only one has died: a part is kept, and says which runs it holds.
SIMGPU="devices=1; run_us=20; lost_launch=0:9"
for format in npy csv; do
    status=0
    run "part.$format" --device cuda --chunk 100 2>err || status=$?
    [ "$status" = 1 ] || fail "exit status $status"
    grep -q "^odec: error: cuda:0: " err || fail "no word of cuda:0: $(cat err)"
    [ ! -e "part.$format" ] || fail "part.$format is there"
    python3 - "part.$format" "cpu.$format" <<'CHECK' || fail "part.$format.partial is wrong"
import json, sys
part, whole = sys.argv[1] + ".partial", sys.argv[2]
note = json.load(open(part + ".json"))
assert note["runs"] == 1500 and note["complete"], note
a, b = open(part, "rb").read(), open(whole, "rb").read()
if part.endswith(".csv.partial"):
    assert note["complete"][0][0] == 0 and len(note["complete"]) == 1, note
    lines = note["complete"][0][1] * 7 + 1
    assert a.splitlines()[:lines] == b.splitlines()[:lines]
else:
    row, header = 7 * 2 * 8, len(b) - 1500 * 7 * 2 * 8
    for first, end in note["complete"]:
        assert 0 <= first < end <= 1500, note
        assert a[header + first * row : header + end * row] == \
            b[header + first * row : header + end * row]
CHECK
done

# What cannot be: one clear line, exit status 2 or 1.
SIMGPU="devices=2"
expect() { # STATUS TEXT OPTIONS...
    wanted=$1
    text=$2
    shift 2
    status=0
    run x.csv "$@" 2>err || status=$?
    [ "$status" = "$wanted" ] || fail "$*: exit status $status, not $wanted"
    [ "$(cat err)" = "odec: error: $text" ] || fail "$*: $(cat err)"
}
expect 2 "there is no device cuda:7: this machine has 2" --device cuda:7
expect 2 "the device cuda:1 is named twice" --device cuda:1,cpu,cuda:1
expect 2 "unknown device 'gpu': auto, all, cpu, cuda, cuda:0 and the like" --device gpu
expect 2 "3 capacities for 2 devices" --device cuda --distribute capacity:1,2,3
expect 2 "--distribute: 'evenly' is neither dynamic, uniform nor capacity:A,B" \
    --distribute evenly
expect 2 "the capacity of device cuda:1 is -1, which is negative" \
    --device cuda --distribute capacity:1,-1
SIMGPU="driver=11000"
expect 1 "cuda: the driver's CUDA 11.0 is too old: 11.4 is needed" --device cuda
SIMGPU="devices=0"
expect 1 "cuda: the CUDA driver does not start: no CUDA-capable device is detected \
(CUDA_ERROR_NO_DEVICE)" --device cuda
echo "$n ways to split a batch, the same bytes"
