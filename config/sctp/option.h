/* SCTP options as data, for programs: the list of options (options.def), and sets of values for them.
 *
 * An option is what gen_sctp calls a socket option: a single value (`nodelay`) or a record (`rtoinfo`). The
 * fields of all options have one numbering (enum opt_field), so that "only fields that are given change"
 * needs one bit per field. Knows no sockets and no YAML.
 *
 *     struct opt_set *options = opt_set_new();
 *     opt_put(options, OPTF_NODELAY, 1);
 *     opt_put(options, OPTF_RTO_MIN, 250);         milliseconds
 *     ...                                          tr_open or tr_set_options with it, as often as you like
 *     opt_set_free(options);
 *
 * Names: an OPTION row of options.def, which is installed beside this header, begins with what follows OPT_,
 * a FIELD row has it behind the option's, after OPTF_. So `rtoinfo` and its `min` of the manual page
 * junctor.yaml(5), which says what each does, its unit and its bounds, are OPT_RTOINFO and OPTF_RTO_MIN.
 * opt_find and opt_find_field go from the one name to the other at run time.
 *
 * Pointers: none may be NULL unless stated otherwise, and fields and options must exist. Anything else is a
 * bug in the calling program: the function prints its name on standard error and aborts, in every build.
 *
 * Later versions: the layout and size of a set, and the number of options, are internal to the library. The
 * numbers of options and fields are compiled into programs: a version that changes one has another soname.
 *
 * Threads: the tables are constant; an opt_set belongs to one thread at a time. */
#ifndef JUNCTOR_CONFIG_SCTP_OPTION_H
#define JUNCTOR_CONFIG_SCTP_OPTION_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default) /* what is declared here is exported by the library, nothing else */

#define OPT_STACK    INT64_MIN /* default column: leave the value to the SCTP stack */
#define OPT_TEXT_MAX 64        /* longest address with its NUL */

enum opt_id {
#define OPTION(id, name, when, effect, source, help) OPT_##id,
#define FIELD(opt, id, name, type, unit, min, max, dflt, names, help)
#include "options.def"
    OPT_ID_COUNT
};

enum opt_field {
#define OPTION(id, name, when, effect, source, help)
#define FIELD(opt, id, name, type, unit, min, max, dflt, names, help) OPTF_##id,
#include "options.def"
    OPTF_COUNT
};

enum opt_when {
    OPT_AT_OPEN = 1,   /* may be given to tr_open */
    OPT_LATER = 2,     /* may be set on an open endpoint */
    OPT_PER_ASSOC = 4, /* may be set on one association */
    OPT_NO_SET = 8,    /* read-only */
    OPT_NO_GET = 16,   /* write-only */
    OPT_NO_FILE = 32,  /* for programs that set it at the right time; refused in a configuration */
    OPT_LIBRARY = 64   /* for programs that use the transport library; a broker takes it and warns */
};

enum opt_effect { OPT_NOW, OPT_NEXT_ASSOC, OPT_RESTART };

enum opt_type {
    OPT_BOOL,
    OPT_UINT,
    OPT_UINT_RO, /* a field that the stack fills in; never set */
    OPT_FLAGS,   /* a set of names; value is the bit set */
    OPT_ENUM,    /* one of names; value is the index */
    OPT_PPID,    /* a number or a name of the IANA registry (ppid.h) */
    OPT_ADDR,    /* an IP address, numeric form */
    OPT_FILE     /* the name of a file; read when the option is set */
};

/* Bits of OPT_FLAGS values, in the order of their names. */
enum opt_path_flag {
    OPT_HB_ENABLE = 1,
    OPT_HB_DISABLE = 2,
    OPT_HB_DEMAND = 4,
    OPT_PMTUD_ENABLE = 8,
    OPT_PMTUD_DISABLE = 16,
    OPT_SACKDELAY_ENABLE = 32,
    OPT_SACKDELAY_DISABLE = 64
};
enum opt_prinfo { OPT_PR_NONE, OPT_PR_TTL, OPT_PR_RTX, OPT_PR_PRIO }; /* default_prinfo.policy */
enum opt_scheduler { OPT_SS_FCFS, OPT_SS_RR, OPT_SS_RR_PKT, OPT_SS_PRIO, OPT_SS_FC, OPT_SS_WFQ };
enum opt_reconfig_flag { OPT_RESET_STREAMS = 1, OPT_RESET_ASSOC = 2, OPT_CHANGE_ASSOC = 4 };
enum opt_send_flag { OPT_SEND_UNORDERED = 1, OPT_SEND_ADDR_OVER = 2, OPT_SEND_ABORT = 4, OPT_SEND_EOF = 8 };

