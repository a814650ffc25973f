/* Shared keys for authenticated chunks (RFC 4895), read from a file.
 *
 * Each line has a key's number and the key in hexadecimal; blank lines and what follows a # are ignored:
 *
 *     # number  key
 *     1         8f2c45a1d0b94e6f
 *     2         0x77aa0c5512e98b3d4f10
 *
 * A key is a secret: a file that others than its owner can read is refused, and callers wipe the keys after
 * use. Called where options are checked and where they are set; blocks while a small file is read. Any
 * thread. */
#ifndef JUNCTOR_CONFIG_SCTP_AUTH_KEYS_H
#define JUNCTOR_CONFIG_SCTP_AUTH_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define AUTH_KEYS_MAX      64
#define AUTH_KEY_BYTES_MAX 256

struct auth_key {
    uint16_t number, len; /* len in bytes, at least 1 */
    uint8_t bytes[AUTH_KEY_BYTES_MAX];
};

struct auth_keys {
    unsigned count;
    struct auth_key key[AUTH_KEYS_MAX];
};

/* False with the reason in `why`: one line that names the file, the line in it, and what to do; *out then has
 * no keys. In either case the caller wipes *out after use. */
bool auth_keys_read(const char *file, struct auth_keys *out, char *why, size_t size);

/* The key with this number, or NULL. */
const struct auth_key *auth_keys_find(const struct auth_keys *keys, uint16_t number);

void auth_keys_wipe(struct auth_keys *keys);

#ifdef __cplusplus
}
#endif
#endif
