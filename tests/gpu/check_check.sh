#!/bin/sh
# check_check.sh -- check's own words, with an odec, a compute-sanitizer, an nvidia-smi and a
# diffrax whose answers are known: what it skips, what it finds, what it reckons.
set -uf
here=$(cd "$(dirname "$0")" && pwd)
examples=$(cd "$here/../../examples" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
mkdir fake
export PATH="$work/fake:$PATH"

# ---- the fakes

# DEVICES: the lines of `odec devices`; LIE, BROKEN, LOST: runs on other devices than the CPU whose
# words match have another digest, fail, lose a device
cat >fake/odec <<'FAKE'
#!/bin/sh
if [ "$1" = devices ]; then
    echo "$DEVICES"
    exit
fi
words=$*
digest=same failure= stats=/dev/null
case $words in *'--device cpu'*) ;; *)
    if echo "$words" | grep -Eq -e "${BROKEN:-^$}"; then
        echo "odec: error: cuda:0: an illegal address" >&2
        exit 1
    fi
    ! echo "$words" | grep -Eq -e "${LIE:-^$}" || digest=other
    ! echo "$words" | grep -Eq -e "${LOST:-^$}" || failure=', "failure": "lost"'
    ;;
esac
case $words in *'--memory 8G'*--dt* | *--dt*'--memory 8G'*) sleep 0.5 ;; esac # for the sampler
while [ $# -gt 0 ]; do
    [ "$1" != --stats ] || stats=$2
    shift
done
cat >"$stats" <<STATS
{
  "model": "fake",
  "runs": 8388608,
  "attempts": {"accepted": 8388607000, "rejected": 1000},
  "rhs": 1,
  "jacobian": 0,
  "seconds": {"compile": 0.02, "solve": 0.050331, "write": 0.0, "total": 0.1},
  "status": {"ok": ${N_OK:-8388608}},
  "devices": [{"name": "cuda:0", "description": "H", "runs": 8388608, "seconds": 0.041943, "compiler": "c", "kernel_seconds": 0.031000$failure}],
  "digest": "$digest"
}
STATS
FAKE
cat >fake/nvidia-smi <<'FAKE'
#!/bin/sh
case $* in
*driver_version*) echo 580.1 ;;
*compute_cap*) echo 9.0 ;;
*clocks.sm*)
    printf '%s\n' '345, 0' '1980, 50' '1740, 97' '1755, 98' '1770, 99'
    exec sleep 60
    ;;
esac
FAKE
# REPORT: trials whose words match are not clean
cat >fake/compute-sanitizer <<'FAKE'
#!/bin/sh
echo "========= COMPUTE-SANITIZER"
if [ -n "${UNSUPPORTED:-}" ]; then
    echo "========= Error: Device not supported."
    exit 1
fi
if echo "$*" | grep -Eq -e "${REPORT:-^$}"; then
    echo "========= Uninitialized __global__ memory read of size 8 bytes"
    echo "=========     at odec_kernel+0x10"
    exit 9
fi
shift 4
exec "$@"
FAKE
cat >fake/python3 <<'FAKE'
#!/bin/sh
case $* in
-c*) ;;
*peer_problems.py*) echo "2e-09 3e-08" ;;
*peer_gradsolve.py*)
    echo "[nvcc -Xptxas -v] lorenz_3_float64"
    echo "point GRADSOLVE-0.2 1e-8 0.0021 0.02 1.5e-09 8e-09"
    ;;
*peer_cubie.py*)
    echo "point CuBIE-0.17,-tsit5-float 1e-3 0.02 0.04 0.001 0.3"
    echo "no memory" >&2
    exit 1
    ;;
*peer_diffrax.py*points) echo "point diffrax-0.7,-H 1e-8 0.5 0.6 3e-09 3e-08" ;;
*) echo "diffrax-0.7,-H 4194304 2000000000 2.097152" ;;
esac
FAKE
chmod +x fake/odec fake/nvidia-smi fake/compute-sanitizer fake/python3

