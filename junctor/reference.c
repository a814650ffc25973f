/* The content of the reference: every section and key, every SCTP option and field, both transports, every
 * PPID name. The texts about a single key or option are in its table row (config/); only what holds for all
 * of them is here. */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "junctor/reference_priv.h"
#include "broker/log_subject.h"
#include "config/keys.h"
#include "config/sctp/options.h"
#include "config/sctp/ppid.h"
#include "config/sctp/value.h"
#include "transport/transport.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const writing[] = {
    "`junctor check -c FILE` reports every error of a file with its place and what to write instead; with "
    "`--print` it shows the effective configuration with every default filled in. `junctor run` reads the "
    "file when it starts, and again on each SIGHUP (a reload).",
    "When a change made by a reload takes effect (`a change` of a key): `at once`; on `new associations` "
    "and new attempts to connect; with a `new endpoint`: a listener's sockets are reopened and the old ones "
    "no longer accept, a peer's associations are ended and set up again; at the next `restart` of the "
    "broker, until which the old value stays in force; `by option`, as the row of each SCTP option says; or "
    "`by name`: an entry with another name is another entry, and the old one is gone.",
    "Values that are allowed but do harm together, such as an `rtoinfo.min` that is not above the SACK "
    "delay, cause a warning from `junctor check` and in the log of `junctor run`.",
    "Sizes are `4096`, `64K`, `4M`, `1G` (powers of 1024), times `200ms`, `3s`, `1m`, `1h`; a number "
    "without a suffix is in the unit of the row. Numbers may be hexadecimal (`0x2e`). Fractions are not "
    "accepted.",
    "A list is written `[a, b]` or with dashes, a list of one value also without either. YAML's anchors, "
    "aliases and merge keys (`<<`) may be used.",
    "A key `a.b` in the tables is key `b` of a mapping `a`: `reconnect: {initial: 200ms, max: 5s}`.",
    "Names consist of letters, digits, `-`, `_` and `.`; listeners, peers and groups share one set of "
    "names, routes have their own. `any` is not a name.",
    "Addresses are numeric, IPv4 or IPv6, the latter in quotes: `\"::1\"`; those of a peer may be host "
    "names.",
};

static const char *const options_apply[] = {
    "Option names are those of Erlang's gen_sctp without `sctp_`. An option may stand in section `sctp`, in "
    "a profile, and under `sctp` of a listener or peer. An endpoint uses its own value, else its profile's, "
    "else that of section `sctp`, else the default.",
    "For an option with fields, only the written ones change: `rtoinfo: {min: 100ms}` leaves the other two "
    "as they are.",
    "Default `stack` leaves the value to the SCTP stack; after it are the defaults of Linux 6.1 and usrsctp "
    "0.9.5. On Linux the sysctls net.sctp.* may change them.",
    "An option that names a path of an association, or can only be set on one that is up, is set on each "
    "association when it is up; the others when a listener or a connection is opened.",
    "When a change takes effect (an option's row `A change`) refers to an open listener or endpoint. Set on "
    "one association, an option takes effect there at once.",
    "The values granted to a listener or peer are read back when it is opened; if they are not those "
    "requested, `junctor run` logs `option_differs` and says what to do.",
};

/* ---- words ---------------------------------------------------------------------------------------- */

static const char *type_word(const struct val_spec *spec)
{
    switch (spec->type) {
    case OPT_BOOL:
        return "switch";
    case OPT_FLAGS:
        return "flags";
    case OPT_ENUM:
        return "word";
    case OPT_PPID:
        return "PPID";
    case OPT_ADDR:
        return "address";
    case OPT_FILE:
        return "file";
    case OPT_UINT:
    case OPT_UINT_RO:
        break;
    }
    return spec->unit == OPT_BYTES                               ? "size"
           : spec->unit == OPT_MSEC || spec->unit == OPT_SECONDS ? "time"
                                                                 : "number";
}

static const char *unit_word(enum opt_unit unit)
{
    static const char *const words[] = {
        [OPT_NO_UNIT] = "", [OPT_COUNT] = "", [OPT_BYTES] = "bytes", [OPT_MSEC] = "ms", [OPT_SECONDS] = "s"};
    return words[unit];
}

