/* A simulated backend, for tests of what transport.c, wait.c and option_walk.c do for every backend: it
 * returns scripted items, records its calls, and can be told to fail. Included by test programs only. */
#ifndef JUNCTOR_TESTS_UNIT_PAPER_BACKEND_H
#define JUNCTOR_TESTS_UNIT_PAPER_BACKEND_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "transport/backend_priv.h"

/* ---- The paper backend ----------------------------------------------------------------------------- */

enum { MANY = 64 };

struct paper_endpoint {
    struct tr_endpoint base;
    struct tr_item items[MANY]; /* to be received, in order */
    unsigned first, last;
    int64_t number[OPTF_COUNT]; /* option values */
};

struct paper_loop {
    struct tr_loop base;
    struct paper_endpoint *endpoints[MANY];
    unsigned count, turns;
    int waited_ms; /* the last timeout */
};

static struct {
    unsigned caps, opens, aborts, eofs, sends, watches;
    uint32_t aborted;
    char reason[32]; /* of the last abort */
    enum tr_code connect_code, send_code;
    unsigned send_takes;
    struct tr_msg sent[MANY];
    unsigned sent_count;
    uint32_t next_assoc;
    enum opt_id refuses; /* this option's set fails */
    unsigned sets;
    struct tr_item answer; /* put into the caller's queue by connect_init, unless its kind is TR_MESSAGE */
    int64_t clip;          /* sndbuf above this is clipped */
} paper;

static struct paper_endpoint *paper_of(struct tr_endpoint *ep)
{
    return (struct paper_endpoint *)ep;
}

static void queue_item(struct tr_endpoint *ep, struct tr_item item)
{
    struct paper_endpoint *p = paper_of(ep);
    if (p->first == p->last)
        p->first = p->last = 0;
    assert_in_range(p->last, 0, MANY - 1);
    p->items[p->last++] = item;
}

static enum tr_code paper_probe(struct tr_error *error)
{
    (void)error;
    return TR_OK;
}

static enum tr_code paper_loop_open(const struct tr_loop_params *p, struct tr_loop **out,
                                    struct tr_error *error)
{
    (void)p;
    (void)error;
    *out = calloc(1, sizeof(struct paper_loop));
    return TR_OK;
}

static void paper_close(struct tr_endpoint *ep)
{
    struct paper_loop *l = (struct paper_loop *)ep->loop;
    for (unsigned i = 0; l != NULL && i < l->count; i++)
        if (l->endpoints[i] == paper_of(ep))
            l->endpoints[i] = l->endpoints[--l->count];
    free(ep);
}

static void paper_loop_close(struct tr_loop *loop)
{
    struct paper_loop *l = (struct paper_loop *)loop;
    while (l->count > 0)
        paper_close(&l->endpoints[0]->base);
    free(l);
}

static unsigned paper_wait(struct tr_loop *loop, int timeout_ms, struct tr_ready *ready, unsigned max)
{
    struct paper_loop *l = (struct paper_loop *)loop;
    unsigned n = 0;
    l->waited_ms = timeout_ms;
    for (unsigned i = 0; i < l->count && n < max; i++) {
        struct tr_endpoint *ep = &l->endpoints[i]->base;
        if (l->endpoints[i]->first < l->endpoints[i]->last && (ep->watch & TR_READABLE))
            ready[n++] = (struct tr_ready){ep, ep->cookie, TR_READABLE};
    }
    return n;
}

static void paper_turn(struct tr_loop *loop)
{
    ((struct paper_loop *)loop)->turns++;
}

static void enter(struct tr_loop *loop, struct paper_endpoint *p)
{
    struct paper_loop *l = (struct paper_loop *)loop;
    l->endpoints[l->count++] = p;
}

