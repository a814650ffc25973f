/* Walks every row of options.def: settable where its row says so, read back equal, both bounds, one past each
 * bound, only given fields change. Takes the rows from the tables. Collects all faults of a walk before it
 * fails. */
#include "tests/conformance/option_values.h"
#include "tests/conformance/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct walk {
    struct ct_world *world;
    enum ct_scope scope;
    struct ct_end *end; /* what is set and read; at open a new one for each trial */
    uint32_t assoc;
    unsigned complaints, trials;
};

static struct walk walk_of(struct ct_world *w, enum ct_scope scope)
{
    struct walk k = {.world = w, .scope = scope};
    struct opt_set able = ct_able();
    if (scope == CT_LATER) {
        k.end = ct_client(w, &able);
    } else if (scope == CT_PER_ASSOC) {
        struct ct_pair p = ct_pair(w, &able, &able);
        k.end = p.client;
        k.assoc = p.near;
    }
    return k;
}

static void complain(struct walk *k, enum opt_field f, int64_t value, const char *what)
{
    const struct opt_field_row *r = &opt_field_rows[f];
    fprintf(stderr, "  %s %s%s%s = %lld: %s\n", ct_scope_names[k->scope], opt_rows[r->option].name,
            r->name[0] ? "." : "", r->name, (long long)value, what);
    k->complaints++;
}

static void end_walk(const struct walk *k)
{
    assert_in_range(k->trials, 1, UINT32_MAX);
    if (k->complaints)
        fail_msg("%u of %u trials went wrong", k->complaints, k->trials);
}

/* ---- Values --------------------------------------------------------------------------------------- */

static struct opt_set with_companions(enum ct_scope scope, enum opt_field f, int64_t value)
{
    struct opt_set s = {0};
    opt_put(&s, f, value);
    ct_companions(&s, scope, f, value);
    return s;
}

enum { VALUES = 32 }; /* as many flags as an option may have, and more than there are of others */

/* The values of a field to try. Returns how many. */
static unsigned values_of(const struct walk *k, enum opt_field f, int64_t out[VALUES])
{
    const struct opt_field_row *r = &opt_field_rows[f];
    unsigned n = 0;
    if (r->type == OPT_FLAGS) {
        for (int64_t bit = 1; bit <= r->max; bit *= 2)
            if (!(f == OPTF_PAP_FLAGS &&
                  bit == OPT_HB_DEMAND)) /* an order, not a state: heartbeat_on_demand */
                out[n++] = bit;
        return n;
    }
    int64_t max = k->scope == CT_PER_ASSOC && f == OPTF_DSP_STREAM ? 9 : r->max; /* granted */
    out[n++] = r->min;
    if (max - r->min > 1)
        out[n++] = max - r->min > 3000 ? r->min + 1500 : r->min + (max - r->min) / 2;
    out[n++] = max;
    return n;
}

/* ---- Setting and reading -------------------------------------------------------------------------- */

/* Sets at the scope of the walk. At open the endpoint that is left is in k->end, or NULL. */
static enum tr_code set(struct walk *k, const struct opt_set *s, enum opt_id *failed, struct tr_error *error)
{
    k->trials++;
    if (k->scope != CT_AT_OPEN)
        return tr_set_options(k->end->ep, k->assoc, s, failed, error);
    struct net_addr local = ct_addr("127.0.0.1", 0);
    struct tr_open_params p = {.addresses = &local, .address_count = 1, .options = s};
    struct tr_endpoint *ep = NULL;
    enum tr_code code = tr_open(ct_main(k->world), &p, &ep, error);
    k->end = code == TR_OK ? ct_wrap(k->world, ep) : NULL;
    return code;
}

static void done(struct walk *k)
{
    if (k->scope == CT_AT_OPEN && k->end) {
        ct_close(k->end);
        k->world->end_count--; /* rows × values are more than a case may hold */
        free(k->end);
        k->end = NULL;
    }
}

