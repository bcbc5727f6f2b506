/* runtime_alone.c -- the runtime without the compiler: nothing of it is missing. */
#include <odec.h>
#include <stdio.h>

int main(void) {
    odec_context *context;
    odec_solver *solver;
    odec_program program = ODEC_PROGRAM_INIT;
    if (odec_context_create(&context) != ODEC_OK) {
        return 1;
    }
    program.abi = -1;
    const odec_status status = odec_solver_create(context, &program, NULL, &solver);
    puts(odec_status_text(status));
    odec_context_destroy(context);
    return status != ODEC_ERROR_ARGUMENT;
}