enum opt_unit { OPT_NO_UNIT, OPT_COUNT, OPT_BYTES, OPT_MSEC, OPT_SECONDS };

struct opt_row {
    const char *name, *source, *help;
    unsigned when; /* enum opt_when bits */
    enum opt_effect effect;
    enum opt_field first; /* its fields are first … first + fields - 1 */
    unsigned fields;
};

struct opt_field_row {
    enum opt_id option;
    const char *name; /* "" for a single value */
    enum opt_type type;
    enum opt_unit unit;
    int64_t min, max, dflt; /* dflt may be OPT_STACK; min and max have no meaning for OPT_ADDR */
    const char *names, *help;
};

/* The properties of an option and of a field. Rows may get further members at their end. */
const struct opt_row *opt_row_of(enum opt_id id);
const struct opt_field_row *opt_field_row_of(enum opt_field f);

/* True for types whose value is a number. */
static inline bool opt_is_number(enum opt_type t)
{
    return t != OPT_ADDR && t != OPT_FILE;
}

/* Values for any number of fields. */
struct opt_set;

/* An empty set; NULL: out of memory. Freeing NULL does nothing. */
struct opt_set *opt_set_new(void);
void opt_set_free(struct opt_set *s);

/* Sets a number. No bounds check: see opt_check. */
void opt_put(struct opt_set *s, enum opt_field f, int64_t num);
/* Sets an address in numeric text form; one longer than OPT_TEXT_MAX - 1 is cut (and then fails opt_check).
 */
void opt_put_text(struct opt_set *s, enum opt_field f, const char *text);
/* Sets the name of a file. The text stays owned by the caller and must live as long as any set that has it;
 * NULL fails opt_check. */
void opt_put_file(struct opt_set *s, enum opt_field f, const char *file);

bool opt_given(const struct opt_set *s, enum opt_field f);
/* True when any field of `id` is given. */
bool opt_any(const struct opt_set *s, enum opt_id id);
/* The number of `f`, or `otherwise` if it is not given. */
int64_t opt_num(const struct opt_set *s, enum opt_field f, int64_t otherwise);
/* The text of `f` (OPT_ADDR, OPT_FILE), or NULL. Valid until the set changes. */
const char *opt_text(const struct opt_set *s, enum opt_field f);

/* Copies one given field; the given fields of one option; every given field of `over` onto `base`. */
void opt_take(struct opt_set *to, const struct opt_set *from, enum opt_field f);
void opt_take_option(struct opt_set *to, const struct opt_set *from, enum opt_id id);
void opt_merge(struct opt_set *base, const struct opt_set *over);

/* Sets every field whose row has a default other than OPT_STACK. */
void opt_defaults(struct opt_set *s);

/* Checks every given field against its row (bounds, flag bits, address form, settable at all). Returns
 * OPTF_COUNT if all are valid, else the first invalid field, with the reason in `why`. */
enum opt_field opt_check(const struct opt_set *s, char *why, size_t size);

/* A stack's own default (stack.def); OPT_STACK if it lacks the option, or there is none (addresses,
 * files). */
enum opt_stack_of { OPT_KERNEL, OPT_USRSCTP };
int64_t opt_stack(enum opt_field f, enum opt_stack_of which);

/* Row by name (`sctp_` prefix allowed), or OPT_ID_COUNT / OPTF_COUNT. */
enum opt_id opt_find(const char *name);
enum opt_field opt_find_field(enum opt_id id, const char *name);

/* Writes a value as the configuration file spells it ("4M", "200ms", "[hb_enable]", "true"): that of a field
 * given in `s`, or a number of a field. Returns `out`. */
const char *opt_format(const struct opt_set *s, enum opt_field f, char *out, size_t size);
const char *opt_format_num(enum opt_field f, int64_t num, char *out, size_t size);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif
#endif
