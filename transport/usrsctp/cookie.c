/* Cookies are good on the path that they were given on, and nowhere else.
 *
 * The stack's state cookie (RFC 9260 5.1.3) is signed, but the address that its signature covers is the
 * path's name, and names are used again. Somebody could get a cookie at an address of his own, wait until the
 * name is another's, and complete the handshake in the name of one who never answered. So each path has
 * random bytes of its own from its beginning to its end, and they are mixed into the signature while the
 * cookie is on its way: where a COOKIE ECHO comes on another path, the stack finds a wrong signature. The
 * length stays.
 *
 * Bytes may be anything in both directions; what is no cookie of the stack's stays wrong. */
#include "transport/usrsctp/path.h"

enum { CHUNK_HEADER = 4, STATE_COOKIE = 7 };

static void mix(const struct usr_path *path, uint8_t *signature)
{
    for (unsigned i = 0; i < USR_SIGNATURE; i++)
        signature[i] ^= path->seal[i];
}

void usr_cookie_seal(const struct usr_path *path, uint8_t *packet, size_t len)
{
    size_t size;
    const uint8_t *cookie = usr_peer_parameter(packet, len, STATE_COOKIE, &size);
    if (cookie != NULL && size >= USR_SIGNATURE)
        mix(path, packet + (cookie - packet) + size - USR_SIGNATURE);
}

void usr_cookie_open(const struct usr_path *path, uint8_t *packet, size_t len, size_t at)
{
    if (at + CHUNK_HEADER > len)
        return;
    size_t size = (size_t)(packet[at + 2] << 8 | packet[at + 3]);
    if (size >= CHUNK_HEADER + USR_SIGNATURE && at + size <= len)
        mix(path, packet + at + size - USR_SIGNATURE);
}