static bool get(struct walk *k, enum opt_id id, struct opt_set *out)
{
    struct tr_error error = {0};
    memset(out, 0, sizeof *out);
    if (tr_get_option(k->end->ep, k->assoc, id, out, &error) == TR_OK)
        return true;
    fprintf(stderr, "  %s %s cannot be read: %s\n", ct_scope_names[k->scope], opt_rows[id].name, error.text);
    k->complaints++;
    return false;
}

static void is_wanted(enum opt_id id, const char *text, void *arg)
{
    enum opt_id *wanted = arg;
    if (id == *wanted && strstr(text, opt_rows[id].name))
        *wanted = OPT_ID_COUNT;
}

/* What a stack may grant otherwise, if tr_compare_options reports it: sizes, the longest times, a level. */
static bool may_differ(enum opt_field f, int64_t value, int64_t got)
{
    const struct opt_field_row *r = &opt_field_rows[f];
    if (f == OPTF_FRAGMENT_INTERLEAVE) /* what 1 and 2 do differently may be done by interleaving_supported */
        return value == 2 && got == 1;
    return r->unit == OPT_BYTES || (r->unit == OPT_MSEC && value == r->max && got < value);
}

/* Times may also be rounded up to the stack's clock tick, and the two ECN bits are not the user's. */
static bool good_enough(struct walk *k, enum opt_field f, int64_t value, int64_t got, const struct opt_set *s)
{
    const struct opt_field_row *r = &opt_field_rows[f];
    enum opt_id id = r->option;
    if (f == OPTF_PAP_FLAGS || f == OPTF_AUTH_CHUNKS) /* others stay */
        return (got & value) == value;
    if (got == value)
        return true;
    if (r->unit == OPT_MSEC && got > value && got - value <= 10)
        return true;
    if (f == OPTF_TOS && got == (value & ~3))
        return true;
    if (!may_differ(f, value, got))
        return false;
    tr_compare_options(k->end->ep, k->assoc, s, is_wanted, &id);
    return id == OPT_ID_COUNT;
}

static void try_value(struct walk *k, enum opt_field f, int64_t value)
{
    enum opt_id id = opt_field_rows[f].option;
    struct opt_set s = with_companions(k->scope, f, value), got;
    struct tr_error error = {0};
    enum tr_code code = set(k, &s, NULL, &error);
    if (code == TR_PERMISSION && (geteuid() != 0 || strstr(error.text, "sysctl"))) {
        /* said so: nothing to read back */
    } else if (code == TR_UNSUPPORTED && ct_may_lack_values(f) && strstr(error.text, opt_rows[id].name)) {
        /* one that this stack has not, named */
    } else if (code != TR_OK) {
        complain(k, f, value, error.text);
    } else if (ct_can_get(id) && get(k, id, &got)) {
        char what[80];
        snprintf(what, sizeof what, "reads back as %lld", (long long)opt_num(&got, f, -1));
        if (!good_enough(k, f, value, opt_num(&got, f, -1), &s))
            complain(k, f, value, what);
    }
    done(k);
}

/* What the backend or the row does not allow is refused by name. Where neither does, either may be said. */
static void try_refused(struct walk *k, enum opt_field f, int64_t value, enum tr_code wanted)
{
    enum opt_id id = opt_field_rows[f].option, failed = OPT_ID_COUNT;
    struct opt_set s = with_companions(k->scope, f, value);
    struct tr_error error = {0};
    enum tr_code code = set(k, &s, &failed, &error);
    char what[400];
    snprintf(what, sizeof what, "wanted %s, got %s '%s'", tr_code_name(wanted), tr_code_name(code),
             error.text);
    bool either = code == TR_INVALID && !(opt_rows[id].when & ct_scope_bits[k->scope]);
    if ((code != wanted && !either) || error.code != code || !strstr(error.text, opt_rows[id].name) ||
        (k->scope != CT_AT_OPEN && failed != id))
        complain(k, f, value, what);
    done(k);
}