/* What can be written for a key that is not a scalar. */
static const struct {
    const char *type, *before; /* "1 to n" follows if `before` ends in a space */
} kinds[CFG_KIND_COUNT] = {
    [CFG_SCALAR] = {"", ""},
    [CFG_NAME] = {"name", "not yet taken"},
    [CFG_TEXT] = {"text", "a name"},
    [CFG_ADDRESSES] = {"addresses", ""},
    [CFG_HOSTS] = {"addresses, names", ""},
    [CFG_ENDPOINTS] = {"addresses with ports", ""},
    [CFG_PROFILE] = {"name", "of a profile"},
    [CFG_OPTIONS] = {"mapping", "SCTP options"},
    [CFG_MEMBERS] = {"names", ""},
    [CFG_SOURCES] = {"names", "`any` or "},
    [CFG_NUMBERS] = {"numbers", "`any` or "},
    [CFG_PREFIXES] = {"address prefixes", "`any` or "},
    [CFG_PPIDS] = {"PPIDs", "`any` or "},
    [CFG_DENIED] = {"address prefixes", "`none` or "},
    [CFG_STREAMS] = {"numbers, ranges", "`any` or "},
    [CFG_OUT_STREAM] = {"number, word", "0 to 65534, same, hash or spread"},
    [CFG_ROUTE_NAMES] = {"names", "`any` or "},
    [CFG_TARGET] = {"name", "of a group, peer or listener"},
    [CFG_OTHERWISE] = {"word, name", "drop, abort, or a group, peer or listener"},
};

static void describe_key(const struct cfg_key_row *key, struct ref_row *out)
{
    *out = (struct ref_row){.name = key->name, .help = key->help, .unit = ""};
    out->effect = cfg_effect_text(key->effect);
    if (key->kind == CFG_SCALAR) {
        out->type = type_word(&key->spec);
        out->unit = unit_word(key->spec.unit);
        val_bounds(&key->spec, out->values, sizeof out->values);
    } else {
        const char *before = kinds[key->kind].before;
        out->type = kinds[key->kind].type;
        assert(out->type && before);
        if (*before == '\0' || before[strlen(before) - 1] == ' ')
            snprintf(out->values, sizeof out->values, "%s1 to %" PRId64, before, key->spec.max);
        else
            snprintf(out->values, sizeof out->values, "%s", before);
    }
    if (key->dflt == CFG_REQUIRED)
        snprintf(out->dflt, sizeof out->dflt, "required");
    else if (key->dflt == CFG_OPTIONAL)
        snprintf(out->dflt, sizeof out->dflt, "none");
    else if (key->dflt == CFG_DERIVED)
        snprintf(out->dflt, sizeof out->dflt, "see text");
    else
        val_format(&key->spec, key->dflt, out->dflt, sizeof out->dflt);
}

/* "stack (3s)", "stack (kernel fcfs, usrsctp rr)", or "none" if the stack has no initial value. */
static void stack_words(enum opt_field f, char *out, size_t size)
{
    int64_t kernel = opt_stack(f, OPT_KERNEL), usrsctp = opt_stack(f, OPT_USRSCTP);
    char a[200], b[200];
    if (kernel == OPT_STACK) {
        snprintf(out, size, "none");
        return;
    }
    opt_format_num(f, kernel, a, sizeof a);
    opt_format_num(f, usrsctp, b, sizeof b);
    if (usrsctp == OPT_STACK || kernel == usrsctp)
        snprintf(out, size, "stack (%s)", a);
    else
        snprintf(out, size, "stack (kernel %s, usrsctp %s)", a, b);
}

static void describe_field(enum opt_field f, struct ref_row *out)
{
    const struct opt_field_row *field = &opt_field_rows[f];
    const struct val_spec spec = val_spec_of(f);
    bool settable = field->type != OPT_UINT_RO && !(opt_rows[field->option].when & OPT_NO_SET);
    *out = (struct ref_row){.name = field->name, .help = field->help};
    out->type = type_word(&spec);
    out->unit = unit_word(field->unit);
    if (settable || field->type == OPT_ENUM)
        val_bounds(&spec, out->values, sizeof out->values);
    else
        snprintf(out->values, sizeof out->values, "read-only");
    if (settable && field->dflt == OPT_STACK)
        stack_words(f, out->dflt, sizeof out->dflt);
    else if (settable)
        val_format(&spec, field->dflt, out->dflt, sizeof out->dflt);
}

/* "in the file, at open, later, per association" */
static const char *when_words(unsigned when, char *out, size_t size)
{
    snprintf(out, size, "%s%s%s%s%s%s", when & OPT_NO_FILE ? "not in the file; " : "in the file, ",
             when & OPT_AT_OPEN ? "at open" : "",
             when & OPT_AT_OPEN && when & ~(unsigned)OPT_AT_OPEN ? ", " : "", when & OPT_LATER ? "later" : "",
             when & OPT_LATER && when & OPT_PER_ASSOC ? ", " : "",
             when & OPT_PER_ASSOC ? "per association" : "");
    return out;
}