# ---- what is expected

n_wrong=0
fail() {
    echo "FAILED: $*"
    n_wrong=$((n_wrong + 1))
}

# says STATUS TEXT ARGS...: check ARGS exits so and prints these lines, in whatever order.
says() {
    status=$1
    printf '%s\n' "$2" >expected
    shift 2
    sh "$here/check" --build fake --jobs 3 "$@" >out 2>&1
    got=$?
    [ "$got" -eq "$status" ] || fail "check $*: exit status $got, not $status"
    sed "s|$work/fake/||g; s|$examples/||g; s|$here/|HERE/|g; s|^## [0-9-]*|## DATE|" out | sort >said
    sort expected | cmp -s said - || {
        fail "check $* says"
        cat out
    }
}

gpu='[
  {"name": "cpu", "description": "a CPU", "missing": null},
  {"name": "cuda:0", "description": "NVIDIA H, 132 multiprocessors", "missing": null},
  {"name": "cuda:1", "description": "", "missing": "the GPU is lost"}
]'
export DEVICES="$gpu"

# ---- skipped
DEVICES='[
  {"name": "cuda", "description": null, "missing": "no CUDA driver is installed (libcuda.so.1)"}
]'
says 77 'skipped: no CUDA driver is installed (libcuda.so.1)'
DEVICES='  {"name": "cuda:0", "description": "", "missing": "the GPU is lost", "refused": null}'
says 77 'skipped: the GPU is lost' bits
DEVICES='  {"name": "cuda", "missing": "no NVRTC for this driver is installed (libnvrtc.so.N)"}'
says 77 'skipped: no NVRTC for this driver is installed (libnvrtc.so.N)' --quick
DEVICES=$gpu
UNSUPPORTED=yes
export UNSUPPORTED
says 77 'sanitizer: skipped: compute-sanitizer does not support this device here' sanitizer
unset UNSUPPORTED

# ---- wrong words
usage='[--build DIR] [--jobs N] [--quick] [bits|resident|fatbin|sanitizer|bench]...'
says 2 "check: unknown argument 'bit': $usage" bit
says 2 "check: --jobs: 'x' is no number of trials" --jobs x
says 2 "check: there is no odec in '$work'" --build "$work"
says 2 'check: --build needs a value' --build

# ---- bits
says 0 "bits: 24 of 24 trials have the CPU's results" --quick bits
LIE='robertson.*double|--memory' LOST='uniform' BROKEN='pendulum.*tsit5.*float'
export LIE LOST BROKEN
robertson='odec run robertson.ode --method'
options='--precision double --save n:11 --sweep k1=0.01:0.1:64 --t 0:100 --max-attempts 3000'
says 1 "bits: 18 of 24 trials have the CPU's results
FAILED, other results than with --device cpu: $robertson rk4 $options --dt 0.5 --device cuda:0
FAILED, other results than with --device cpu: $robertson tsit5 $options --device cuda:0
FAILED, other results than with --device cpu: $robertson rodas5p $options --device cuda:0
FAILED, other results than with --device cpu: odec run lorenz.ode --sweep rho=0:30:64 --t 0:5\
 --save n:1001 --device cuda:0 --memory 512K
FAILED, a device took no further part: odec run lorenz.ode --sweep rho=0:30:64 --t 0:5\
 --save n:1001 --device all --distribute uniform
FAILED, cuda:0: an illegal address: odec run pendulum.ode --method tsit5 --precision float\
 --save final --sweep drive=0:10:64 --t 0:5 --max-attempts 3000 --rtol 1e-4 --atol 1e-6\
 --device cuda:0" --quick bits
unset LIE LOST
BROKEN=lorenz
says 1 'odec: error: cuda:0: an illegal address
check: odec does not run on cuda:0' bits
unset BROKEN

