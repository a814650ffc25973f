/* The keys of the configuration file as data, from keys.def: for the parser, the printer and the
 * documentation. SCTP options are in options.h; a row of kind CFG_OPTIONS represents all of them.
 *
 * To walk all keys: for each section in cfg_section_rows, the rows of cfg_key_rows with that section, in the
 * order in which they are printed. Constant tables; any thread. */
#ifndef JUNCTOR_CONFIG_KEYS_H
#define JUNCTOR_CONFIG_KEYS_H

#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "config/sctp/value.h"

#ifdef __cplusplus
extern "C" {
#endif

enum cfg_section {
#define SECTION(id, name, shape, help) CFG_##id,
#define VALUE(section, id, name, type, unit, min, max, dflt, effect, names, strct, member, help)
#define ITEM(section, id, name, kind, dflt, effect, strct, member, help)
#define LIST(section, id, name, kind, most, dflt, effect, strct, member, count, help)
#include "config/keys.def"
    CFG_SECTION_COUNT
};

enum cfg_key {
#define SECTION(id, name, shape, help)
#define VALUE(section, id, name, type, unit, min, max, dflt, effect, names, strct, member, help) CFG_KEY_##id,
#define ITEM(section, id, name, kind, dflt, effect, strct, member, help)                         CFG_KEY_##id,
#define LIST(section, id, name, kind, most, dflt, effect, strct, member, count, help)            CFG_KEY_##id,
#include "config/keys.def"
    CFG_KEY_COUNT
};

enum cfg_shape {
    CFG_MAPPING, /* the section is one mapping of keys */
    CFG_LIST,    /* a list of such mappings */
    CFG_SETS     /* a mapping of names to sets of SCTP options */
};

enum cfg_kind {
    CFG_SCALAR,      /* described by its val_spec */
    CFG_NAME,        /* the name that others refer to */
    CFG_TEXT,        /* any text */
    CFG_ADDRESSES,   /* one address or a list */
    CFG_HOSTS,       /* the same, and host names */
    CFG_ENDPOINTS,   /* one address with its port or a list */
    CFG_PROFILE,     /* the name of a profile */
    CFG_OPTIONS,     /* a mapping of SCTP options */
    CFG_MEMBERS,     /* names of peers and listeners */
    CFG_SOURCES,     /* the same, or `any` */
    CFG_PPIDS,       /* PPIDs, or `any` */
    CFG_NUMBERS,     /* numbers, or `any` */
    CFG_PREFIXES,    /* address prefixes, or `any` */
    CFG_DENIED,      /* address prefixes, or `none` */
    CFG_STREAMS,     /* stream numbers and ranges, or `any` */
    CFG_TARGET,      /* name of a group, peer or listener */
    CFG_OTHERWISE,   /* the same, drop or abort */
    CFG_OUT_STREAM,  /* a stream number, or a word for a rule */
    CFG_ROUTE_NAMES, /* names of routes, or `any` */
    CFG_KIND_COUNT
};

/* When a change made by a reload takes effect. */
enum cfg_effect {
    CFG_NOW,          /* at once */
    CFG_NEW_ASSOC,    /* on associations and attempts to connect that begin afterwards */
    CFG_NEW_ENDPOINT, /* at once, with a new endpoint: a listener's sockets are reopened and the old ones no
                         longer accept; a peer's associations are ended and set up again */
    CFG_RESTART,      /* when the broker is restarted */
    CFG_BY_OPTION,    /* as the row of each SCTP option says (options.def) */
    CFG_BY_NAME       /* it identifies the entry: another value is another entry, and the old one is gone */
};

/* Default column. */
#define CFG_REQUIRED INT64_MIN       /* must be written */
#define CFG_OPTIONAL CFG_ABSENT      /* optional, without a value if not written */
#define CFG_DERIVED  (INT64_MIN + 2) /* optional; derived from other values as the help says */

struct cfg_section_row {
    const char *name, *help;
    enum cfg_shape shape;
};

struct cfg_key_row {
    enum cfg_section section;
    const char *name; /* "a.b": key b in a mapping a */
    enum cfg_kind kind;
    struct val_spec spec; /* CFG_SCALAR; for a list only `max`, its maximum length */
    int64_t dflt;         /* a value, or CFG_REQUIRED, CFG_OPTIONAL, CFG_DERIVED */
    size_t offset, size;  /* where it is kept in the section's struct */
    size_t count_offset;  /* of a list's length */
    enum cfg_effect effect;
    const char *help;
};

extern const struct cfg_section_row cfg_section_rows[CFG_SECTION_COUNT];
extern const struct cfg_key_row cfg_key_rows[CFG_KEY_COUNT];

/* Row by section and full name, or CFG_KEY_COUNT. */
enum cfg_key cfg_key_find(enum cfg_section section, const char *name);

/* "at once", "new associations", "new endpoint", "restart"; "by option", "by name". */
const char *cfg_effect_text(enum cfg_effect effect);

/* Gets and sets a CFG_SCALAR in the struct that holds it. */
int64_t cfg_key_get(const struct cfg_key_row *row, const void *object);
void cfg_key_put(const struct cfg_key_row *row, void *object, int64_t value);

#ifdef __cplusplus
}
#endif
#endif
