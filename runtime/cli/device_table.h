/* device_table.h -- devices and what they do, as a table for people or JSON for
 * programs.
 */
#ifndef ODEC_DEVICE_TABLE_H
#define ODEC_DEVICE_TABLE_H

#include "measure.h"
#include "strbuf.h"

void device_table(const odec_devices *devices, const struct measured *measured,
                  struct strbuf *out);

/* On one line, or one device a line. */
void device_json(const odec_devices *devices, const struct measured *measured,
                 bool one_line, struct strbuf *out);

#endif