# Every example by every method.
methods=$(sed -n 's/^METHOD(\([a-z0-9_]*\),.*/\1/p' "$here/../../kernels/methods/methods.def")
[ "$(echo "$methods" | wc -l)" -ge 10 ] || fail 'methods.def has no methods'
(
    quick=''
    n_runs=8
    . "$here/bits.sh"
    bits_list >list
)
set +f
for model in "$examples"/*.ode; do
    model=$(basename "$model" .ode)
    for method in $methods; do
        grep -q "^$model|--method $method .*|--device cuda:0$" list || fail "no trial of $model by $method"
    done
done
set -f
[ "$(sort list | uniq -d)" = '' ] || fail 'a trial is there twice'

# ---- programs: a compiler whose programs say $SAYS
says 77 'resident: skipped: beside odec there is no libodec.so with its headers (include)' resident
says 77 'fatbin: skipped: beside odec there is no libodec.so with its headers (include)' fatbin
mkdir -p fake/include driver
touch fake/libodec.so fake/include/odec.h driver/libcuda.so.1
cat >fake/cc <<'FAKE'
#!/bin/sh
[ -z "${NO_CC:-}" ] || { echo 'no such thing'; exit 1; }
while [ "$1" != -o ]; do shift; done
printf '#!/bin/sh\necho "$SAYS"\ncase $SAYS in *FAILED*) exit 1 ;; esac\n' >"$2"
chmod +x "$2"
FAKE
printf '#!/bin/sh\n' >fake/nvcc
chmod +x fake/cc fake/nvcc
LD_LIBRARY_PATH=$work/driver SAYS='8 of 8'
export LD_LIBRARY_PATH SAYS
says 0 "resident: 16 of 16 trials have the CPU's results" resident
says 0 "8 of 8
fatbin: the image for sm_90 has the CPU's results" fatbin
SAYS="FAILED, other values: lorenz, float in rows apart
7 of 8"
says 1 "FAILED, other values: lorenz, float in rows apart
FAILED, other values: lorenz, float in rows apart
resident: 14 of 16 trials have the CPU's results" resident
SAYS='FAILED, its image was not taken'
says 1 "$SAYS" fatbin
SAYS='Segmentation fault'
says 1 "Segmentation fault
Segmentation fault
resident: 0 of 2 trials have the CPU's results" resident
NO_CC=yes
export NO_CC
says 1 "FAILED, it cannot be built: HERE/resident.c
no such thing" resident
unset NO_CC LD_LIBRARY_PATH SAYS
rm fake/cc fake/nvcc

# ---- sanitizer
says 0 'sanitizer: 18 of 18 trials are clean' sanitizer
REPORT='initcheck.*rodas5p.*final'
export REPORT
says 1 'sanitizer: 17 of 18 trials are clean
FAILED, Uninitialized __global__ memory read of size 8 bytes: compute-sanitizer --tool initcheck'\
' odec run robertson.ode --sweep k1=0.01:0.1:256 --t 0:1 --method rodas5p --save final --chunk 100'\
' --device cuda:0' sanitizer
unset REPORT

# ---- bench: 8388608000 steps of 99 instructions in 31 ms are 80.1 % of 132 times 128 lanes at
# 1980 MHz; diffrax takes 0.5 us a run, odec 5 ns; a peer that fails is said, and no failure
says 0 '
## DATE, NVIDIA H, 132 multiprocessors, driver 580.1

`tests/gpu/check bench`, medians of 5 repeats; what the columns mean and what is measured is in `tests/gpu/bench.sh`.

| bench | runs | kernel | busy | attempts/s | figure | target |
| --- | --- | --- | --- | --- | --- | --- |
| Lorenz, tsit5, 1000 fixed steps, float | 8,388,608 | 31.00 ms | 41.94 ms | 2.71e+11 | 80.1 % of the issue rate at 1980 MHz | 75 % |
| the same, 100 times as long, once | 8,388,608 | 31.00 ms | 41.94 ms | 2.71e+11 | 90.3 % of the issue rate at 1755 MHz |  |
| Lorenz, tsit5, 1000 fixed steps, double | 8,388,608 | 31.00 ms | 41.94 ms | 2.71e+11 | 160.2 % of the issue rate at 1980 MHz | 75 % |
| the same, 100 times as long, once | 8,388,608 | 31.00 ms | 41.94 ms | 2.71e+11 | 180.7 % of the issue rate at 1755 MHz |  |
| Lorenz, tsit5, 1e-5, t 0..10, float | 8,388,608 | 31.00 ms | 41.94 ms | 2.71e+11 |  |  |
| Lorenz, tsit5, 1e-8, t 0..10, double | 8,388,608 | 31.00 ms | 41.94 ms | 2.71e+11 |  | 4e10 attempts/s |
| the same by diffrax-0.7,-H | 4,194,304 | 2.097 s | 2.097 s | 9.54e+08 | odec is 100 times as fast |  |
| Robertson, rodas5p, 1e-6, t 0..1e4, double | 8,388,608 | 31.00 ms | 41.94 ms | 2.71e+11 |  |  |
| van der Pol, tsit5, 1e-6, t 0..20, mu 0.1..100 in order | 8,388,608 | 31.00 ms | 41.94 ms | 2.71e+11 |  |  |
| the same, mu in an order of chance | 8,388,608 | 31.00 ms | 41.94 ms | 2.71e+11 | 100 % of the rate in order |  |

1,048,576 runs: Lorenz as SciML publishes it (t 0..1, double, atol = rtol), van der Pol as CuBIE does (t 0..20, float, rtol 1e-3, atol 1e-6); errors: the median relative one, the largest relative to 1 + |y|.

| batch | by | rtol | kernel | host to host | median error | largest error |
| --- | --- | --- | --- | --- | --- | --- |
| Lorenz | odec tsit5 | 1e-6 | 31.00 ms | 50.33 ms | 2e-09 | 3e-08 |
| Lorenz | odec vern7 | 1e-6 | 31.00 ms | 50.33 ms | 2e-09 | 3e-08 |
| Lorenz | odec tsit5 | 1e-7 | 31.00 ms | 50.33 ms | 2e-09 | 3e-08 |
| Lorenz | odec vern7 | 1e-7 | 31.00 ms | 50.33 ms | 2e-09 | 3e-08 |
| Lorenz | odec tsit5 | 1e-8 | 31.00 ms | 50.33 ms | 2e-09 | 3e-08 |
| Lorenz | odec vern7 | 1e-8 | 31.00 ms | 50.33 ms | 2e-09 | 3e-08 |
| Lorenz | odec tsit5 | 1e-9 | 31.00 ms | 50.33 ms | 2e-09 | 3e-08 |
| Lorenz | odec vern7 | 1e-9 | 31.00 ms | 50.33 ms | 2e-09 | 3e-08 |
| van der Pol | odec tsit5 | 1e-3 | 31.00 ms | 50.33 ms | 2e-09 | 3e-08 |
| Lorenz | GRADSOLVE-0.2 | 1e-8 | 2.10 ms | 20.00 ms | 1.5e-09 | 8e-09 |
| van der Pol | CuBIE-0.17,-tsit5-float | 1e-3 | 20.00 ms | 40.00 ms | 0.001 | 0.3 |
| Lorenz | diffrax-0.7,-H | 1e-8 | 500.00 ms | 600.00 ms | 3e-09 | 3e-08 |
no memory
bench: not to its end, or not within 60 s: python3 HERE/peer_cubie.py 1048576 5' \
    bench
N_OK=5
export N_OK
sh "$here/check" --build fake --quick bench >out 2>&1 && fail 'runs that fail are no failure'
[ "$(grep -c '^FAILED, not all runs are ok: ' out)" -eq 14 ] || fail "not fourteen failures: $(cat out)"

[ "$n_wrong" -eq 0 ] && echo 'all as expected'
[ "$n_wrong" -eq 0 ]
