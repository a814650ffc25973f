/* Walks every row of options.def again, this time for what a change affects: the associations that its row
 * says, and nothing else. */
#include "tests/conformance/option_values.h"
#include "tests/conformance/suite.h"

#include <stdio.h>
#include <string.h>

static unsigned complain(const char *when, enum opt_field f, int64_t value, const char *what)
{
    const struct opt_field_row *r = &opt_field_rows[f];
    fprintf(stderr, "  %s %s%s%s = %lld: %s\n", when, opt_rows[r->option].name, r->name[0] ? "." : "",
            r->name, (long long)value, what);
    return 1;
}

static bool can_both(enum opt_id id)
{
    return ct_can_set(id) && ct_can_get(id);
}

/* ---- When a change takes effect ------------------------------------------------------------------- */

enum { LACKING = INT32_MIN }; /* this kernel has not the option, and says so */

static int64_t read_at(struct ct_end *e, uint32_t assoc, enum opt_field f)
{
    struct opt_set got = {0};
    struct tr_error error = {0};
    enum tr_code code = tr_get_option(e->ep, assoc, opt_field_rows[f].option, &got, &error);
    if (code == TR_UNSUPPORTED)
        return LACKING;
    ct_ok(code, &error);
    return opt_num(&got, f, LACKING);
}

/* Without these events nobody learns of the association that would show it; and associations with another UDP
 * port than the server's do not come up (udp_port_of_associations_to_come). */
static bool hides_associations(enum opt_field f)
{
    return f == OPTF_EV_ASSOCIATION || f == OPTF_EV_DATA_IO || f == OPTF_RUE_PORT;
}

static bool shows_its_effect(enum opt_field f)
{
    const struct opt_row *row = &opt_rows[opt_field_rows[f].option];
    return ct_settable(f) && row->when & OPT_LATER && row->when & OPT_PER_ASSOC && !hides_associations(f) &&
           f != OPTF_PAP_FLAGS && can_both(opt_field_rows[f].option);
}

/* Sizes and times that no stack rounds to another. */
static int64_t other_value(enum opt_field f, int64_t now)
{
    return f == OPTF_MAXSEG ? 700 : opt_field_rows[f].unit == OPT_MSEC ? now + 40 : ct_another(f, now);
}

static unsigned change_later(struct ct_pair *p, struct ct_end *other, enum opt_field f)
{
    const struct opt_row *row = &opt_rows[opt_field_rows[f].option];
    struct tr_error error = {0};
    struct opt_set s = {0};
    int64_t before = read_at(p->client, p->near, f);
    int64_t value = other_value(f, before);
    if (before == LACKING)
        return 0;
    opt_put(&s, f, value);
    if (opt_field_rows[f].option == OPT_PEER_ADDR_PARAMS || opt_field_rows[f].option == OPT_DEFAULT_PRINFO)
        ct_companions(&s, CT_LATER, f, value);
    enum tr_code code = tr_set_options(p->client->ep, 0, &s, NULL, &error);
    if (code == TR_UNSUPPORTED && ct_may_lack_values(f))
        return 0;
    if (code != TR_OK)
        return complain("later", f, value, error.text);
    int64_t of_endpoint = read_at(p->client, 0, f), now = read_at(p->client, p->near, f);
    int64_t next = read_at(p->client, ct_connect(p->client, other, NULL), f);
    unsigned bad = 0;
    if (row->effect == OPT_NOW && now != of_endpoint && now != value)
        bad += complain("later", f, now, "the association that is there did not get it at once");
    if (row->effect == OPT_NEXT_ASSOC && now != before)
        bad += complain("later", f, now, "the association that is there got it");
    if (next != of_endpoint && next != value)
        bad += complain("later", f, next, "an association set up afterwards does not have it");
    return bad;
}

static void a_change_takes_effect_when_its_row_says(void **state)
{
    unsigned tried = 0, bad = 0;
    for (int i = 0; i < OPTF_COUNT; i++) {
        if (!shows_its_effect((enum opt_field)i))
            continue;
        struct opt_set able = ct_able();
        struct ct_pair p = ct_pair(*state, &able, &able);
        bad += change_later(&p, ct_server(*state, &able), (enum opt_field)i);
        tried++;
    }
    assert_in_range(tried, 10, OPTF_COUNT);
    if (bad)
        fail_msg("%u fields do not do what their rows say", bad);
}

/* ---- Nothing else changes ------------------------------------------------------------------------- */

/* Rows that are one thing in the stack, as their texts say; and dynamic addresses bring their authenticated
 * chunks along (RFC 5061 4.2.7). */
static const struct {
    enum opt_id set, shows_in;
} same[] = {
    {OPT_PEER_ADDR_PARAMS, OPT_PEER_ADDR_THRESHOLDS}, {OPT_PEER_ADDR_THRESHOLDS, OPT_PEER_ADDR_PARAMS},
    {OPT_PEER_ADDR_PARAMS, OPT_DELAYED_ACK_TIME},     {OPT_DELAYED_ACK_TIME, OPT_PEER_ADDR_PARAMS},
    {OPT_DEFAULT_SEND_PARAM, OPT_DEFAULT_PRINFO},     {OPT_ASCONF_SUPPORTED, OPT_AUTH_CHUNKS},
};

