# bench.sh -- read by check: a table of speeds, in Markdown. Each time is the median of the
# repeats; "kernel" is what the GPU's own clock says of the launches, "busy" counts from the
# first range's hand-over until the last is computed: inputs and the gaps between launches too.

. "$here/bench_peers.sh"

# What a step of tsit5 by fixed steps takes for Lorenz, in instructions of a lane: 63
# multiply-adds of the tableau and 6 times 6 of the model.
LORENZ_INSTRUCTIONS=99

# ---- the GPU

smi() {
    command -v nvidia-smi >/dev/null && nvidia-smi -i 0 --query-gpu="$1" --format=csv,noheader,nounits
}

# Lanes that a multiprocessor issues each clock: $lanes_double, $lanes_float; empty where not known
bench_device() {
    description=$(sed -n 's/.*"name": "cuda:0", "description": "\([^"]*\)".*/\1/p' \
        "$work/devices.json")
    n_sms=$(echo "$description" | sed -n 's/.*, \([0-9]*\) multiprocessors$/\1/p')
    driver=$(smi driver_version)
    lanes_double='' lanes_float=''
    case $(smi compute_cap) in
    8.0) lanes_double=32 lanes_float=64 ;;
    9.0 | 10.0) lanes_double=64 lanes_float=128 ;;
    esac
}

# The clock of the multiprocessors is sampled between these two.
clock_start() {
    command -v nvidia-smi >/dev/null || return
    nvidia-smi -i 0 --query-gpu=clocks.sm,utilization.gpu --format=csv,noheader,nounits \
        -lms 20 >"$work/clocks" 2>/dev/null &
    clock_pid=$!
}

clock_stop() {
    [ -n "$clock_pid" ] || return
    kill "$clock_pid"
    wait "$clock_pid" 2>/dev/null
    clock_pid=''
}

# The highest, so that a share of the issue rate is never overstated.
clock_highest() {
    awk -F, '$1 > most { most = $1 } END { if (most) print most + 0 }' "$work/clocks" 2>/dev/null
}

# The median while the GPU was at work without a pause, where there was time to see that.
clock_at_work() {
    awk -F, '$2 >= 90 { print $1 + 0 }' "$work/clocks" >"$work/at_work" 2>/dev/null
    if [ -s "$work/at_work" ]; then
        median <"$work/at_work"
    else
        clock_highest
    fi
}

# ---- measuring

median() {
    sort -n | awk '{ at[NR] = $1 } END { if (NR) print at[int((NR + 1) / 2)] }'
}

# measure REPEATS MODEL OPTIONS...: $kernel, $busy and $host (of the whole solve, results in the
# host's memory) in seconds, $runs, $attempts; or a line of what failed.
measure() {
    repeats=$1 model=$2
    shift 2
    : >"$work/times" >"$work/hosts"
    while [ "$repeats" -gt 0 ]; do
        "$odec" run "$examples/$model.ode" "$@" --save final --device cuda:0 --memory 8G --quiet \
            --stats "$work/stats.json" >"$work/said" 2>&1 || {
            echo "FAILED, $(sed -n 's/^odec: error: //p' "$work/said"):" \
                "$odec run $examples/$model.ode $* --save final --device cuda:0 --memory 8G"
            return 1
        }
        sed -n 's/.*"seconds": \([0-9.]*\), "compiler".*"kernel_seconds": \([0-9.]*\).*/\1 \2/p' \
            "$work/stats.json" >>"$work/times"
        sed -n 's/^  "seconds": .*"solve": \([0-9.]*\).*/\1/p' "$work/stats.json" >>"$work/hosts"
        repeats=$((repeats - 1))
    done
    [ -s "$work/times" ] || {
        echo "FAILED, no time of the kernel in the stats: $(tr -d "\n" <"$work/stats.json")"
        return 1
    }
    busy=$(cut -d ' ' -f 1 "$work/times" | median)
    kernel=$(cut -d ' ' -f 2 "$work/times" | median)
    host=$(median <"$work/hosts")
    runs=$(sed -n 's/^  "runs": \([0-9]*\),$/\1/p' "$work/stats.json")
    attempts=$(sed -n 's/.*"accepted": \([0-9]*\), "rejected": \([0-9]*\)}.*/\1 \2/p' \
        "$work/stats.json" | awk '{ printf "%.0f", $1 + $2 }')
    grep -q "\"status\": {\"ok\": $runs}" "$work/stats.json" || {
        echo "FAILED, not all runs are ok: $odec run $examples/$model.ode $*"
        return 1
    }
}

# ---- the table

seconds() {
    awk -v s="$1" 'BEGIN { if (s < 1) printf "%.2f ms", 1e3 * s; else printf "%.3f s", s }'
}

count() {
    awk -v n="$1" 'BEGIN {
        text = sprintf("%.0f", n)
        while (match(text, /^[0-9][0-9][0-9][0-9]+/)) {
            text = substr(text, 1, RLENGTH - 3) "," substr(text, RLENGTH - 2)
        }
        print text
    }'
}

# row NAME FIGURE TARGET: of what was measured last
row() {
    echo "| $1 | $(count "$runs") | $(seconds "$kernel") | $(seconds "$busy") |" \
        "$(awk -v a="$attempts" -v k="$kernel" 'BEGIN { printf "%.3g", a / k }') | $2 | $3 |" \
        >>"$work/rows"
}

