/* Every row of keys.def and options.def, by way of a file: both bounds are accepted and take effect, one past
 * each is refused with its place, and the output of --print reads back the same. New rows are tested without
 * any change here. */
#include "tests/unit/config/helper.h"

#include <inttypes.h>
#include <unistd.h>

#include "config/keys.h"

/* Other keys that are required, so that only the value under test can be wrong. */
struct companion {
    const char *key, *with; /* in the same mapping */
    const char *beside;     /* another option */
};

static const struct companion companions[] = {
    {"reconnect.initial", "      max: 1h\n", ""},
    {"reconnect.max", "      initial: 10ms\n", ""},
    {"rtoinfo.initial", "        min: 1\n        max: 1h\n", ""},
    {"rtoinfo.min", "        max: 1h\n        initial: 1h\n", ""},
    {"rtoinfo.max", "        min: 1\n        initial: 1\n", ""},
    {"linger.time", "        enabled: true\n", ""},
    {"peer_addr_params.pathmtu", "        flags: [pmtud_disable]\n", ""},
    {"peer_addr_params.sackdelay", "        flags: [sackdelay_enable]\n", ""},
    {"interleaving_supported", "", "      fragment_interleave: 2\n"},
    {"stream_scheduler_value.stream", "        value: 1\n", "      stream_scheduler: prio\n"},
    {"stream_scheduler_value.value", "        stream: 1\n", "      stream_scheduler: wfq\n"},
    {"auto_asconf", "", "      asconf_supported: true\n"},
};

static const struct companion *companion(const char *key)
{
    static const struct companion none = {"", "", ""};
    for (size_t i = 0; i < sizeof companions / sizeof companions[0]; i++)
        if (strcmp(companions[i].key, key) == 0)
            return &companions[i];
    return &none;
}

/* ---- structural keys ------------------------------------------------------------------------------ */

static char text[4000];

static void add(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void add(const char *fmt, ...)
{
    size_t used = strlen(text);
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text + used, sizeof text - used, fmt, ap);
    va_end(ap);
}

/* "key: value" on a line of its own, in the mapping of its own where the key has a dot. */
static void add_key(const char *key, const char *value)
{
    const char *dot = strchr(key, '.');
    if (dot)
        add("    %.*s:\n%s      %s: %s\n", (int)(dot - key), key, companion(key)->with, dot + 1, value);
    else
        add("    %s: %s\n", key, value);
}

/* The required keys of a section, but not the one under test. */
static void add_entry(const char *section, const char *const keys[][2], size_t count,
                      const struct cfg_key_row *row, const char *value)
{
    bool ours = strcmp(section, cfg_section_rows[row->section].name) == 0;
    add("%s:\n  -\n", section);
    for (size_t i = 0; i < count; i++)
        if (!ours || strcmp(keys[i][0], row->name) != 0)
            add_key(keys[i][0], keys[i][1]);
    if (ours)
        add_key(row->name, value);
}

/* A valid file with `value` at the key of `row`. */
static void write_file(const struct cfg_key_row *row, const char *value)
{
    static const char *const listener[][2] = {{"name", "a"}, {"address", "127.0.0.1"}, {"port", "1"}};
    static const char *const peer[][2] = {{"name", "p"}, {"address", "127.0.0.2"}, {"port", "2"}};
    static const char *const group[][2] = {{"name", "g"}, {"members", "p"}, {"mode", "override"}};
    bool override = strcmp(row->name, "return_after") == 0;
    static const char *const to_peer[][2] = {{"from", "a"}, {"to", "p"}, {"session", "shared"}};
    static const char *const to_many[][2] = {{"from", "a"}, {"to", "a"}}; /* for when_full: reroute */
    bool shared = strcmp(row->name, "local_port") == 0; /* which paired sessions cannot have */
    static const char *const of_listener[][2] = {{"name", "g"}, {"members", "a"}}; /* for authenticated */
    bool many = strcmp(row->name, "when_full") == 0, auth = strcmp(row->name, "authenticated") == 0;
    text[0] = '\0';
    add("sctp: {sndbuf: 1023M%s}\n", auth ? ", auth_supported: true, auth_chunks: [sack]" : "");
    if (row->section == CFG_BROKER) {
        add("broker:\n");
        add_key(row->name, value);
    }
    if (row->section == CFG_TAP) {
        add("tap:\n");
        if (strcmp(row->name, "file") != 0)
            add_key("file", "/tmp/tap.pcapng");
        add_key(row->name, value);
    }
    add_entry("listeners", listener, 3, row, value);
    add_entry("peers", peer, 3, row, value);
    add_entry("groups", auth ? of_listener : group, override ? 3 : 2, row, value);
    add_entry("routes", many ? to_many : to_peer, shared ? 3 : 2, row, value);
}

