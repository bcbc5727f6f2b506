# sanitizer.sh -- read by check: compute-sanitizer watches small runs of each kind of kernel,
# and finds nothing.

sanitizer_list() {
    for tool in memcheck racecheck initcheck; do
        for save in final n:11; do
            chunk=100
            [ "$save" = final ] || chunk=1000
            while read -r model options; do
                echo "$model|$options --save $save --chunk $chunk|$tool"
            done <<'MODELS'
lorenz --sweep rho=0:30:256 --t 0:1 --method tsit5
lorenz --sweep rho=0:30:256 --t 0:1 --method rk4 --dt 0.01 --precision float
robertson --sweep k1=0.01:0.1:256 --t 0:1 --method rodas5p
MODELS
        done
    done
}

# sanitize MODEL OPTIONS TOOL: its messages in sanitizer.txt
sanitize() {
    # shellcheck disable=SC2086
    timeout 300 compute-sanitizer --tool "$3" --error-exitcode 9 "$odec" run "$examples/$1.ode" $2 \
        --device cuda:0 --quiet --stats "$mine/sanitizer.json" >"$mine/sanitizer.txt" 2>&1
}

sanitizer_trial() {
    sanitize "$@" && return
    why=$(awk '/^=========/ && !/COMPUTE-SANITIZER/ { sub("=* *", ""); print; exit }' \
        "$mine/sanitizer.txt")
    echo "FAILED, ${why:-$(tail -n 1 "$mine/sanitizer.txt")}:" \
        "compute-sanitizer --tool $3 $odec run $examples/$1.ode $2 --device cuda:0"
    return 1
}

check_sanitizer() {
    command -v compute-sanitizer >/dev/null || {
        echo "sanitizer: skipped: compute-sanitizer is not installed"
        return 77
    }
    mine=$work
    sanitize lorenz '--t 0:1 --save final' memcheck
    if grep -q 'Device not supported' "$mine/sanitizer.txt"; then
        echo "sanitizer: skipped: compute-sanitizer does not support this device here"
        return 77
    fi
    sanitizer_list >"$work/sanitizer"
    try sanitizer_trial "$work/sanitizer"
    status=$?
    echo "sanitizer: $n_good of $n_trials trials are clean"
    return $status
}
