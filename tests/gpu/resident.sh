# resident.sh -- read by check: sources and results in the GPU's memory, on an application's stream
# (resident.c), have the CPU's bits in every order, and the stream's order is kept.
. "$here/programs.sh"

# The driver's file, for a linker that knows no libcuda.so
driver_path() {
    for directory in $(echo "${LD_LIBRARY_PATH:-}" | tr ':' ' '); do
        [ ! -e "$directory/libcuda.so.1" ] || echo "$directory/libcuda.so.1"
    done
    ldconfig -p 2>/dev/null | sed -n 's/^[[:space:]]*libcuda\.so\.1 .*=> //p'
}

# CUDA's header where there is a toolkit, else our own
header_options() {
    for toolkit in "${CUDA_PATH:-}" "${CUDA_HOME:-}" /usr/local/cuda; do
        [ -z "$toolkit" ] || ! [ -e "$toolkit/include/cuda.h" ] || {
            echo "-I$toolkit/include"
            return
        }
    done
    echo "-I$root/tests/install/cuda -I$root/runtime/devices/cuda"
}

# MODEL PARAMETER LO HI
resident_models() {
    cat <<'MODELS'
lorenz rho 1 30
robertson k1 0.01 0.1
MODELS
}

check_resident() {
    why=$(no_programs)
    driver=$(driver_path | head -n 1)
    [ -n "$why" ] || [ -n "$driver" ] || why="the driver's library is not found (libcuda.so.1)"
    if [ -n "$why" ]; then
        echo "resident: skipped: $why"
        return 77
    fi
    # shellcheck disable=SC2046
    build_program resident $(header_options) "$driver" || return 1
    n_runs=50000 busy_bytes=67108864
    [ -z "$quick" ] || n_runs=200 busy_bytes=1048576
    n_good=0 n_trials=0
    resident_models >"$work/resident.models"
    while read -r model parameter lo hi; do
        timeout 300 "$work/resident" "$examples/$model.ode" "$parameter" "$lo" "$hi" "$n_runs" \
            "$busy_bytes" >"$work/resident.said" 2>&1 </dev/null
        grep '^FAILED' "$work/resident.said"
        read -r good all <<COUNTS
$(sed -n 's/^\([0-9]*\) of \([0-9]*\)$/\1 \2/p' "$work/resident.said")
COUNTS
        n_good=$((n_good + ${good:-0}))
        n_trials=$((n_trials + ${all:-1}))
        [ -n "$all" ] || tail -n 5 "$work/resident.said"
    done <"$work/resident.models"
    echo "resident: $n_good of $n_trials trials have the CPU's results"
    [ "$n_good" -eq "$n_trials" ]
}
