#!/bin/sh
# peers.sh FILE.tar.xz -- packs the peers of bench.sh for a machine that has a GPU, Python 3.12 with
# JAX, diffrax, sympy, networkx, lxml and CUDA's Python bindings, and no network: GRADSOLVE, CuBIE
# and what they need beside these, as one archive to unpack into a directory of PYTHONPATH (51 MB,
# most of it the MLIR that CuBIE compiles by; 225 MB unpacked). Takes some minutes.
set -eu
[ $# -eq 1 ] || {
    echo "peers.sh FILE.tar.xz" >&2
    exit 2
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m pip download --quiet --no-deps --only-binary=:all: --python-version 3.12 \
    --implementation cp --platform manylinux_2_28_x86_64 --platform manylinux_2_27_x86_64 \
    --dest "$work" gradsolve==0.2.1 cubie==0.17.0 cubie-numba-cuda-mlir==0.5.3.1 pint==0.26.2 \
    rdflib==7.6.0 flexcache==0.3 flexparser==0.4 platformdirs==4.14.8
mkdir "$work/site"
for wheel in "$work"/*.whl; do
    python3 -m zipfile -e "$wheel" "$work/site"
done
tar c -C "$work/site" . | xz -6 -T0 >"$1"
ls -l "$1"
