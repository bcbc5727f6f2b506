# bench_peers.sh -- read by bench.sh: odec and those peers that are installed (README.md) on batches
# that are published, error beside time. Each time is the median of the repeats; "host to host" is
# the time of a solve from arrays of the host to arrays of the host, errors are peer_problems.py's.

PEER_SECONDS=60 # each, or what it has measured by then

# duel_row BATCH WHO RTOL KERNEL HOST MEDIAN LARGEST
duel_row() {
    echo "| $1 | $2 | $3 | $(seconds "$4") | $(seconds "$5") | $6 | $7 |" >>"$work/duels"
}

# final_errors PROBLEM MODEL OPTIONS...: of one more solve
final_errors() {
    problem=$1 model=$2
    shift 2
    rm -f "$work/final.npy"
    "$odec" run "$examples/$model.ode" "$@" --save final --device cuda:0 --memory 8G --quiet \
        -o "$work/final.npy" >/dev/null 2>&1 &&
        python3 "$here/peer_problems.py" "$problem" "$runs" "$work/final.npy" 2>/dev/null ||
        echo 'unknown unknown'
}

# duel_odec BATCH METHOD RTOL PROBLEM MODEL OPTIONS...
duel_odec() {
    batch=$1 method=$2 rtol=$3 problem=$4 model=$5
    shift 5
    measure "$n_repeats" "$model" --method "$method" --rtol "$rtol" "$@" || return 1
    found=$(final_errors "$problem" "$model" --method "$method" --rtol "$rtol" "$@")
    duel_row "$batch" "odec $method" "$rtol" "$kernel" "$host" "${found% *}" "${found#* }"
}

# duel_peer MODULE SCRIPT ARGUMENTS...: the lines "point WHO RTOL KERNEL HOST MEDIAN LARGEST" of the
# script, whatever becomes of it afterwards. A peer's failure is none of odec's.
duel_peer() {
    module=$1 script=$2
    shift 2
    [ -z "$quick" ] || return 0
    if ! command -v python3 >/dev/null ||
        ! timeout "$PEER_SECONDS" python3 -c "import $module" 2>/dev/null; then
        echo "bench: no $module is installed: nothing to compare with"
        return 0
    fi
    PYTHONDONTWRITEBYTECODE=1 timeout "$PEER_SECONDS" python3 "$here/$script" "$@" \
        >"$work/peer" 2>"$work/peer.err" || {
        tail -n 2 "$work/peer.err"
        echo "bench: not to its end, or not within $PEER_SECONDS s: python3 $here/$script $*"
    }
    sed -n 's/^point //p' "$work/peer" >"$work/points"
    while read -r who rtol kernel host median largest; do
        case $who in *-float) batch='van der Pol' ;; *) batch='Lorenz' ;; esac
        duel_row "$batch" "$(echo "$who" | tr _ ' ')" "$rtol" "$kernel" "$host" "$median" "$largest"
    done <"$work/points"
}

check_duels() {
    n_duel=1048576
    [ -z "$quick" ] || n_duel=64
    side=$(awk -v n="$n_duel" 'BEGIN { print int(sqrt(n) + 0.5) }')
    : >"$work/duels"
    duels_wrong=0
    for rtol in 1e-6 1e-7 1e-8 1e-9; do
        for method in tsit5 vern7; do
            duel_odec Lorenz "$method" "$rtol" lorenz lorenz --atol "$rtol" --out x,y,z \
                --sweep "rho=0:21:$n_duel" --set 'x(0)=1' --set 'y(0)=0' --set 'z(0)=0' \
                --t 0:1 || duels_wrong=1
        done
    done
    duel_odec 'van der Pol' tsit5 1e-3 van_der_pol vanderpol --atol 1e-6 --precision float \
        --sweep "mu=1:3:$side" --sweep "x(0)=1:2:$side" --set 'v(0)=0' --t 0:20 || duels_wrong=1
    duel_peer gradsolve peer_gradsolve.py "$n_duel" "$n_repeats"
    duel_peer cubie peer_cubie.py "$n_duel" "$n_repeats"
    duel_peer diffrax peer_diffrax.py "$n_duel" 3 points
    return "$duels_wrong"
}

duels_print() {
    echo
    echo "$(count "$n_duel") runs: Lorenz as SciML publishes it (t 0..1, double, atol = rtol), van der Pol" \
        "as CuBIE does (t 0..20, float, rtol 1e-3, atol 1e-6); errors: the median relative one, the" \
        "largest relative to 1 + |y|."
    echo
    echo "| batch | by | rtol | kernel | host to host | median error | largest error |"
    echo "| --- | --- | --- | --- | --- | --- | --- |"
    cat "$work/duels"
}
