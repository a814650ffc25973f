/* The source's side of --collect; see far_source.h. */
#include "bench/far_source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/endpoint_priv.h"

#define MS         UINT64_C(1000000)
#define SAMPLES    48
#define PING_NS    (200 * MS)  /* without an answer another one is sent */
#define CLOCK_NS   (3000 * MS) /* for all of them */
#define REPORT_NS  (5000 * MS) /* for the report, beyond the far side's patience */
#define REPORT_MAX (64u << 20)

void bench_far_source_init(struct bench_far_source *f, const struct bench_source *source, uint32_t run,
                           uint16_t clock)
{
    *f = (struct bench_far_source){.source = source, .run = run, .clock = clock};
}

void bench_far_source_free(struct bench_far_source *f)
{
    free(f->text);
    if (f->report)
        bench_far_report_free(f->report);
    free(f->report);
    f->text = NULL;
    f->report = NULL;
}

static void fail(struct bench_far_source *f, const char *why)
{
    if (!f->why[0])
        snprintf(f->why, sizeof f->why, "%s", why);
}

/* False: it cannot be sent now, or ever (`why`). */
static bool say(struct bench_far_source *f, const struct bench_far_message *m)
{
    uint8_t buffer[BENCH_FAR_HEADER + BENCH_FAR_PIECE];
    struct tr_endpoint *ep = NULL;
    uint32_t assoc = 0;
    unsigned sent, all = f->source->plan->associations;

    for (unsigned i = 0; i < all && !ep; i++)
        ep = bench_source_association(f->source, i, &assoc);
    if (!ep) {
        fail(f, "no association to ask the far side on is up");
        return false;
    }
    struct tr_msg msg = {
        .data = buffer, .len = (uint32_t)bench_far_encode(buffer, m), .assoc = assoc, .stream = 0};
    enum tr_code code = tr_send(ep, &msg, 1, &sent);
    if (code != TR_OK && code != TR_AGAIN)
        fail(f, tr_code_text(code));
    return code == TR_OK;
}

/* ---- what comes --------------------------------------------------------------------------------------- */

static void take_pong(struct bench_far_source *f, const struct bench_far_message *m, uint64_t now)
{
    if (!f->measuring || !f->pinged_ns)
        return;
    f->far_clock = m->clock;
    f->pinged_ns = 0;
    bench_far_sample(f->measuring, m->numbers[0], m->numbers[1], m->numbers[2], now);
}

static void take_part(struct bench_far_source *f, const struct bench_far_message *m)
{
    if (!f->asked || f->complete || m->part != f->part || m->parts == 0 || m->part >= m->parts ||
        f->len + m->text_len > REPORT_MAX)
        return;
    char *text = realloc(f->text, f->len + m->text_len + 1);
    if (!text) {
        fail(f, "out of memory for its report");
        return;
    }
    memcpy(text + f->len, m->text, m->text_len);
    f->text = text;
    f->len += m->text_len;
    if (++f->part < m->parts)
        return;
    f->report = calloc(1, sizeof *f->report);
    if (f->report && bench_far_report_read(f->report, f->text, f->len))
        f->complete = true;
    else
        fail(f, "its report cannot be read; is it of another version?");
}

static void take_refusal(struct bench_far_source *f, const struct bench_far_message *m)
{
    char why[100] = "";

    for (unsigned i = 0; i < m->text_len && i < sizeof why - 1; i++) /* shown on a terminal */
        why[i] = (char)(m->text[i] >= ' ' && m->text[i] <= '~' ? m->text[i] : '?');
    fail(f, why);
}

void bench_far_source_take(struct bench_far_source *f, const void *data, size_t len, uint64_t now)
{
    struct bench_far_message m;

    bench_far_decode(data, len, &m);
    if (m.run != f->run)
        return;
    if (m.type == BENCH_FAR_PONG)
        take_pong(f, &m, now);
    else if (m.type == BENCH_FAR_REPORT)
        take_part(f, &m);
    else if (m.type == BENCH_FAR_REFUSE)
        take_refusal(f, &m);
}

/* ---- asking ------------------------------------------------------------------------------------------- */

static void ping(struct bench_far_source *f, uint64_t now)
{
    if (f->pinged_ns && now - f->pinged_ns < PING_NS)
        return;
    struct bench_far_message m = {
        .type = BENCH_FAR_PING, .clock = f->clock, .run = f->run, .numbers = {bench_now_ns()}};
    if (say(f, &m))
        f->pinged_ns = m.numbers[0];
}

bool bench_far_source_clock(struct bench_far_source *f, bool after, uint64_t now, uint64_t *next)
{
    struct bench_far_clock *c = after ? &f->after : &f->before;

    *next = now + 10 * MS;
    if (f->why[0])
        return true;
    if (f->measuring != c) {
        f->measuring = c;
        f->began_ns = now;
        f->pinged_ns = 0;
    }
    if (c->samples < SAMPLES && now - f->began_ns < CLOCK_NS) {
        ping(f, now);
        return f->why[0];
    }
    if (c->samples == 0) {
        fail(f, "it does not answer; it needs to be junctor load as a sink or echo, without a broker that "
                "gives its answers to others");
        return true;
    }
    if (after || bench_far_same_clock(f) || f->told)
        return true;
    f->told = say(f, &(struct bench_far_message){.type = BENCH_FAR_OFFSET,
                                                 .clock = f->clock,
                                                 .run = f->run,
                                                 .numbers = {(uint64_t)c->ahead_ns}});
    return f->told || f->why[0];
}

bool bench_far_source_ask(struct bench_far_source *f, uint64_t sent, uint32_t patience_ms, uint64_t now,
                          uint64_t *next)
{
    *next = now + 10 * MS;
    if (f->complete || f->why[0])
        return true;
    if (!f->asked) {
        f->until_ns = now + patience_ms * MS + REPORT_NS;
        f->asked = say(
            f, &(struct bench_far_message){
                   .type = BENCH_FAR_ASK, .clock = f->clock, .run = f->run, .numbers = {sent, patience_ms}});
    } else if (now >= f->until_ns) {
        fail(f, "its report has not come in time");
    }
    return f->why[0];
}
