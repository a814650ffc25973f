/* Payload protocol identifiers by name: the IANA registry "SCTP Payload Protocol Identifiers". */
#ifndef JUNCTOR_CONFIG_SCTP_PPID_H
#define JUNCTOR_CONFIG_SCTP_PPID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default) /* what is declared here is exported by the library, nothing else */

/* Parses a name ("m3ua", case ignored) or a number ("3", "0x3"); host byte order. False if it is neither.
 */
bool ppid_parse(const char *text, uint32_t *out);

/* The registered short name of a PPID, or NULL. */
const char *ppid_name(uint32_t ppid);

/* True for a registered PPID of a signalling protocol: requests and answers for which the sender waits, each
 * in its own message and most of them smaller than a packet. */
bool ppid_is_signalling(uint32_t ppid);

/* Calls `each` for every registered name, in order of number. */
void ppid_each(void (*each)(const char *name, uint32_t ppid, const char *what, void *arg), void *arg);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
