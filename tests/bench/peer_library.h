/* peer_library.h -- which SUNDIALS the peers are, and whether it was compiled with
 * optimisation: Debian's 6.4.1 was not, and loses two thirds of its speed by it.
 *
 * How to build one that was, and to bench against it: README.md.
 */
#ifndef ODEC_PEER_LIBRARY_H
#define ODEC_PEER_LIBRARY_H

#include <stdbool.h>

struct peer_library {
    char version[32];
    char files[8192];      /* the files loaded, KLU's too, each on a line of its own */
    double ns_per_element; /* of N_VWrmsNorm with 1000 elements; the least of some */
    double ns_optimised, ns_plain; /* of the same loop built here by -O3 and by -O0 */
    bool optimised;                /* the library's is nearer to the former */
};

/* False where SUNDIALS refuses. Takes about 0.2 s. */
bool peer_library_look(struct peer_library *out);
const char *peer_library_verdict(const struct peer_library *library);

#endif
