/* Fields that a walk can try, and values for them. */
#include "tests/conformance/option_values.h"
#include "tests/conformance/suite.h"

const char *const ct_scope_names[] = {"at open", "later", "per association"};
const unsigned ct_scope_bits[] = {OPT_AT_OPEN, OPT_LATER, OPT_PER_ASSOC};

/* Rows that mean nothing without what cases of their own set up: keys, streams with priorities, an endpoint
 * bound to any address. */
static bool has_cases_of_its_own(enum opt_id id)
{
    return id == OPT_AUTH_ACTIVE_KEY || id == OPT_AUTH_DEACTIVATE_KEY || id == OPT_AUTH_DELETE_KEY ||
           id == OPT_STREAM_SCHEDULER_VALUE || id == OPT_AUTO_ASCONF;
}

bool ct_may_lack_values(enum opt_field f)
{
    enum opt_type t = opt_field_rows[f].type;
    return t == OPT_FLAGS || t == OPT_ENUM || f == OPTF_PAT_PATHCPTHLD || f == OPTF_RUE_PORT;
}

bool ct_settable(enum opt_field f)
{
    if (has_cases_of_its_own(opt_field_rows[f].option))
        return false;
    enum opt_type t = opt_field_rows[f].type;
    return !(opt_rows[opt_field_rows[f].option].when & OPT_NO_SET) &&
           (t == OPT_BOOL || t == OPT_UINT || t == OPT_FLAGS || t == OPT_ENUM || t == OPT_PPID);
}

static void put_where_there(struct opt_set *s, enum ct_scope scope, enum opt_field f, int64_t value)
{
    enum opt_id id = opt_field_rows[f].option;
    if (ct_can_set(id) && opt_rows[id].when & ct_scope_bits[scope])
        opt_put(s, f, value);
}

void ct_companions(struct opt_set *s, enum ct_scope scope, enum opt_field f, int64_t value)
{
    switch (f) {
    case OPTF_INTERLEAVING_SUPPORTED:
        put_where_there(s, scope, OPTF_FRAGMENT_INTERLEAVE, 2);
        break;
    case OPTF_PRINFO_VALUE:
        opt_put(s, OPTF_PRINFO_POLICY, OPT_PR_RTX);
        break;
    case OPTF_PAT_PATHCPTHLD:
        opt_put(s, OPTF_PAT_PATHPFTHLD, 0);
        break;
    case OPTF_AUTH_CHUNKS:
    case OPTF_HMAC_IDENT:
        put_where_there(s, scope, OPTF_AUTH_SUPPORTED, 1);
        break;
    case OPTF_ENABLE_STREAM_RESET:
        put_where_there(s, scope, OPTF_RECONFIG_SUPPORTED, 1);
        break;
    case OPTF_RTO_INITIAL:
        opt_put(s, OPTF_RTO_MIN, 1);
        opt_put(s, OPTF_RTO_MAX, opt_field_rows[OPTF_RTO_MAX].max);
        break;
    case OPTF_RTO_MAX:
        opt_put(s, OPTF_RTO_MIN, 1);
        opt_put(s, OPTF_RTO_INITIAL, value);
        break;
    case OPTF_RTO_MIN:
        opt_put(s, OPTF_RTO_INITIAL, value);
        opt_put(s, OPTF_RTO_MAX, opt_field_rows[OPTF_RTO_MAX].max);
        break;
    case OPTF_LINGER_TIME:
        opt_put(s, OPTF_LINGER_ENABLED, 1);
        break;
    case OPTF_PAP_HBINTERVAL:
        opt_put(s, OPTF_PAP_FLAGS, OPT_HB_ENABLE);
        break;
    case OPTF_PAP_PATHMTU:
        opt_put(s, OPTF_PAP_FLAGS, OPT_PMTUD_DISABLE);
        break;
    case OPTF_PAP_SACKDELAY:
        opt_put(s, OPTF_PAP_FLAGS, OPT_SACKDELAY_ENABLE);
        break;
    default:
        break;
    }
}

int64_t ct_another(enum opt_field f, int64_t now)
{
    const struct opt_field_row *r = &opt_field_rows[f];
    if (r->type == OPT_BOOL || r->type == OPT_FLAGS)
        return now ^ 1;
    return now >= r->min && now < r->max ? now + 1 : r->min + 1;
}
