// app.cpp -- says what a generated solver was made with.
#include <cstdio>

#include "mine.h"

int main() {
    const odec_program &p = mine_program;
    std::printf("%s: %s, %g .. %g, dt %g, %s\n", p.model, p.method, p.t0, p.t1, p.dt,
                odec_program_quantity(&p, ODEC_COLUMN, 0)->name);
}