/* ---- The walks ------------------------------------------------------------------------------------ */

static enum tr_code expected(const struct walk *k, enum opt_id id)
{
    if (opt_rows[id].when & OPT_NO_SET)
        return TR_INVALID;
    if (!ct_can_set(id))
        return TR_UNSUPPORTED;
    return opt_rows[id].when & ct_scope_bits[k->scope] ? TR_OK : TR_INVALID;
}

static void walk_all(struct ct_world *w, enum ct_scope scope)
{
    struct walk k = walk_of(w, scope);
    for (int i = 0; i < OPTF_COUNT; i++) {
        enum opt_field f = (enum opt_field)i;
        int64_t values[VALUES];
        if (!ct_settable(f))
            continue;
        enum tr_code wanted = expected(&k, opt_field_rows[f].option);
        unsigned n = values_of(&k, f, values);
        for (unsigned v = 0; v < n; v++) {
            if (wanted == TR_OK)
                try_value(&k, f, values[v]);
            else
                try_refused(&k, f, values[v], wanted);
        }
    }
    end_walk(&k);
}

static void every_row_at_open(void **state)
{
    walk_all(*state, CT_AT_OPEN);
}

static void every_row_later(void **state)
{
    walk_all(*state, CT_LATER);
}

static void every_row_per_association(void **state)
{
    walk_all(*state, CT_PER_ASSOC);
}

static void past_the_bounds(struct ct_world *w, enum ct_scope scope)
{
    struct walk k = walk_of(w, scope);
    for (int i = 0; i < OPTF_COUNT; i++) {
        enum opt_field f = (enum opt_field)i;
        const struct opt_field_row *r = &opt_field_rows[f];
        bool readable = scope != CT_AT_OPEN && ct_can_get(r->option);
        struct opt_set before, after;
        if (!ct_settable(f) || expected(&k, r->option) != TR_OK)
            continue;
        if (readable && !get(&k, r->option, &before))
            continue;
        try_refused(&k, f, r->min - 1, TR_INVALID);
        try_refused(&k, f, r->max + 1, TR_INVALID);
        if (readable && get(&k, r->option, &after) && opt_num(&before, f, -1) != opt_num(&after, f, -1))
            complain(&k, f, opt_num(&after, f, -1), "changed although it was refused");
    }
    end_walk(&k);
}

static void past_the_bounds_is_invalid(void **state)
{
    for (enum ct_scope s = CT_AT_OPEN; s <= CT_PER_ASSOC; s++)
        past_the_bounds(*state, s);
}

static void read_only_fields_cannot_be_set(void **state)
{
    struct walk k = walk_of(*state, CT_PER_ASSOC);
    for (int i = 0; i < OPTF_COUNT; i++) {
        const struct opt_field_row *r = &opt_field_rows[i];
        if (!opt_is_number(r->type))
            continue;
        if (r->type == OPT_UINT_RO || (opt_rows[r->option].when & OPT_NO_SET))
            try_refused(&k, (enum opt_field)i, r->min, TR_INVALID);
    }
    end_walk(&k);
}

static void change_one(struct walk *k, enum opt_field f)
{
    enum opt_id id = opt_field_rows[f].option;
    struct opt_set before, after, s = {0};
    struct tr_error error = {0};
    if (!get(k, id, &before))
        return;
    opt_put(&s, f, ct_another(f, opt_num(&before, f, 0)));
    if (id == OPT_PEER_ADDR_PARAMS)
        ct_companions(&s, k->scope, f, 0);
    enum tr_code code = set(k, &s, NULL, &error);
    if (code == TR_UNSUPPORTED && ct_may_lack_values(f))
        return;
    if (code != TR_OK) {
        complain(k, f, opt_num(&s, f, 0), error.text);
        return;
    }
    if (!get(k, id, &after))
        return;
    for (unsigned i = 0; i < opt_rows[id].fields; i++) {
        enum opt_field g = opt_rows[id].first + i;
        if (ct_settable(g) && !opt_given(&s, g) && opt_num(&before, g, -1) != opt_num(&after, g, -1))
            complain(k, g, opt_num(&after, g, -1), "changed, although only another field was set");
    }
    if (opt_num(&before, f, -1) == opt_num(&after, f, -1))
        complain(k, f, opt_num(&s, f, 0), "was set and has not changed");
}