# share LANES MHZ: of the GPU's issue rate, of what was measured last
share() {
    if [ -z "$1" ] || [ -z "$2" ] || [ -z "$n_sms" ]; then
        echo "share not known"
        return
    fi
    awk -v n="$attempts" -v each="$LORENZ_INSTRUCTIONS" -v k="$kernel" -v lanes="$1" -v mhz="$2" \
        -v sms="$n_sms" 'BEGIN { printf "%.1f %% of the issue rate at %d MHz",
            100 * n * each / (k * sms * lanes * mhz * 1e6), mhz }'
}

# ---- the benches

lorenz() { # REPEATS RUNS OPTIONS...
    lorenz_repeats=$1 lorenz_runs=$2
    shift 2
    measure "$lorenz_repeats" lorenz --method tsit5 --out x,y,z --sweep "rho=0:21:$lorenz_runs" \
        --set 'x(0)=1' --set 'y(0)=0' --set 'z(0)=0' "$@"
}

bench_fixed() { # PRECISION LANES TARGET
    clock_start
    lorenz "$n_repeats" "$n_many" --precision "$1" --t 0:1 --dt 1e-3
    status=$?
    clock_stop
    [ "$status" -eq 0 ] || return 1
    row "Lorenz, tsit5, 1000 fixed steps, $1" "$(share "$2" "$(clock_highest)")" "$3"
    clock_start
    lorenz 1 "$n_many" --precision "$1" --t 0:100 --dt 1e-3
    status=$?
    clock_stop
    [ "$status" -eq 0 ] || return 1
    row "the same, 100 times as long, once" "$(share "$2" "$(clock_at_work)")" ""
}

bench_adaptive() {
    lorenz "$n_repeats" "$n_many" --precision float --t 0:10 --rtol 1e-5 --atol 1e-5 || return 1
    row "Lorenz, tsit5, 1e-5, t 0..10, float" "" ""
    lorenz "$n_repeats" "$n_many" --t 0:10 --rtol 1e-8 --atol 1e-8 || return 1
    row "Lorenz, tsit5, 1e-8, t 0..10, double" "" "4e10 attempts/s"
}

# The same by diffrax, after bench_adaptive. Not with --quick: it may meet a simulated driver.
bench_peer() {
    [ -z "$quick" ] || return 0
    if ! command -v python3 >/dev/null || ! python3 -c 'import diffrax' 2>/dev/null; then
        echo "bench: no diffrax is installed: nothing to compare with"
        return
    fi
    timeout "$PEER_SECONDS" python3 "$here/peer_diffrax.py" "$n_many" 3 >"$work/peer" \
        2>"$work/peer.err" || {
        cat "$work/peer.err"
        echo "FAILED: python3 $here/peer_diffrax.py $n_many 3"
        return 1
    }
    read -r version peer_runs peer_attempts peer_seconds <"$work/peer"
    times=$(awk -v p="$peer_seconds" -v n="$peer_runs" -v b="$busy" -v m="$runs" \
        'BEGIN { printf "%.3g", p / n / (b / m) }')
    runs=$peer_runs attempts=$peer_attempts kernel=$peer_seconds busy=$peer_seconds
    row "the same by $version" "odec is $times times as fast" ""
}

bench_robertson() {
    measure "$n_repeats" robertson --method rodas5p --rtol 1e-6 --t 0:1e4 --out A,B,C \
        --sweep "k1=0.02:0.08:$n_few" || return 1
    row "Robertson, rodas5p, 1e-6, t 0..1e4, double" "" ""
}

# mu evenly in its logarithm, in an order of chance that is always the same (Park and Miller
# 1988), and in its own order
bench_van_der_pol() {
    awk -v n="$n_few" 'BEGIN {
        print "mu"
        for (state = 7; n > 0; n--) {
            state = state * 16807 % 2147483647
            printf "%.15g\n", 0.1 * exp(log(1000) * state / 2147483647)
        }
    }' >"$work/mu.csv"
    set -- --method tsit5 --rtol 1e-6 --atol 1e-6 --t 0:20
    measure "$n_repeats" vanderpol "$@" --sweep "mu=0.1:100:$n_few:log" || return 1
    sorted=$(awk -v a="$attempts" -v k="$kernel" 'BEGIN { print a / k }')
    row "van der Pol, tsit5, 1e-6, t 0..20, mu 0.1..100 in order" "" ""
    measure "$n_repeats" vanderpol "$@" --runs "$work/mu.csv" || return 1
    row "the same, mu in an order of chance" \
        "$(awk -v a="$attempts" -v k="$kernel" -v s="$sorted" \
            'BEGIN { printf "%.0f %% of the rate in order", 100 * a / k / s }')" ""
}

bench_print() {
    echo
    echo "## $(date +%Y-%m-%d), $description, driver ${driver:-not known}"
    echo
    echo "\`tests/gpu/check bench\`, medians of $n_repeats repeats; what the columns mean and what" \
        "is measured is in \`tests/gpu/bench.sh\`."
    echo
    echo "| bench | runs | kernel | busy | attempts/s | figure | target |"
    echo "| --- | --- | --- | --- | --- | --- | --- |"
    cat "$work/rows"
}

check_bench() {
    n_repeats=5 n_many=8388608 n_few=1048576
    [ -z "$quick" ] || n_repeats=1 n_many=64 n_few=64
    : >"$work/rows"
    bench_device
    n_wrong=0
    bench_fixed float "$lanes_float" '75 %' || n_wrong=1
    bench_fixed double "$lanes_double" '75 %' || n_wrong=1
    { bench_adaptive && bench_peer; } || n_wrong=1
    bench_robertson || n_wrong=1
    bench_van_der_pol || n_wrong=1
    bench_print
    check_duels || n_wrong=1
    duels_print
    return "$n_wrong"
}
