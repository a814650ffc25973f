/* The sink's side of --collect; see far_sink.h. */
#include "bench/far_sink.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "bench/guest_priv.h"

#define AGAIN_NS UINT64_C(1000000)
#define RUN_AT   8 /* offset of the run in a message's header: payload.h */

struct bench_far_sink {
    uint32_t run;
    struct bench_judge judge;  /* of the messages of this run */
    struct bench_guest *guest; /* who asked; NULL: it has gone */
    uint16_t stream;
    bool asked;
    uint64_t sent, until_ns;     /* the report goes out when so many have come, or then */
    struct timeval user, system; /* of this process when the run began */
    char *text;                  /* the report; NULL: not yet */
    size_t len;
    unsigned part, parts; /* next to be sent; of so many */
};

static bool answer(struct bench_guest *guest, uint16_t stream, const struct bench_far_message *m)
{
    uint8_t buffer[BENCH_FAR_HEADER + BENCH_FAR_PIECE];
    struct tr_msg msg = {.data = buffer,
                         .len = (uint32_t)bench_far_encode(buffer, m),
                         .assoc = guest->assoc,
                         .stream = stream};
    unsigned sent;

    return tr_send(guest->endpoint, &msg, 1, &sent) != TR_AGAIN; /* other errors: its end is to be read */
}

static void refuse(struct bench_guest *guest, const struct tr_msg *m, uint32_t run, const char *why)
{
    answer(guest, m->stream,
           &(struct bench_far_message){.type = BENCH_FAR_REFUSE,
                                       .run = run,
                                       .text = (const uint8_t *)why,
                                       .text_len = (uint32_t)strlen(why)});
}

void bench_far_sink_free(struct bench_sink *s)
{
    if (!s->far)
        return;
    bench_judge_free(&s->far->judge);
    free(s->far->text);
    free(s->far);
    s->far = NULL;
}

/* Begins to collect for a run. */
static bool begin(struct bench_sink *s, uint32_t run)
{
    struct rusage usage;

    bench_far_sink_free(s);
    if (!(s->far = calloc(1, sizeof *s->far)))
        return false;
    s->far->run = run;
    bench_judge_init(&s->far->judge, s->judges[0].clock, s->plan->verify);
    s->far->judge.only_run = run;
    getrusage(RUSAGE_SELF, &usage);
    s->far->user = usage.ru_utime;
    s->far->system = usage.ru_stime;
    const struct bench_raw *raw = s->judges[0].raw;
    return !raw || bench_judge_await_raw(&s->far->judge, raw->script, raw->streams, raw->whole);
}

static void ping(struct bench_guest *guest, const struct tr_msg *m, const struct bench_far_message *in,
                 uint64_t now)
{
    struct bench_sink *s = guest->place->sink;
    struct bench_far_message out = {.type = BENCH_FAR_PONG,
                                    .clock = s->judges[0].clock,
                                    .run = in->run,
                                    .numbers = {in->numbers[0], now, bench_now_ns()}};

    if (s->parts > 1) {
        refuse(guest, m, in->run, "it has several workers; a sink that is collected has one");
        return;
    }
    if ((!s->far || s->far->run != in->run) && !begin(s, in->run)) {
        refuse(guest, m, in->run, "it is out of memory");
        return;
    }
    s->far->guest = guest;
    answer(guest, m->stream, &out);
}

void bench_far_sink_take(struct bench_guest *guest, const struct tr_msg *m, uint64_t now)
{
    struct bench_sink *s = guest->place->sink;
    struct bench_far_message in;

    bench_far_decode(m->data, m->len, &in);
    if (in.type == BENCH_FAR_PING) {
        ping(guest, m, &in, now);
        return;
    }
    struct bench_far_sink *far = s->far;
    if (!far || far->run != in.run)
        return;
    if (in.type == BENCH_FAR_OFFSET) {
        far->judge.other_clock = in.clock;
        far->judge.other_known = true;
        far->judge.other_behind_ns = (int64_t)in.numbers[0];
    } else if (in.type == BENCH_FAR_ASK && !far->asked) {
        far->asked = true;
        far->guest = guest;
        far->stream = m->stream;
        far->sent = in.numbers[0];
        far->until_ns = now + (uint32_t)in.numbers[1] * UINT64_C(1000000);
    }
}

void bench_far_sink_judge(struct bench_sink *s, const struct bench_arrival *m, uint64_t now)
{
    const uint8_t *p = m->data;
    struct bench_far_sink *far = s->far;
    uint32_t run;

    if (!far->judge.raw) {
        if (m->len < RUN_AT + 4)
            return;
        run = (uint32_t)p[RUN_AT] << 24 | (uint32_t)p[RUN_AT + 1] << 16 | (uint32_t)p[RUN_AT + 2] << 8 |
              p[RUN_AT + 3];
        if (run != far->run)
            return;
    }
    bench_judge_take(&far->judge, 0, m, now);
}

void bench_far_sink_gone(struct bench_sink *s, const struct bench_guest *guest)
{
    if (s->far && s->far->guest == guest)
        s->far->guest = NULL;
}

static uint64_t us_since(const struct timeval *from, const struct timeval *to)
{
    return (uint64_t)(to->tv_sec - from->tv_sec) * 1000000 + (uint64_t)to->tv_usec - (uint64_t)from->tv_usec;
}

static bool make_report(struct bench_sink *s)
{
    struct bench_far_sink *far = s->far;
    struct bench_far_report *r = calloc(1, sizeof *r);
    struct rusage usage;

    if (!r)
        return false;
    getrusage(RUSAGE_SELF, &usage);
    strcpy(r->role, s->plan->reply ? "echo" : "sink");
    r->seen = s->seen;
    r->lost = s->lost;
    r->echoed = s->echoed;
    r->cpu_us = us_since(&far->user, &usage.ru_utime) + us_since(&far->system, &usage.ru_stime);
    if (bench_far_report_fill(r, &far->judge))
        far->text = bench_far_report_write(r, &far->len);
    far->parts = (unsigned)((far->len + BENCH_FAR_PIECE - 1) / BENCH_FAR_PIECE);
    bench_far_report_free(r);
    free(r);
    return far->text != NULL && far->parts <= UINT16_MAX;
}

static void send_parts(struct bench_far_sink *far)
{
    while (far->part < far->parts) {
        size_t at = (size_t)far->part * BENCH_FAR_PIECE, rest = far->len - at;
        struct bench_far_message m = {.type = BENCH_FAR_REPORT,
                                      .run = far->run,
                                      .part = (uint16_t)far->part,
                                      .parts = (uint16_t)far->parts,
                                      .text = (const uint8_t *)far->text + at,
                                      .text_len =
                                          (uint32_t)(rest < BENCH_FAR_PIECE ? rest : BENCH_FAR_PIECE)};
        if (!answer(far->guest, far->stream, &m))
            return;
        far->part++;
    }
}

uint64_t bench_far_sink_turn(struct bench_sink *s, uint64_t now)
{
    struct bench_far_sink *far = s->far;

    if (!far || !far->asked || !far->guest)
        return UINT64_MAX;
    if (!far->text) {
        if (far->judge.counts.messages < far->sent && now < far->until_ns)
            return now + AGAIN_NS < far->until_ns ? now + AGAIN_NS : far->until_ns;
        if (!make_report(s)) {
            far->guest = NULL; /* the source says that there is no answer */
            return UINT64_MAX;
        }
    }
    send_parts(far);
    return far->part < far->parts ? now + AGAIN_NS : UINT64_MAX;
}
