/* CRC32c (RFC 9260 appendix A), the checksum of SCTP packets. */
#ifndef JUNCTOR_TRANSPORT_CRC32C_H
#define JUNCTOR_TRANSPORT_CRC32C_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Continues `crc` (0 to begin) over `len` bytes, so that crc32c(crc32c(0, a, n), b, m) is that of both in a
 * row. Uses the processor's instruction where it has one. Any thread. */
uint32_t crc32c(uint32_t crc, const void *data, size_t len);

/* The same by table, on any processor; for the test that compares the two. */
uint32_t crc32c_portable(uint32_t crc, const void *data, size_t len);

#ifdef __cplusplus
}
#endif
#endif
