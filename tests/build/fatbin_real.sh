# fatbin_real.sh ODEC SOURCE INCLUDE RUNTIME COMPILER FLAGS -- the image that the real nvcc makes has
# the architectures that `odec build --fatbin` was given, and PTX of the newest, by cuobjdump or,
# where there is none, by the heads in the file.
set -eu
. "$(dirname "$0")/lib.sh"
. "$source/tests/support/cuda_toolkit.sh"
find_nvcc
command -v cuobjdump >/dev/null || command -v python3 >/dev/null || {
    echo "skipped: neither cuobjdump nor python3 here"
    exit 77
}

quietly "$odec" build "$source/examples/lorenz.ode" -o . --fatbin sm_80,sm_90 --nvcc "$nvcc"
mkdir elsewhere temporary
(cd elsewhere && TMPDIR=$scratch/temporary quietly "$odec" build "$source/examples/lorenz.ode" -o . \
    --fatbin sm_80,sm_90 --nvcc "$nvcc")
cmp lorenz.c elsewhere/lorenz.c || fail "elsewhere the same model has another image"
# With functions that are called.
seq 1 24 | awk '{ printf "init x%d = 1\n", $1 }
                 { e = e sprintf("x%d\x27 = -x%d*x%d + x%d + sin(t)\n", $1, $1, $1 % 24 + 1, (7*$1 + 13) % 24 + 1) }
                 END { printf "%s", e }' >large.ode
sed -i '1i model large' large.ode
for folder in . elsewhere; do
    quietly "$odec" build large.ode -o $folder --method tsit5 --t 0:1 --fatbin sm_90 --nvcc "$nvcc"
done
cmp large.c elsewhere/large.c || fail "elsewhere a larger model has another image"
cat >write.c <<'END'
#include <stdio.h>
#include "lorenz.h"
int main(int argc, char **argv) {
    const odec_image *image = lorenz_program.images[ODEC_TARGET_CUDA];
    const void *const at[] = {image->kernel, image->tools};
    const int64_t bytes[] = {image->kernel_bytes, image->tools_bytes};
    for (int i = 0; i < 2 && i + 1 < argc; i++) {
        FILE *file = fopen(argv[i + 1], "wb");
        if (!file || fwrite(at[i], (size_t)bytes[i], 1, file) != 1 || fclose(file)) {
            return 1;
        }
    }
    return 0;
}
END
without=
for id in X86_64_V4 X86_64_V3 X86_64_V2 PORTABLE AARCH64; do
    without="$without -DODEC_WITHOUT_$id"
done
quietly $compiler $flags -std=c11 $strict "-I$include" $without write.c lorenz.c "$runtime" \
    -lmd -lpthread -ldl -lm -o write
quietly ./write kernel.fatbin tools.fatbin

for image in kernel tools; do
    if command -v cuobjdump >/dev/null; then
        found=$(
            cuobjdump -lelf $image.fatbin | sed -n 's/.*\.\(sm_[0-9]*\)\.cubin.*/\1/p'
            cuobjdump -lptx $image.fatbin | sed -n 's/.*\.sm_\([0-9]*\)\.ptx.*/compute_\1/p'
        )
    else
        found=$(python3 - $image.fatbin <<'END'
import struct
import sys
data = open(sys.argv[1], "rb").read()
magic, version, head, size = struct.unpack_from("<IHHQ", data)
assert magic == 0xBA55ED50 and head + size <= len(data), "no fatbin"
at = head
while at < head + size:  # an entry: its kind, its head's bytes, what follows, its architecture
    kind, _, own, payload = struct.unpack_from("<HHIQ", data, at)
    print({1: "compute_", 2: "sm_"}[kind] + str(struct.unpack_from("<I", data, at + 28)[0]))
    at += own + payload
END
        )
    fi
    found=$(printf '%s\n' "$found" | sort | tr '\n' ' ')
    [ "$found" = 'compute_90 sm_80 sm_90 ' ] || fail "the image of $image is for $found"
done
echo "sm_80, sm_90, PTX of 9.0"