static void only_given_fields_change(void **state)
{
    for (enum ct_scope scope = CT_LATER; scope <= CT_PER_ASSOC; scope++) {
        struct walk k = walk_of(*state, scope);
        for (int i = 0; i < OPTF_COUNT; i++) {
            enum opt_field f = (enum opt_field)i;
            enum opt_id id = opt_field_rows[f].option;
            if (opt_rows[id].fields > 1 && ct_settable(f) && f != OPTF_PAP_FLAGS &&
                expected(&k, id) == TR_OK && ct_can_get(id))
                change_one(&k, f);
        }
        end_walk(&k);
    }
}

/* What is set on one association shows neither at the endpoint nor on its other associations. */
static void an_association_is_set_alone(void **state)
{
    struct walk k = walk_of(*state, CT_PER_ASSOC);
    struct ct_end *second = ct_server(*state, NULL);
    struct walk others[2] = {k, k};
    others[0].scope = CT_LATER;
    others[0].assoc = 0;
    others[1].assoc = ct_connect(k.end, second, NULL);
    for (int i = 0; i < OPTF_COUNT; i++) {
        enum opt_field f = (enum opt_field)i;
        enum opt_id id = opt_field_rows[f].option;
        struct opt_set own, before[2], after[2], s = {0};
        struct tr_error error = {0};
        if (!ct_settable(f) || f == OPTF_PAP_FLAGS || expected(&k, id) != TR_OK || !ct_can_get(id))
            continue;
        if (f == OPTF_EV_DATA_IO) /* SCTP_RECVRCVINFO (RFC 6458 8.1.29) has no association */
            continue;
        if (!get(&k, id, &own) || !get(&others[0], id, &before[0]) || !get(&others[1], id, &before[1]))
            continue;
        int64_t value = f == OPTF_MAXSEG ? 700 : ct_another(f, opt_num(&own, f, 0));
        opt_put(&s, f, value);
        if (id == OPT_PEER_ADDR_PARAMS)
            ct_companions(&s, k.scope, f, value);
        enum tr_code code = set(&k, &s, NULL, &error);
        if (code == TR_UNSUPPORTED && ct_may_lack_values(f))
            continue;
        if (code != TR_OK) {
            complain(&k, f, value, error.text);
            continue;
        }
        for (unsigned o = 0; o < 2; o++)
            if (get(&others[o], id, &after[o]) && opt_num(&before[o], f, -1) != opt_num(&after[o], f, -1))
                complain(&k, f, opt_num(&after[o], f, -1),
                         o ? "shows on another association" : "shows at the endpoint");
    }
    k.complaints += others[0].complaints + others[1].complaints;
    end_walk(&k);
}

