/* Error causes as they stand in ABORT and ERROR chunks (RFC 9260 3.3.10). */
#ifndef JUNCTOR_TRANSPORT_CAUSE_H
#define JUNCTOR_TRANSPORT_CAUSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct tr_cause {
    uint16_t code;
    const void *info; /* points into what was parsed; NULL: the cause is its code alone */
    uint32_t len;
};

/* Reads the first of the causes that stand in these bytes, one behind the other. False: there is none, or its
 * length is off. The bytes may be anything. */
bool tr_cause_first(const void *causes, size_t len, struct tr_cause *out);

#ifdef __cplusplus
}
#endif
#endif
