/* The PPID registry as data (ppid.def) and its two lookups. A linear search of seventy rows is enough: it is
 * used for configurations and log lines, never per message. */
#include "config/sctp/ppid.h"

#include <strings.h>

#include "config/sctp/require.h"
#include "config/sctp/value.h"

enum kind { OTHER, SIGNALLING };

static const struct {
    uint32_t ppid;
    const char *name;
    enum kind kind;
    const char *what;
} rows[] = {
#define PPID(number, name, kind, what) {number, name, kind, what},
#include "config/sctp/ppid.def"
};

#define ROWS (sizeof rows / sizeof rows[0])

bool ppid_parse(const char *text, uint32_t *out)
{
    REQUIRE(text != NULL && out != NULL);
    uint64_t number;
    const char *rest = val_digits(text, &number);
    if (rest && *rest == '\0' && number <= UINT32_MAX) {
        *out = (uint32_t)number;
        return true;
    }
    for (size_t i = 0; i < ROWS; i++)
        if (strcasecmp(rows[i].name, text) == 0) {
            *out = rows[i].ppid;
            return true;
        }
    return false;
}

const char *ppid_name(uint32_t ppid)
{
    for (size_t i = 0; i < ROWS; i++)
        if (rows[i].ppid == ppid)
            return rows[i].name;
    return NULL;
}

bool ppid_is_signalling(uint32_t ppid)
{
    for (size_t i = 0; i < ROWS; i++)
        if (rows[i].ppid == ppid)
            return rows[i].kind == SIGNALLING;
    return false;
}

void ppid_each(void (*each)(const char *name, uint32_t ppid, const char *what, void *arg), void *arg)
{
    REQUIRE(each != NULL);
    for (size_t i = 0; i < ROWS; i++)
        each(rows[i].name, rows[i].ppid, rows[i].what, arg);
}