static const void *object_of(const struct cfg_config *c, enum cfg_section section)
{
    switch (section) {
    case CFG_LISTENERS:
        return c->listeners;
    case CFG_PEERS:
        return c->peers;
    case CFG_GROUPS:
        return c->groups;
    case CFG_ROUTES:
        return c->routes;
    default:
        return c;
    }
}

/* Where " key: value" has its value, as "line:column: ". */
static void place_of(const char *key, const char *value, char *out, size_t size)
{
    char wanted[200];
    const char *dot = strrchr(key, '.');
    snprintf(wanted, sizeof wanted, " %s: %s\n", dot ? dot + 1 : key, value);
    const char *found = strstr(text, wanted), *line = text;
    unsigned number = 1;
    assert_non_null(found);
    found = strchr(found, ':') + 2;
    for (const char *p = text; p < found; p++)
        if (*p == '\n') {
            line = p + 1;
            number++;
        }
    snprintf(out, size, "%u:%u: %s: ", number, (unsigned)(found - line) + 1, key);
}

/* The text is refused with one error, at the place of the value. */
static void refused(const char *key, const char *value)
{
    char place[200];
    char *said = parse_bad(text);
    place_of(key, value, place, sizeof place);
    if (strncmp(said, place, strlen(place)) != 0 || strchr(said, '\n') != said + strlen(said) - 1)
        fail_msg("%s: %s\nsays %sbut should begin with %s", key, value, said, place);
    free(said);
}

static void walk_key(const struct cfg_key_row *row, int64_t value)
{
    char written[VAL_TEXT_MAX];
    val_format(&row->spec, value, written, sizeof written);
    write_file(row, written);
    struct cfg_config *c = parse_good(text);
    assert_int_equal(cfg_key_get(row, object_of(c, row->section)), value);
    char *printed = print_text(c);
    struct cfg_config *again = parse_good(printed);
    assert_int_equal(cfg_key_get(row, object_of(again, row->section)), value);
    free(printed);
    cfg_free(c);
    cfg_free(again);
}

static void refuse_key(const struct cfg_key_row *row, const char *value)
{
    write_file(row, value);
    refused(row->name, value);
}

static void test_keys(void **state)
{
    unsigned walked = 0;
    char beyond[32];
    (void)state;
    for (unsigned k = 0; k < CFG_KEY_COUNT; k++) {
        const struct cfg_key_row *row = &cfg_key_rows[k];
        if (row->kind != CFG_SCALAR)
            continue;
        walk_key(row, row->spec.min);
        walk_key(row, row->spec.max);
        if (row->dflt > CFG_DERIVED)
            walk_key(row, row->dflt);
        refuse_key(row, "nonsense");
        refuse_key(row, "[1, 2]");
        if (row->spec.type == OPT_UINT) {
            snprintf(beyond, sizeof beyond, "%" PRId64, row->spec.max + 1);
            refuse_key(row, beyond);
            snprintf(beyond, sizeof beyond, "%" PRId64, row->spec.min - 1);
            refuse_key(row, beyond);
            refuse_key(row, "1.5");
        }
        walked++;
    }
    assert_true(walked >= 17);
}

/* Texts are taken as they are, and come back from --print. */
static void test_texts(void **state)
{
    unsigned walked = 0;
    (void)state;
    for (unsigned k = 0; k < CFG_KEY_COUNT; k++) {
        const struct cfg_key_row *row = &cfg_key_rows[k];
        const char *value;
        if (row->kind != CFG_TEXT)
            continue;
        write_file(row, "\"/run/netns/it's: one\"");
        struct cfg_config *c = parse_good(text);
        char *printed = print_text(c);
        struct cfg_config *again = parse_good(printed);
        memcpy(&value, (const char *)object_of(again, row->section) + row->offset, sizeof value);
        assert_string_equal(value, "/run/netns/it's: one");
        free(printed);
        cfg_free(c);
        cfg_free(again);
        refuse_key(row, "\"\"");
        refuse_key(row, "[a]");
        walked++;
    }
    assert_int_equal(walked, 10);
}