static const char *effect_words(const struct opt_row *row)
{
    return row->effect == OPT_NOW          ? "acts at once"
           : row->effect == OPT_NEXT_ASSOC ? "acts on associations set up afterwards"
                                           : "acts on an endpoint opened afterwards";
}

/* True if the transport supports all uses of the option that its row allows. */
static bool has_all(const struct tr_backend *b, enum opt_id id)
{
    unsigned when = opt_rows[id].when;
    return (when & OPT_NO_SET || tr_backend_can_set(b, id)) &&
           (when & OPT_NO_GET || tr_backend_can_get(b, id));
}

static const char *can_words(const struct tr_backend *b, enum opt_id id)
{
    bool set = tr_backend_can_set(b, id), get = tr_backend_can_get(b, id);
    return set && get ? "set, read" : set ? "set" : get ? "read" : "no";
}

/* ---- configuration file --------------------------------------------------------------------------- */

static void write_section(FILE *out, const struct ref_writer *w, enum cfg_section s)
{
    static const char *const shapes[] = {
        [CFG_MAPPING] = "One mapping", [CFG_LIST] = "A list of mappings", [CFG_SETS] = "A mapping of names"};
    const struct cfg_section_row *section = &cfg_section_rows[s];
    char text[600];
    struct ref_row row;
    unsigned written = 0;

    w->heading(out, REF_SECTION, section->name);
    snprintf(text, sizeof text, "%s: %s.", shapes[section->shape], section->help);
    w->text(out, text);
    for (unsigned k = 0; k < CFG_KEY_COUNT; k++) {
        if (cfg_key_rows[k].section != s)
            continue;
        if (written++ == 0)
            w->rows_begin(out, true);
        describe_key(&cfg_key_rows[k], &row);
        w->row(out, &row);
    }
    if (written)
        w->rows_end(out);
}

static void write_file(FILE *out, const struct ref_writer *w)
{
    w->heading(out, REF_CHAPTER, "How it is written");
    w->items(out, writing, COUNT(writing));
    w->heading(out, REF_CHAPTER, "Sections");
    for (unsigned s = 0; s < CFG_SECTION_COUNT; s++)
        write_section(out, w, s);
}

/* ---- SCTP options --------------------------------------------------------------------------------- */

static void write_fields(FILE *out, const struct ref_writer *w, const struct opt_row *option)
{
    struct ref_row row;
    w->rows_begin(out, false);
    for (unsigned f = option->first; f < option->first + option->fields; f++) {
        describe_field(f, &row);
        w->row(out, &row);
    }
    w->rows_end(out);
}

static void write_option(FILE *out, const struct ref_writer *w, enum opt_id id)
{
    const struct opt_row *option = &opt_rows[id];
    bool single = *opt_field_rows[option->first].name == '\0';
    char value[1200], when[80], backends[80];
    struct ref_fact facts[5];
    unsigned n = 0;

    w->heading(out, REF_SECTION, option->name);
    w->text(out, option->help);
    if (single) {
        struct ref_row row;
        describe_field(option->first, &row);
        snprintf(value, sizeof value, "%s%s%s: %s%s%s", row.type, *row.unit ? " in " : "", row.unit,
                 row.values, *row.dflt ? "; default: " : "", row.dflt);
        facts[n++] = (struct ref_fact){"Value", value};
    } else {
        write_fields(out, w, option);
    }
    if (!(option->when & OPT_NO_SET)) {
        facts[n++] = (struct ref_fact){"Set", when_words(option->when, when, sizeof when)};
        facts[n++] = (struct ref_fact){"A change", effect_words(option)};
    }
    snprintf(backends, sizeof backends, "%s: %s; %s: %s", tr_backend_name(tr_kernel()),
             can_words(tr_kernel(), id), tr_backend_name(tr_usrsctp()), can_words(tr_usrsctp(), id));
    facts[n++] = (struct ref_fact){"Transports", backends};
    facts[n++] = (struct ref_fact){"Source", option->source};
    w->facts(out, facts, n);
}