static bool is_same(enum opt_id set, enum opt_id shows_in)
{
    for (unsigned i = 0; i < sizeof same / sizeof *same; i++)
        if (same[i].set == set && same[i].shows_in == shows_in)
            return true;
    return false;
}

static void read_all(struct ct_end *e, uint32_t assoc, struct opt_set *out)
{
    memset(out, 0, sizeof *out);
    for (int i = 0; i < OPT_ID_COUNT; i++) {
        enum opt_id id = (enum opt_id)i;
        struct opt_set one = {0};
        bool has = assoc == 0 || opt_rows[id].when & OPT_PER_ASSOC;
        if (has && !(opt_rows[id].when & OPT_NO_SET) && can_both(id) &&
            tr_get_option(e->ep, assoc, id, &one, NULL) == TR_OK)
            opt_merge(out, &one);
    }
}

/* How many fields differ that were not set. */
static unsigned count_changes(enum opt_id id, const struct opt_set *set, const struct opt_set *before,
                              const struct opt_set *after, const char *when)
{
    unsigned bad = 0;
    for (int i = 0; i < OPTF_COUNT; i++) {
        enum opt_field g = (enum opt_field)i;
        const struct opt_field_row *r = &opt_field_rows[g];
        char what[120];
        if (!opt_given(before, g) || !opt_given(after, g) || !opt_is_number(r->type) ||
            r->type == OPT_UINT_RO || opt_given(set, g) || is_same(id, r->option) ||
            opt_num(before, g, -1) == opt_num(after, g, -1))
            continue;
        snprintf(what, sizeof what, "became %lld when %s was set", (long long)opt_num(after, g, -1),
                 opt_rows[id].name);
        bad += complain(when, g, opt_num(before, g, -1), what);
    }
    return bad;
}

static unsigned set_alone(struct ct_end *e, uint32_t assoc, enum ct_scope scope, enum opt_field f)
{
    enum opt_id id = opt_field_rows[f].option;
    struct opt_set before, after, s = {0};
    struct tr_error error = {0};
    read_all(e, assoc, &before);
    if (!opt_given(&before, f))
        return 0;
    int64_t value = other_value(f, opt_num(&before, f, 0));
    opt_put(&s, f, value);
    ct_companions(&s, scope, f, value);
    enum tr_code code = tr_set_options(e->ep, assoc, &s, NULL, &error);
    if (code == TR_UNSUPPORTED && ct_may_lack_values(f))
        return 0;
    if (code == TR_PERMISSION && strstr(error.text, "sysctl"))
        return 0;
    if (code != TR_OK)
        return complain(ct_scope_names[scope], f, value, error.text);
    read_all(e, assoc, &after);
    return count_changes(id, &s, &before, &after, ct_scope_names[scope]);
}

/* Compared with an endpoint that was opened without options. */
static unsigned open_with(struct ct_world *w, const struct opt_set *plain, enum opt_field f)
{
    struct opt_set after, s = {0};
    if (!opt_given(plain, f))
        return 0;
    int64_t value = other_value(f, opt_num(plain, f, 0));
    opt_put(&s, f, value);
    ct_companions(&s, CT_AT_OPEN, f, value);
    struct net_addr local = ct_addr("127.0.0.1", 0);
    struct tr_open_params params = {.addresses = &local, .address_count = 1, .options = &s};
    struct tr_endpoint *ep = NULL;
    struct tr_error error = {0};
    enum tr_code code = tr_open(ct_main(w), &params, &ep, &error);
    if (code != TR_OK) {
        bool lacking = (code == TR_UNSUPPORTED && ct_may_lack_values(f)) || code == TR_PERMISSION;
        return lacking ? 0 : complain("at open", f, value, error.text);
    }
    struct ct_end *e = ct_wrap(w, ep);
    read_all(e, 0, &after);
    ct_close(e);
    return count_changes(opt_field_rows[f].option, &s, plain, &after, "at open");
}

static void nothing_else_changes_at_open(void **state)
{
    struct opt_set plain;
    unsigned bad = 0;
    read_all(ct_client(*state, NULL), 0, &plain);
    for (int i = 0; i < OPTF_COUNT; i++) {
        enum opt_field f = (enum opt_field)i;
        if (ct_settable(f) && opt_rows[opt_field_rows[f].option].when & OPT_AT_OPEN &&
            can_both(opt_field_rows[f].option))
            bad += open_with(*state, &plain, f);
    }
    if (bad)
        fail_msg("%u fields changed that nobody set", bad);
}

static void nothing_else_changes(void **state)
{
    unsigned bad = 0;
    for (enum ct_scope scope = CT_LATER; scope <= CT_PER_ASSOC; scope++)
        for (int i = 0; i < OPTF_COUNT; i++) {
            enum opt_field f = (enum opt_field)i;
            if (!ct_settable(f) || !(opt_rows[opt_field_rows[f].option].when & ct_scope_bits[scope]) ||
                !can_both(opt_field_rows[f].option))
                continue;
            struct opt_set able = ct_able();
            struct ct_pair p = ct_pair(*state, &able, &able);
            bad += set_alone(p.client, scope == CT_LATER ? 0 : p.near, scope, f);
        }
    if (bad)
        fail_msg("%u fields changed that nobody set", bad);
}

CT_TOPIC(option_effect, CT_CASE(a_change_takes_effect_when_its_row_says), CT_CASE(nothing_else_changes),
         CT_CASE(nothing_else_changes_at_open));