/* The rows themselves: what the reference page and the reader rely on. */
static void test_rows(void **state)
{
    (void)state;
    for (unsigned k = 0; k < CFG_KEY_COUNT; k++) {
        const struct cfg_key_row *row = &cfg_key_rows[k];
        assert_int_equal(cfg_key_find(row->section, row->name), k);
        assert_true(strlen(row->help) > 8);
        assert_true(row->spec.min <= row->spec.max);
        if (row->kind == CFG_SCALAR && row->dflt > CFG_DERIVED)
            assert_true(row->dflt >= row->spec.min && row->dflt <= row->spec.max);
        if (row->kind == CFG_SCALAR)
            assert_true(row->size == 1 || row->size == 2 || row->size == 4 || row->size == 8);
        if (k > 0) /* a section's rows stand together, so that --print writes them together */
            assert_true(row->section >= cfg_key_rows[k - 1].section);
    }
    for (unsigned s = 0; s < CFG_SECTION_COUNT; s++)
        assert_true(strlen(cfg_section_rows[s].help) > 8);
}

/* ---- options -------------------------------------------------------------------------------------- */

static void write_option(enum opt_field f, const char *value)
{
    const struct opt_field_row *row = &opt_field_rows[f];
    const char *name = opt_rows[row->option].name;
    char full[100];
    snprintf(full, sizeof full, "%s%s%s", name, *row->name ? "." : "", row->name);
    text[0] = '\0';
    add("listeners: [{name: a, port: 1}]\npeers:\n  -\n    name: p\n    address: 127.0.0.1\n    port: 2\n    "
        "sctp:\n");
    add("%s", companion(full)->beside);
    if (*row->name)
        add("      %s:\n%s        %s: %s\n", name, companion(full)->with, row->name, value);
    else
        add("      %s: %s\n", name, value);
    add("routes: [{from: a, to: p}]\n");
}

static void walk_option(enum opt_field f, int64_t value)
{
    const struct val_spec spec = val_spec_of(f);
    char written[VAL_TEXT_MAX];
    write_option(f, val_format(&spec, value, written, sizeof written));
    struct cfg_config *c = parse_good(text);
    assert_int_equal(opt_num(&c->peers[0].sctp, f, INT64_MIN), value);
    char *printed = print_text(c);
    struct cfg_config *again = parse_good(printed);
    assert_memory_equal(&c->peers[0].sctp, &again->peers[0].sctp, sizeof c->peers[0].sctp);
    free(printed);
    cfg_free(c);
    cfg_free(again);
}

static void refuse_option(enum opt_field f, const char *value)
{
    const struct opt_field_row *row = &opt_field_rows[f];
    char name[100];
    snprintf(name, sizeof name, "%s%s%s", opt_rows[row->option].name, *row->name ? "." : "", row->name);
    write_option(f, value);
    refused(name, value);
}

static void walk_address(enum opt_field f)
{
    write_option(f, "127.0.0.1");
    struct cfg_config *c = parse_good(text);
    assert_string_equal(opt_text(&c->peers[0].sctp, f), "127.0.0.1");
    char *printed = print_text(c);
    struct cfg_config *again = parse_good(printed);
    assert_string_equal(opt_text(&again->peers[0].sctp, f), "127.0.0.1");
    free(printed);
    cfg_free(c);
    cfg_free(again);
    refuse_option(f, "127.0.0.1.1");
    refuse_option(f, "[127.0.0.1]");
}

/* A file name is taken as it is; relative ones are relative to the directory of the configuration. */
static void walk_file(enum opt_field f)
{
    char name[] = "/tmp/junctor it's keys XXXXXX", quoted[64];
    int fd = mkstemp(name);
    assert_true(fd >= 0 && write(fd, "1 00ff\n", 7) == 7);
    close(fd);
    snprintf(quoted, sizeof quoted, "\"%s\"", name);
    write_option(f, quoted);
    struct cfg_config *c = parse_good(text);
    assert_string_equal(opt_text(&c->peers[0].sctp, f), name);
    char *printed = print_text(c);
    struct cfg_config *again = parse_good(printed);
    assert_string_equal(opt_text(&again->peers[0].sctp, f), name);
    free(printed);
    cfg_free(c);
    cfg_free(again);
    unlink(name);
    refuse_option(f, quoted);
    refuse_option(f, "[]");
}

