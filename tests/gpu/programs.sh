# programs.sh -- read by resident.sh and fatbin.sh: programs that are built here, against the library
# beside odec, with the options in ODEC_SANITIZE_FLAGS where that is one with sanitizers.

# Why none can be built, or nothing
no_programs() {
    if ! command -v cc >/dev/null; then
        echo "there is no C compiler (cc)"
    elif ! [ -e "$build/libodec.so" ] || ! [ -e "$build/include/odec.h" ]; then
        echo "beside odec there is no libodec.so with its headers (include)"
    fi
}

# build_program NAME ARGS...: $work/NAME of $here/NAME.c and what else is named; says why it cannot
build_program() {
    name=$1
    shift
    # shellcheck disable=SC2086
    cc -std=c11 -O2 -Wall -Wextra ${ODEC_SANITIZE_FLAGS:-} "$here/$name.c" "$@" -I"$build/include" -L"$build" -lodec -lm \
        -Wl,-rpath,"$build" -o "$work/$name" >"$work/$name.said" 2>&1 && return
    echo "FAILED, it cannot be built: $here/$name.c"
    cat "$work/$name.said"
    return 1
}