static void write_options(FILE *out, const struct ref_writer *w)
{
    w->heading(out, REF_CHAPTER, "SCTP options");
    w->items(out, options_apply, COUNT(options_apply));
    for (unsigned id = 0; id < OPT_ID_COUNT; id++)
        if (!(opt_rows[id].when & OPT_NO_SET))
            write_option(out, w, id);
    w->heading(out, REF_CHAPTER, "What can only be read");
    w->text(out, "Not in the configuration file: for programs that use the transport library.");
    for (unsigned id = 0; id < OPT_ID_COUNT; id++)
        if (opt_rows[id].when & OPT_NO_SET)
            write_option(out, w, id);
}

/* ---- transports ----------------------------------------------------------------------------------- */

static const struct {
    enum tr_cap cap;
    const char *what;
} capabilities[] = {
    {TR_CAP_LOOPS, "several workers"},
    {TR_CAP_SHARE_PORT, "workers that share a port"},
    {TR_CAP_MULTIHOMING, "several addresses an endpoint"},
    {TR_CAP_NETNS, "network namespaces, devices"},
    {TR_CAP_MOVE, "endpoints that change threads"},
    {TR_CAP_ENCAPS, "SCTP over UDP (`encaps_port`)"},
    {TR_CAP_ADDRESSES, "addresses that come and go"},
    {TR_CAP_RESET_ASSOC, "asking to reset an association"},
};

static void write_transports(FILE *out, const struct ref_writer *w)
{
    const struct tr_backend *kernel = tr_kernel(), *usrsctp = tr_usrsctp();
    const char *const titles[REF_COLUMNS] = {"", tr_backend_name(kernel), tr_backend_name(usrsctp)};
    unsigned have = tr_backend_caps(kernel), usr_have = tr_backend_caps(usrsctp);

    w->heading(out, REF_CHAPTER, "Transports");
    w->text(
        out,
        "What a transport does not support is refused with an error that names it, never ignored. The SCTP "
        "options listed are those that one of them lacks or supports only in part.");
    w->table_begin(out, titles);
    for (unsigned i = 0; i < COUNT(capabilities); i++) {
        const char *const line[REF_COLUMNS] = {capabilities[i].what,
                                               have & capabilities[i].cap ? "yes" : "no",
                                               usr_have & capabilities[i].cap ? "yes" : "no"};
        w->table_line(out, line);
    }
    for (unsigned id = 0; id < OPT_ID_COUNT; id++) {
        char name[80];
        if (has_all(kernel, id) && has_all(usrsctp, id))
            continue;
        snprintf(name, sizeof name, "`%s`", opt_rows[id].name);
        const char *const line[REF_COLUMNS] = {name, can_words(kernel, id), can_words(usrsctp, id)};
        w->table_line(out, line);
    }
    w->table_end(out);
}

/* ---- PPIDs ---------------------------------------------------------------------------------------- */

struct ppid_list {
    FILE *out;
    const struct ref_writer *writer;
};

static void write_ppid(const char *name, uint32_t ppid, const char *what, void *arg)
{
    const struct ppid_list *list = arg;
    char number[16];
    snprintf(number, sizeof number, "%" PRIu32, ppid);
    list->writer->number(list->out, name, number, what);
}

static void write_ppids(FILE *out, const struct ref_writer *w)
{
    struct ppid_list list = {out, w};
    w->heading(out, REF_CHAPTER, "PPID names");
    w->text(out,
            "Payload protocol identifiers may be written by these names (upper or lower case) or by number.");
    w->numbers_begin(out);
    ppid_each(write_ppid, &list);
    w->numbers_end(out);
}

/* ---- log ------------------------------------------------------------------------------------------ */

static void write_events(FILE *out, const struct ref_writer *w)
{
    static const char *const titles[REF_COLUMNS] = {"Event", "Subject", "Tells"};
    size_t count;
    const struct brk_log_event *events = brk_log_events(&count);
    w->heading(out, REF_CHAPTER, "Log events");
    w->text(out, "Each line of the log names its event. A subject's level is set by `broker.log_levels` and, "
                 "while the "
                 "broker runs, by `junctor set log_level`.");
    w->table_begin(out, titles);
    for (size_t i = 0; i < count; i++) {
        char name[80];
        snprintf(name, sizeof name, "`%s`", events[i].name);
        const char *const line[REF_COLUMNS] = {name, brk_log_subject_name(events[i].subject), events[i].help};
        w->table_line(out, line);
    }
    w->table_end(out);
}

void ref_write(FILE *out, const struct ref_writer *writer)
{
    writer->begin(out);
    write_file(out, writer);
    write_options(out, writer);
    write_transports(out, writer);
    write_ppids(out, writer);
    write_events(out, writer);
    writer->end(out);
}