/* Each flag by itself, and both ways to write one. */
static void walk_flags(enum opt_field f)
{
    size_t len;
    char list[100];
    const char *name;
    for (unsigned i = 0; (name = val_name(opt_field_rows[f].names, i, &len)); i++) {
        if (f == OPTF_PAP_FLAGS && 1 << i == OPT_HB_DEMAND)
            continue; /* refused in a file: see bad/sctp_together.yaml */
        walk_option(f, INT64_C(1) << i);
        snprintf(list, sizeof list, "%.*s", (int)len, name);
        write_option(f, list);
        struct cfg_config *c = parse_good(text);
        assert_int_equal(opt_num(&c->peers[0].sctp, f, -1), INT64_C(1) << i);
        cfg_free(c);
    }
    walk_option(f, 0);
    refuse_option(f, "nonsense");
}

/* What a broker cannot do without is refused in a file: see bad/events.yaml. */
static bool must_stay_on(enum opt_field f)
{
    return f == OPTF_EV_ASSOCIATION || f == OPTF_EV_SEND_FAILURE || f == OPTF_EV_DATA_IO;
}

static void walk_number(enum opt_field f)
{
    const struct opt_field_row *row = &opt_field_rows[f];
    char beyond[32];
    if (!must_stay_on(f))
        walk_option(f, row->min);
    walk_option(f, row->max);
    if (row->dflt != OPT_STACK)
        walk_option(f, row->dflt);
    refuse_option(f, "nonsense");
    refuse_option(f, "{a: 1}");
    if (row->type == OPT_BOOL)
        return;
    snprintf(beyond, sizeof beyond, "%" PRId64, row->max + 1);
    refuse_option(f, beyond);
    snprintf(beyond, sizeof beyond, "%" PRId64, row->min - 1);
    refuse_option(f, beyond);
    refuse_option(f, "1.5");
}

static void test_options(void **state)
{
    unsigned walked = 0;
    (void)state;
    for (unsigned f = 0; f < OPTF_COUNT; f++) {
        const struct opt_field_row *row = &opt_field_rows[f];
        if (opt_rows[row->option].when & (OPT_NO_SET | OPT_NO_FILE) || row->type == OPT_UINT_RO)
            continue;
        if (row->type == OPT_ADDR)
            walk_address(f);
        else if (row->type == OPT_FILE)
            walk_file(f);
        else if (row->type == OPT_FLAGS)
            walk_flags(f);
        else
            walk_number(f);
        walked++;
    }
    assert_true(walked >= 40);
}

/* ---- units ---------------------------------------------------------------------------------------- */

static void test_units(void **state)
{
    static const struct {
        enum opt_field field;
        const char *value;
        int64_t expected;
    } forms[] = {{OPTF_SNDBUF, "65536", 65536},
                 {OPTF_SNDBUF, "64K", 65536},
                 {OPTF_SNDBUF, "\"4M\"", 4194304},
                 {OPTF_SNDBUF, "0x10000", 65536},
                 {OPTF_AUTOCLOSE, "90", 90},
                 {OPTF_AUTOCLOSE, "90s", 90},
                 {OPTF_AUTOCLOSE, "2m", 120},
                 {OPTF_AUTOCLOSE, "1h", 3600},
                 {OPTF_ASOC_COOKIE_LIFE, "3s", 3000},
                 {OPTF_PAP_HBINTERVAL, "250", 250},
                 {OPTF_PAP_HBINTERVAL, "250ms", 250},
                 {OPTF_PAP_HBINTERVAL, "30s", 30000},
                 {OPTF_TOS, "0xb8", 184},
                 {OPTF_NODELAY, "off", 0},
                 {OPTF_DSP_PPID, "ngap", 60},
                 {OPTF_DSP_PPID, "60", 60}};
    (void)state;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        write_option(forms[i].field, forms[i].value);
        struct cfg_config *c = parse_good(text);
        assert_int_equal(opt_num(&c->peers[0].sctp, forms[i].field, -1), forms[i].expected);
        cfg_free(c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),    cmocka_unit_test(test_keys),  cmocka_unit_test(test_texts),
        cmocka_unit_test(test_options), cmocka_unit_test(test_units),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
