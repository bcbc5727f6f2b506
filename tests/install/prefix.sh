# prefix.sh -- read by the scripts beside it, which set `build` before: installs odec into an empty prefix
# and moves it, as people do with packages; all else goes into a folder that is gone in the end.
#   scratch, prefix, libraries   that folder, the prefix, and where in it the libraries are
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export XDG_CACHE_HOME="$scratch/cache"

fail() {
    echo "FAILED: $*"
    exit 1
}

quietly() {
    "$@" >"$scratch/log" 2>&1 || { cat "$scratch/log"; fail "$*"; }
}

quietly cmake --install "$build" --prefix "$scratch/made"
mv "$scratch/made" "$scratch/prefix"
prefix=$scratch/prefix
libraries=$(dirname "$(find "$prefix" -name libodec.so)")
[ -e "$libraries/libodec_runtime.a" ] || fail "the archives are not beside libodec.so"
