# setup.sh -- read by examples/quickstart and tests/run: installs what a fresh Debian machine
# lacks, and nothing where all is there.
#   setup_tools build    what building and running odec needs
#   setup_tools test     that, and what the tests need

setup_missing() {
    for package in "$@"; do
        dpkg-query -W -f='${Status}\n' "$package" 2>/dev/null | grep -q 'ok installed' ||
            echo "$package"
    done
}

setup_tools() {
    packages="gcc libc6-dev cmake ninja-build flex bison libmd-dev libxxhash-dev
              libsuitesparse-dev"
    if [ "$1" = test ]; then
        packages="$packages clang clang-format-14 libcmocka-dev libmpfr-dev python3 g++ pkgconf"
        # generated solvers for AArch64, by cross-compiler and simulator (tests/build)
        [ "$(uname -m)" != x86_64 ] ||
            packages="$packages gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user"
    fi
    command -v dpkg-query >/dev/null 2>&1 || return 0
    missing=$(setup_missing $packages)
    [ -n "$missing" ] || return 0
    sudo=
    [ "$(id -u)" -eq 0 ] || sudo=sudo
    echo "installing:" $missing
    log=$(mktemp)
    { $sudo apt-get update -qq &&
      $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $missing; } \
        >"$log" 2>&1 || { cat "$log"; exit 1; }
    rm -f "$log"
}
