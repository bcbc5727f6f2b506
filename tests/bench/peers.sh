#!/bin/sh
# peers.sh DIR -- sets up what the benches call peers beside SUNDIALS: a virtual environment in
# DIR, outside of the source tree, with heyoka (batches of Taylor series) and numbalsoda (LSODA
# and DOP853 as libraries). 690 MB on the disk, most of them LLVM's and scipy's. numbalsoda has
# no wheel: it is compiled here, and wants gfortran and g++.
#
# Then: ODEC_BENCH_PEERS=DIR odec_bench explicit
set -eu
[ $# -eq 1 ] || {
    echo "peers.sh DIR" >&2
    exit 2
}
mkdir -p "$1"
root=$(git -C "$(dirname "$0")" rev-parse --show-toplevel 2>/dev/null || echo /nowhere)
case $(cd "$1" && pwd -P)/ in
"$root"/*)
    echo "peers.sh: $1 is in the source tree" >&2
    exit 2
    ;;
esac
for tool in gfortran g++; do
    command -v "$tool" >/dev/null || {
        echo "peers.sh: numbalsoda wants $tool" >&2
        exit 1
    }
done
python3 -m venv "$1"
"$1/bin/python3" -m pip install --quiet --only-binary=:all: \
    heyoka==7.13.2 numpy==2.4.6 scipy==1.17.1 numba==0.68.1 llvmlite==0.50.0
"$1/bin/python3" -m pip install --quiet --no-deps numbalsoda==0.3.4
"$1/bin/python3" -c 'import heyoka, numbalsoda; print("heyoka", heyoka.__version__, "and numbalsoda are there")'
du -sh "$1"
