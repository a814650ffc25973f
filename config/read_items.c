/* Parses names, addresses, PPIDs and stream numbers. */
#include "config/read_items_priv.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "config/sctp/host.h"
#include "config/sctp/ppid.h"

#define NAME_LENGTH_MAX 63
#define STREAM_MAX      65534 /* an association has at most 65535 streams (RFC 9260, 3.3.2) */

const char *read_scalar(struct loader *l, const char *key, const struct yaml_node *value)
{
    if (value->kind == YAML_SCALAR)
        return value->text;
    err_add(&l->errors, value->at, "%s: this must be a single value, not a %s", key,
            value->kind == YAML_LIST ? "list" : "mapping");
    return NULL;
}

const struct yaml_node **read_list(struct loader *l, const struct cfg_key_row *row,
                                   const struct yaml_node *value, unsigned *count)
{
    unsigned n = value->kind == YAML_LIST ? value->count : 1;
    const struct yaml_node *item = value->kind == YAML_LIST ? value->first : value;
    *count = 0;
    if (n == 0 || (value->kind == YAML_SCALAR && value->text[0] == '\0')) {
        err_add(&l->errors, value->at, "%s: at least one value is needed", row->name);
        return NULL;
    }
    if (n > row->spec.max) {
        err_add(&l->errors, value->at, "%s: %u values are too many; write at most %" PRId64, row->name, n,
                row->spec.max);
        return NULL;
    }
    const struct yaml_node **items = arena_array(&l->scratch, n, sizeof *items);
    for (; *count < n; item = item->next) {
        const struct yaml_node *real = yaml_real(item);
        if (!read_scalar(l, row->name, real))
            return NULL;
        items[(*count)++] = real;
    }
    return items;
}

bool is_any(const struct yaml_node **items, unsigned count)
{
    return count == 1 && (strcmp(items[0]->text, "any") == 0 || strcmp(items[0]->text, "*") == 0);
}

void put_list(const struct cfg_key_row *row, void *object, const void *list, unsigned count)
{
    memcpy((char *)object + row->offset, &list, sizeof list);
    memcpy((char *)object + row->count_offset, &count, sizeof count);
}

/* Names are used in logs and metrics, so they are words. */
bool valid_name(struct loader *l, const char *key, struct cfg_place at, const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
    size_t len = strlen(name);
    if (len == 0 || len > NAME_LENGTH_MAX || strspn(name, letters) != len)
        err_add(&l->errors, at, "%s: '%.40s' is not a name; write 1 to %d letters, digits, '-', '_' or '.'",
                key, name, NAME_LENGTH_MAX);
    else if (strcmp(name, "any") == 0)
        err_add(&l->errors, at, "%s: 'any' means every source in a route; write another name", key);
    else
        return true;
    return false;
}

void read_text(struct loader *l, const struct cfg_key_row *row, const struct yaml_node *value, void *object,
               struct cfg_origin *origin)
{
    const char *text = read_scalar(l, row->name, value);
    (void)origin;
    if (!text)
        return;
    if (*text == '\0') {
        err_add(&l->errors, value->at, "%s: a value is missing; write one or leave the key out", row->name);
        return;
    }
    const char *copy = arena_text(l->keep, text, strlen(text));
    memcpy((char *)object + row->offset, &copy, sizeof copy);
}

void read_name(struct loader *l, const struct cfg_key_row *row, const struct yaml_node *value, void *object,
               struct cfg_origin *origin)
{
    const char *text = read_scalar(l, row->name, value);
    (void)origin;
    if (text && valid_name(l, row->name, value->at, text)) {
        const char *copy = arena_text(l->keep, text, strlen(text));
        memcpy((char *)object + row->offset, &copy, sizeof copy);
    }
}

/* ---- addresses ------------------------------------------------------------------------------------ */

/* True, and reported, if there is a port after the address, or after the name if `names` are allowed.
 */
static bool has_port(struct loader *l, const char *key, const struct yaml_node *item, bool names)
{
    const char *text = item->text, *colon = strrchr(text, ':');
    struct net_addr scratch;
    char host[NET_HOST_NAME_MAX + 2];
    if (!colon || colon == text || (size_t)(colon - text) >= sizeof host)
        return false;
    bool brackets = text[0] == '[' && colon[-1] == ']';
    size_t len = (size_t)(colon - text) - (brackets ? 2 : 0);
    memcpy(host, text + brackets, len);
    host[len] = '\0';
    if (!net_addr_parse(host, 0, &scratch) && !(names && net_host_name_valid(host)))
        return false;
    err_add(&l->errors, item->at, "%s: '%.60s' has a port; write %.60s here and the port as `%s: %.8s`", key,
            text, host, strcmp(key, "local") == 0 ? "local_port" : "port", colon + 1);
    return true;
}

