// app.cpp -- says what a generated solver was made with.
#include <cstdio>

#include "mine.h"

int main() {
    const odec_program &p = mine_program;
    const odec_image *image = p.images[ODEC_TARGET_CUDA];
    std::printf("%s: %s, %g .. %g, dt %g, %s, images for %s\n", p.model, p.method, p.t0, p.t1,
                p.dt, odec_program_quantity(&p, ODEC_COLUMN, 0)->name,
                image ? image->architectures : "none");
}