/* Reading fills every field of a record, or says that the backend cannot. */
static void every_row_is_read_in_full(void **state)
{
    struct walk k = walk_of(*state, CT_PER_ASSOC);
    for (int i = 0; i < OPT_ID_COUNT; i++) {
        const struct opt_row *row = &opt_rows[i];
        struct opt_set s = {0};
        struct tr_error error = {0};
        k.trials++;
        if (i == OPT_PEER_ADDR_INFO)
            opt_put_text(&s, OPTF_PAI_ADDRESS, "127.0.0.1");
        if (i == OPT_STREAM_SCHEDULER_VALUE)
            opt_put(&s, OPTF_SSV_STREAM, 0);
        bool per_assoc = row->when & OPT_PER_ASSOC;
        enum tr_code code = tr_get_option(k.end->ep, per_assoc ? k.assoc : 0, (enum opt_id)i, &s, &error);
        enum tr_code wanted = ct_can_get((enum opt_id)i) ? TR_OK
                              : row->when & OPT_NO_GET   ? TR_INVALID
                                                         : TR_UNSUPPORTED;
        if (code != wanted || (code != TR_OK && !strstr(error.text, row->name))) {
            complain(&k, row->first, 0, error.text[0] ? error.text : tr_code_name(code));
            continue;
        }
        for (unsigned f = row->first; code == TR_OK && f < row->first + row->fields; f++)
            if (opt_field_rows[f].type != OPT_ADDR && !opt_given(&s, (enum opt_field)f))
                complain(&k, (enum opt_field)f, 0, "was not filled in");
    }
    end_walk(&k);
}

static void unknown_association_has_no_options(void **state)
{
    struct walk k = walk_of(*state, CT_PER_ASSOC);
    struct tr_error error = {0};
    struct opt_set s = CT_OPTIONS({OPTF_RTO_MIN, 500}), got = {0};
    ct_failed_as(tr_set_options(k.end->ep, k.assoc + 500, &s, NULL, &error), TR_NO_ASSOC, &error);
    ct_failed_as(tr_get_option(k.end->ep, k.assoc + 500, OPT_RTOINFO, &got, &error), TR_NO_ASSOC, &error);
}

/* What the reference says that a stack begins with. Where this host's kernel is not the test kernel, its
 * sysctls are what somebody has made of them. */
static void a_fresh_endpoint_has_what_the_reference_says(void **state)
{
    enum opt_stack_of which = ct_has(TR_CAP_ENCAPS) ? OPT_USRSCTP : OPT_KERNEL;
    struct walk k = {.world = *state, .scope = CT_LATER, .trials = 1};
    struct opt_set able = CT_OPTIONS({OPTF_AUTH_SUPPORTED, 1}), got;
    if (which == OPT_KERNEL && getenv("JUNCTOR_TEST_KERNEL") == NULL)
        skip();
    struct ct_end *plain = ct_client(*state, NULL), *with_auth = ct_client(*state, &able);
    for (int i = 0; i < OPTF_COUNT; i++) {
        enum opt_field f = (enum opt_field)i;
        enum opt_id id = opt_field_rows[f].option;
        int64_t said = opt_stack(f, which);
        if (tr_backend_can_get(ct_backend, id) && !ct_can_get(id)) /* this kernel is too old for it */
            continue;
        k.end = id == OPT_HMAC_IDENT || id == OPT_AUTH_ACTIVE_KEY ? with_auth : plain;
        got = (struct opt_set){0};
        if (said != OPT_STACK && tr_get_option(k.end->ep, 0, id, &got, NULL) == TR_UNSUPPORTED)
            continue; /* a kernel of another version */
        if (said != OPT_STACK && opt_num(&got, f, OPT_STACK) != said)
            complain(&k, f, opt_num(&got, f, OPT_STACK),
                     "is what a fresh endpoint has, stack.def says otherwise");
        if (said == OPT_STACK && ct_settable(f) && opt_field_rows[f].dflt == OPT_STACK && ct_can_get(id))
            complain(&k, f, 0, "has no row in stack.def");
    }
    end_walk(&k);
}

CT_TOPIC(option_walk, CT_CASE(every_row_at_open), CT_CASE(every_row_later),
         CT_CASE(every_row_per_association), CT_CASE(past_the_bounds_is_invalid),
         CT_CASE(read_only_fields_cannot_be_set), CT_CASE(only_given_fields_change),
         CT_CASE(an_association_is_set_alone), CT_CASE(every_row_is_read_in_full),
         CT_CASE(unknown_association_has_no_options), CT_CASE(a_fresh_endpoint_has_what_the_reference_says));