static bool is_multicast(const struct net_addr *a)
{
    if (a->sa.sa_family == AF_INET6)
        return IN6_IS_ADDR_MULTICAST(&a->in6.sin6_addr);
    return IN_MULTICAST(ntohl(a->in4.sin_addr.s_addr)) || a->in4.sin_addr.s_addr == INADDR_BROADCAST;
}

static bool unicast(struct loader *l, const char *key, const struct yaml_node *item, const struct net_addr *a)
{
    if (!is_multicast(a))
        return true;
    err_add(&l->errors, item->at,
            "%s: SCTP cannot use a multicast or broadcast address such as %.60s; write a unicast address",
            key, item->text);
    return false;
}

static void twice(struct loader *l, const char *key, const struct yaml_node *item)
{
    err_add(&l->errors, item->at, "%s: %.60s is listed twice; remove one", key, item->text);
}

static bool take_address(struct loader *l, const char *key, const struct yaml_node *item,
                         struct net_addr *list, unsigned count)
{
    struct net_addr *a = &list[count];
    if (!net_addr_parse(item->text, 0, a)) {
        if (!has_port(l, key, item, false))
            err_add(
                &l->errors, item->at,
                "%s: '%.60s' is not an address; write an IPv4 or IPv6 address such as 127.0.0.1 or \"::1\" "
                "(a host name is allowed only as the `address` of a peer)",
                key, item->text);
        return false;
    }
    for (unsigned i = 0; i < count; i++)
        if (net_addr_equal(&list[i], a)) {
            twice(l, key, item);
            return false;
        }
    return unicast(l, key, item, a);
}

void read_addresses(struct loader *l, const struct cfg_key_row *row, const struct yaml_node *value,
                    void *object, struct cfg_origin *origin)
{
    unsigned n, count = 0;
    const struct yaml_node **items = read_list(l, row, value, &n);
    struct net_addr *list = arena_array(l->keep, n, sizeof *list);
    (void)origin;
    for (unsigned i = 0; items && i < n; i++)
        count += take_address(l, row->name, items[i], list, count);
    put_list(row, object, list, count);
}

static bool same_host(const struct net_host *a, const struct net_host *b)
{
    if (a->name && b->name)
        return strcasecmp(a->name, b->name) == 0;
    return !a->name && !b->name && net_addr_equal(&a->address, &b->address);
}

static bool take_host(struct loader *l, const char *key, const struct yaml_node *item, struct net_host *list,
                      unsigned count)
{
    struct net_host *h = &list[count];
    memset(h, 0, sizeof *h);
    if (net_host_name_valid(item->text)) {
        h->name = arena_text(l->keep, item->text, strlen(item->text));
    } else if (!net_addr_parse(item->text, 0, &h->address)) {
        if (!has_port(l, key, item, true))
            err_add(
                &l->errors, item->at,
                "%s: '%.60s' is neither an address nor a host name; write an IPv4 or IPv6 address such as "
                "127.0.0.1 or \"::1\", or a name of letters, digits, '-' and dots",
                key, item->text);
        return false;
    } else if (!unicast(l, key, item, &h->address)) {
        return false;
    }
    for (unsigned i = 0; i < count; i++)
        if (same_host(&list[i], h)) {
            twice(l, key, item);
            return false;
        }
    return true;
}

void read_hosts(struct loader *l, const struct cfg_key_row *row, const struct yaml_node *value, void *object,
                struct cfg_origin *origin)
{
    unsigned n, count = 0;
    const struct yaml_node **items = read_list(l, row, value, &n);
    struct net_host *list = arena_array(l->keep, n, sizeof *list);
    (void)origin;
    for (unsigned i = 0; items && i < n; i++)
        count += take_host(l, row->name, items[i], list, count);
    put_list(row, object, list, count);
}

/* ---- addresses with ports ------------------------------------------------------------------------- */

