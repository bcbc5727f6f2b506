/* both.c -- the solvers of three libraries in one program. */
#include <odec.h>

int solve_a_b(odec_context *context);
int solve_b(odec_context *context);
int solve_A_b(odec_context *context);

int main(void) {
    odec_context *context;
    if (odec_context_create(&context) != ODEC_OK) {
        return 1;
    }
    const int failed = solve_a_b(context) || solve_b(context) || solve_A_b(context);
    odec_context_destroy(context);
    return failed;
}
