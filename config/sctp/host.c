/* The syntax of host names. The system's resolver accepts far more (spaces, "127.1", "0x7f.1"); typing errors
 * are detected here, where they can be reported with their place. */
#include "config/sctp/host.h"

#include <string.h>

#define LABEL_MAX 63

static const char digits[] = "0123456789";
static const char hex_digits[] = "0123456789abcdefABCDEF";
static const char label_letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";

static bool label_valid(const char *label, size_t len)
{
    return len >= 1 && len <= LABEL_MAX && strspn(label, label_letters) >= len && label[0] != '-' &&
           label[len - 1] != '-';
}

/* As parsed by inet_aton(3), which getaddrinfo tries before it looks up a name. */
static bool is_number(const char *label, size_t len)
{
    if (len >= 2 && label[0] == '0' && (label[1] == 'x' || label[1] == 'X'))
        return strspn(label + 2, hex_digits) >= len - 2;
    return strspn(label, digits) >= len;
}

bool net_host_name_valid(const char *text)
{
    size_t all = strlen(text), len;
    if (all > 0 && text[all - 1] == '.')
        all--;
    if (all == 0 || all > NET_HOST_NAME_MAX)
        return false;
    for (const char *label = text, *end = text + all;; label += len + 1) {
        len = strcspn(label, ".");
        if (!label_valid(label, len))
            return false;
        if (label + len == end)
            return !is_number(label, len);
    }
}