/* "127.0.0.1:80", "[::1]:80" */
static bool parse_endpoint(const char *text, struct net_addr *out)
{
    static const struct val_spec port = {OPT_UINT, OPT_NO_UNIT, 1, 65535, NULL};
    char host[NET_ADDR_TEXT], why[VAL_WHY_MAX];
    int64_t number;
    const char *colon = strrchr(text, ':');
    if (!colon || (size_t)(colon - text) >= sizeof host ||
        !val_parse(&port, colon + 1, &number, why, sizeof why))
        return false;
    size_t len = (size_t)(colon - text);
    bool brackets = len > 2 && text[0] == '[' && text[len - 1] == ']';
    if (!brackets && memchr(text, ':', len))
        return false;
    len -= brackets ? 2 : 0;
    memcpy(host, text + brackets, len);
    host[len] = '\0';
    return net_addr_parse(host, (uint16_t)number, out);
}

void read_endpoints(struct loader *l, const struct cfg_key_row *row, const struct yaml_node *value,
                    void *object, struct cfg_origin *origin)
{
    unsigned n, count = 0;
    const struct yaml_node **items = read_list(l, row, value, &n);
    struct net_addr *list = arena_array(l->keep, n, sizeof *list);
    (void)origin;
    for (unsigned i = 0; items && i < n; i++) {
        bool good = parse_endpoint(items[i]->text, &list[count]);
        if (!good)
            err_add(&l->errors, items[i]->at,
                    "%s: '%.60s' is not an address with a port; write one such as 127.0.0.1:9464 or "
                    "\"[::1]:9464\"",
                    row->name, items[i]->text);
        for (unsigned k = 0; good && k < count; k++)
            if (net_addr_equal(&list[k], &list[count])) {
                twice(l, row->name, items[i]);
                good = false;
            }
        count += good;
    }
    put_list(row, object, list, count);
}

/* ---- PPIDs ---------------------------------------------------------------------------------------- */

/* Numbers as `spec` says, each once; or `any`. */
static void take_numbers(struct loader *l, const struct cfg_key_row *row, const struct yaml_node *value,
                         void *object, const struct val_spec *spec)
{
    unsigned n, count = 0;
    char why[VAL_WHY_MAX];
    const struct yaml_node **items = read_list(l, row, value, &n);
    if (!items || is_any(items, n))
        return;
    uint32_t *list = arena_array(l->keep, n, sizeof *list);
    for (unsigned i = 0; i < n && !err_is_full(&l->errors); i++) {
        int64_t number;
        bool twice = false;
        if (!val_parse(spec, items[i]->text, &number, why, sizeof why)) {
            err_add(&l->errors, items[i]->at, "%s: %s", row->name, why);
            continue;
        }
        for (unsigned j = 0; j < count; j++)
            twice |= list[j] == (uint32_t)number;
        if (twice)
            err_add(&l->errors, items[i]->at, "%s: %.40s is listed twice; remove one", row->name,
                    items[i]->text);
        else
            list[count++] = (uint32_t)number;
    }
    put_list(row, object, list, count);
}

void read_ppids(struct loader *l, const struct cfg_key_row *row, const struct yaml_node *value, void *object,
                struct cfg_origin *origin)
{
    static const struct val_spec spec = {OPT_PPID, OPT_NO_UNIT, 0, UINT32_MAX, NULL};
    (void)origin;
    take_numbers(l, row, value, object, &spec);
}

void read_numbers(struct loader *l, const struct cfg_key_row *row, const struct yaml_node *value,
                  void *object, struct cfg_origin *origin)
{
    static const struct val_spec spec = {OPT_UINT, OPT_NO_UNIT, 0, UINT32_MAX, NULL};
    (void)origin;
    take_numbers(l, row, value, object, &spec);
}

/* ---- prefixes ------------------------------------------------------------------------------------- */

static void take_prefixes(struct loader *l, const struct cfg_key_row *row, void *object,
                          const struct yaml_node **items, unsigned n)
{
    unsigned count = 0;
    struct net_prefix *list = arena_array(l->keep, n, sizeof *list);
    for (unsigned i = 0; i < n && !err_is_full(&l->errors); i++) {
        bool again = false;
        if (!net_prefix_parse(items[i]->text, &list[count])) {
            err_add(
                &l->errors, items[i]->at,
                "%s: '%.60s' is not an address prefix; write one such as 10.1.0.0/16 or \"2001:db8::/32\", "
                "with zeros behind the prefix",
                row->name, items[i]->text);
            continue;
        }
        for (unsigned k = 0; k < count; k++)
            again |= net_prefix_equal(&list[k], &list[count]);
        if (again)
            twice(l, row->name, items[i]);
        else
            count++;
    }
    put_list(row, object, list, count);
}

