# fatbin.sh -- read by check: a solver made by `odec build --fatbin` with this machine's nvcc runs on
# the GPU from its images alone, and has the CPU's bits (fatbin.c).
. "$here/programs.sh"

# "sm_90" of cuda:0, by nvidia-smi; where there is none, what the simulated driver has
architecture() {
    capability=$(nvidia-smi --id=0 --query-gpu=compute_cap --format=csv,noheader 2>/dev/null)
    echo "sm_$(echo "${capability:-9.0}" | tr -d '.')"
}

# The one level of CPU that the program has, and that it is without the others
level_of() {
    case $(uname -m) in
    x86_64) echo X86_64_V3 -march=x86-64-v3 ;;
    aarch64) echo AARCH64 -march=armv8-a ;;
    *) echo PORTABLE ;;
    esac
}

build_fatbin() {
    "$odec" build "$examples/lorenz.ode" -o "$work/made" --fatbin "$1" >"$work/fatbin.said" 2>&1 || {
        echo "FAILED, $(sed -n 's/^odec: error: //p' "$work/fatbin.said" | head -n 1):" \
            "$odec build $examples/lorenz.ode --fatbin $1"
        return 1
    }
    read -r level march <<LEVEL
$(level_of)
LEVEL
    without=''
    for other in X86_64_V4 X86_64_V3 X86_64_V2 AARCH64 PORTABLE; do
        [ "$other" = "$level" ] || without="$without -DODEC_WITHOUT_$other"
    done
    flags="-std=c11 -O2 -ffp-contract=off -fno-math-errno -fno-trapping-math"
    # shellcheck disable=SC2086
    cc $flags $march "-DODEC_LEVEL_$level" -c "$work/made/lorenz.c" -o "$work/level.o" &&
        cc $flags $without -I"$build/include" -c "$work/made/lorenz.c" -o "$work/lorenz.o" &&
        build_program fatbin -I"$work/made" "$work/level.o" "$work/lorenz.o"
}

check_fatbin() {
    why=$(no_programs)
    [ -n "$why" ] || [ -n "${ODEC_NVCC:-}" ] || command -v nvcc >/dev/null ||
        why="nvcc is not installed"
    if [ -n "$why" ]; then
        echo "fatbin: skipped: $why"
        return 77
    fi
    for_gpu=$(architecture)
    build_fatbin "$for_gpu" || return 1
    timeout 120 "$work/fatbin" 2>&1 || return 1
    echo "fatbin: the image for $for_gpu has the CPU's results"
}