static enum tr_code paper_open(struct tr_loop *loop, const struct tr_open_params *p, struct tr_endpoint **out,
                               struct tr_error *error)
{
    (void)p;
    (void)error;
    paper.opens++;
    struct paper_endpoint *ep = calloc(1, sizeof *ep);
    enter(loop, ep);
    *out = &ep->base;
    return TR_OK;
}

static enum tr_code paper_listen(struct tr_endpoint *ep, int backlog, struct tr_error *error)
{
    (void)ep;
    (void)backlog;
    (void)error;
    return TR_OK;
}

static enum tr_code paper_watch(struct tr_endpoint *ep, unsigned flags)
{
    (void)ep;
    (void)flags;
    paper.watches++;
    return TR_OK;
}

static enum tr_code paper_release(struct tr_endpoint *ep, struct tr_error *error)
{
    struct paper_loop *l = (struct paper_loop *)ep->loop;
    (void)error;
    for (unsigned i = 0; i < l->count; i++)
        if (l->endpoints[i] == paper_of(ep))
            l->endpoints[i] = l->endpoints[--l->count];
    return TR_OK;
}

static enum tr_code paper_adopt(struct tr_loop *loop, struct tr_endpoint *ep, struct tr_error *error)
{
    (void)error;
    enter(loop, paper_of(ep));
    return TR_OK;
}

static enum tr_code paper_connect_init(struct tr_endpoint *ep, const struct tr_target *to, uint32_t *assoc,
                                       struct tr_error *error)
{
    (void)to;
    if (paper.connect_code != TR_OK)
        return tr_fail(error, paper.connect_code, 0, "paper");
    *assoc = ++paper.next_assoc;
    if (paper.answer.kind == TR_EVENT) {
        paper.answer.event.assoc = *assoc;
        queue_item(ep, paper.answer);
    }
    return TR_OK;
}

static enum tr_code paper_peeloff(struct tr_endpoint *ep, uint32_t *assoc, void *cookie,
                                  struct tr_endpoint **out, struct tr_error *error)
{
    (void)cookie;
    (void)error;
    struct paper_endpoint *p = calloc(1, sizeof *p);
    enter(ep->loop, p);
    *assoc += 100; /* like a stack that does not keep the number */
    *out = &p->base;
    return TR_OK;
}

static enum tr_code paper_eof(struct tr_endpoint *ep, uint32_t assoc, struct tr_error *error)
{
    (void)ep;
    (void)assoc;
    (void)error;
    paper.eofs++;
    return TR_OK;
}

static enum tr_code paper_abort(struct tr_endpoint *ep, uint32_t assoc, const void *reason, uint32_t len,
                                struct tr_error *error)
{
    (void)error;
    paper.aborts++;
    paper.aborted = assoc;
    snprintf(paper.reason, sizeof paper.reason, "%.*s", (int)len, len ? (const char *)reason : "");
    queue_item(
        ep, (struct tr_item){
                .kind = TR_EVENT,
                .event = {.type = TR_EV_ASSOC_CHANGE, .assoc = assoc, .change = {.state = TR_CANT_ASSOC}}});
    return TR_OK;
}

static enum tr_code paper_send(struct tr_endpoint *ep, const struct tr_msg *msgs, unsigned count,
                               unsigned *sent)
{
    (void)ep;
    paper.sends++;
    *sent = count < paper.send_takes ? count : paper.send_takes;
    for (unsigned i = 0; i < *sent; i++)
        paper.sent[paper.sent_count++] = msgs[i];
    return *sent == count ? TR_OK : paper.send_code;
}

static enum tr_code paper_recv(struct tr_endpoint *ep, unsigned max, const struct tr_item **items,
                               unsigned *count)
{
    struct paper_endpoint *p = paper_of(ep);
    unsigned n = p->last - p->first;
    if (n == 0)
        return TR_AGAIN;
    *items = p->items + p->first;
    *count = max != 0 && max < n ? max : n;
    p->first += *count;
    return TR_OK;
}