void read_prefixes(struct loader *l, const struct cfg_key_row *row, const struct yaml_node *value,
                   void *object, struct cfg_origin *origin)
{
    unsigned n;
    const struct yaml_node **items = read_list(l, row, value, &n);
    (void)origin;
    if (items && !is_any(items, n))
        take_prefixes(l, row, object, items, n);
}

void read_denied(struct loader *l, const struct cfg_key_row *row, const struct yaml_node *value, void *object,
                 struct cfg_origin *origin)
{
    unsigned n;
    const struct yaml_node **items = read_list(l, row, value, &n);
    (void)origin;
    if (items && !(n == 1 && strcmp(items[0]->text, "none") == 0))
        take_prefixes(l, row, object, items, n);
}

/* ---- streams -------------------------------------------------------------------------------------- */

static bool parse_range(struct loader *l, const char *key, const struct yaml_node *item,
                        struct cfg_range *out)
{
    uint64_t first = 0, last = 0;
    const char *rest = val_digits(item->text, &first);
    last = first;
    if (rest && *rest == '-')
        rest = val_digits(rest + 1, &last);
    if (!rest || *rest) {
        err_add(&l->errors, item->at,
                "%s: '%.40s' is not a stream number; write one such as 3, or a range such as 0-15", key,
                item->text);
        return false;
    }
    if (first > STREAM_MAX || last > STREAM_MAX) {
        err_add(&l->errors, item->at, "%s: %.40s is beyond the last stream; write 0 to %d, or any", key,
                item->text, STREAM_MAX);
        return false;
    }
    if (first > last) {
        err_add(&l->errors, item->at, "%s: %.40s is in descending order; write %" PRIu64 "-%" PRIu64, key,
                item->text, last, first);
        return false;
    }
    *out = (struct cfg_range){(uint16_t)first, (uint16_t)last};
    return true;
}

static int by_first(const void *a, const void *b)
{
    const struct cfg_range *x = a, *y = b;
    return x->first != y->first ? (x->first < y->first ? -1 : 1) : 0;
}

/* Sorts the ranges and merges adjacent ones. An overlap is a mistake and reported. */
static unsigned tidy_ranges(struct loader *l, const char *key, struct cfg_place at, struct cfg_range *list,
                            unsigned n)
{
    unsigned count = 0;
    if (n)
        qsort(list, n, sizeof *list, by_first);
    for (unsigned i = 0; i < n; i++) {
        struct cfg_range *before = count ? &list[count - 1] : NULL;
        if (before && list[i].first <= before->last)
            err_add(&l->errors, at, "%s: stream %u is listed twice; write each once", key, list[i].first);
        if (before && list[i].first <= before->last + 1)
            before->last = list[i].last > before->last ? list[i].last : before->last;
        else
            list[count++] = list[i];
    }
    return count;
}

void read_streams(struct loader *l, const struct cfg_key_row *row, const struct yaml_node *value,
                  void *object, struct cfg_origin *origin)
{
    unsigned n, count = 0;
    const struct yaml_node **items = read_list(l, row, value, &n);
    (void)origin;
    if (!items || is_any(items, n))
        return;
    struct cfg_range *list = arena_array(l->keep, n, sizeof *list);
    for (unsigned i = 0; i < n; i++)
        count += parse_range(l, row->name, items[i], &list[count]);
    put_list(row, object, list, tidy_ranges(l, row->name, value->at, list, count));
}

static const char *const stream_words[] = {
    [CFG_SAME_STREAM] = "same", [CFG_HASHED_STREAM] = "hash", [CFG_SPREAD_STREAM] = "spread"};

void read_out_stream(struct loader *l, const struct cfg_key_row *row, const struct yaml_node *value,
                     void *object, struct cfg_origin *origin)
{
    const char *text = read_scalar(l, row->name, value);
    struct cfg_set_stream set = {CFG_FIXED_STREAM, 0};
    uint64_t number = 0;
    (void)origin;
    if (!text)
        return;
    for (unsigned i = 0; i < sizeof stream_words / sizeof *stream_words; i++)
        if (stream_words[i] && strcmp(text, stream_words[i]) == 0)
            set.rule = i;
    const char *rest = set.rule == CFG_FIXED_STREAM ? val_digits(text, &number) : "";
    if (!rest || *rest || number > STREAM_MAX) {
        err_add(&l->errors, value->at, "%s: '%.40s' is not a stream; write 0 to %d, same, hash or spread",
                row->name, text, STREAM_MAX);
        return;
    }
    set.number = (uint16_t)number;
    memcpy((char *)object + row->offset, &set, sizeof set);
}
