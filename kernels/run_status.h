/* run_status.h -- how a run ended, as the kernels say it: RUN_OK, ... The runtime's names
 * for the same values are odec_run_status (odec.h).
 */
#ifndef ODEC_RUN_STATUS_H
#define ODEC_RUN_STATUS_H

enum run_status {
#define ODEC_RUN_STATUS(name, value, text) RUN_##name = value,
#include "status.def"
};

#endif