static enum tr_code set_option(const struct tr_place *at, const struct opt_set *in)
{
    struct paper_endpoint *p = paper_of(at->ep);
    paper.sets++;
    if (at->id == paper.refuses)
        return tr_fail(at->error, TR_SYSTEM, 5, "%s: refused on paper", opt_rows[at->id].name);
    for (unsigned i = 0; i < opt_rows[at->id].fields; i++) {
        enum opt_field f = opt_rows[at->id].first + i;
        if (opt_given(in, f) && opt_is_number(opt_field_rows[f].type))
            p->number[f] = opt_num(in, f, 0);
        if (f == OPTF_SNDBUF && paper.clip && p->number[f] > paper.clip)
            p->number[f] = paper.clip;
    }
    return TR_OK;
}

static enum tr_code get_option(const struct tr_place *at, struct opt_set *out)
{
    for (unsigned i = 0; i < opt_rows[at->id].fields; i++) {
        enum opt_field f = opt_rows[at->id].first + i;
        if (opt_is_number(opt_field_rows[f].type))
            opt_put(out, f, paper_of(at->ep)->number[f]);
    }
    return TR_OK;
}

static struct tr_option_ops paper_options[OPT_ID_COUNT] = {
#define OPTION(id, name, when, effect, source, help) [OPT_##id] = {set_option, get_option, TR_COMING},
#define FIELD(opt, id, name, type, unit, min, max, dflt, names, help)
#include "config/sctp/options.def"
};

static struct tr_backend backend = {
    .name = "paper",
    .options = paper_options,
    .probe = paper_probe,
    .loop_open = paper_loop_open,
    .loop_close = paper_loop_close,
    .loop_wait = paper_wait,
    .loop_turn = paper_turn,
    .open = paper_open,
    .listen = paper_listen,
    .close = paper_close,
    .watch = paper_watch,
    .release = paper_release,
    .adopt = paper_adopt,
    .connect_init = paper_connect_init,
    .peeloff = paper_peeloff,
    .eof = paper_eof,
    .abort = paper_abort,
    .send = paper_send,
    .recv = paper_recv,
};

/* ---- Set-up ---------------------------------------------------------------------------------------- */

static struct tr_loop *loop;
static struct tr_error error;

static inline int set_up(void **state)
{
    (void)state;
    memset(&paper, 0, sizeof paper);
    memset(&error, 0, sizeof error);
    paper.caps = backend.caps = 0;
    paper.send_takes = MANY;
    paper.refuses = OPT_ID_COUNT;
    backend.options = paper_options;
    return tr_loop_open(&backend, NULL, &loop, &error) == TR_OK ? 0 : -1;
}

static inline int tear_down(void **state)
{
    (void)state;
    tr_loop_close(loop);
    return 0;
}

static inline struct tr_endpoint *open_one(void)
{
    struct tr_open_params p = {.style = TR_ONE_TO_MANY};
    struct tr_endpoint *ep = NULL;
    assert_int_equal(tr_open(loop, &p, &ep, &error), TR_OK);
    return ep;
}

static inline struct net_addr address(const char *text, uint16_t port)
{
    struct net_addr a;
    assert_true(net_addr_parse(text, port, &a));
    return a;
}

static inline struct tr_item message(uint32_t assoc, const char *text)
{
    return (struct tr_item){.kind = TR_MESSAGE,
                            .msg = {.data = text, .len = (uint32_t)strlen(text), .assoc = assoc}};
}

static inline struct tr_item change(uint32_t assoc, enum tr_assoc_state s)
{
    return (struct tr_item){.kind = TR_EVENT,
                            .event = {.type = TR_EV_ASSOC_CHANGE, .assoc = assoc, .change = {.state = s}}};
}

static inline void assert_error(enum tr_code got, enum tr_code wanted, const char *part)
{
    assert_int_equal(got, wanted);
    assert_int_equal(error.code, wanted);
    if (strstr(error.text, part) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", error.text, part);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

#endif
