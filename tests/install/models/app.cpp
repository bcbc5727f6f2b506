// app.cpp -- says what a generated solver was made with.
#include <cstdio>

#include "mine.h"

int main() {
    const odec_program &p = mine_program;
    const odec_image *image = p.images[ODEC_TARGET_CUDA];
    std::printf("%s: %s, %g .. %g, dt %g, %s, %g %g, images for %s\n", p.model, p.method, p.t0,
                p.t1, p.dt, odec_program_quantity(&p, ODEC_COLUMN, 0)->name,
                odec_program_quantity(&p, ODEC_PARAMETER, mine_par_stiffness)->value,
                odec_program_quantity(&p, ODEC_PARAMETER, mine_par_friction)->value,
                image ? image->architectures : "none");
}
