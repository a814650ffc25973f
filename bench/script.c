/* Messages that are sent as they are; see script.h. */
#include "bench/script.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/arguments_priv.h"
#include "bench/capture.h"

#define SENDERS_MAX 256
#define LIST_MAX    8 /* senders named in the reason */

/* One end of one association. */
struct sender {
    struct net_addr source, destination; /* of its first chunk */
    uint32_t tag;
    uint64_t chunks;
};

/* A chunk that was read; its data is in the store. */
struct piece {
    uint64_t at_ns, offset;
    uint32_t sender, tsn, ppid, message, fragment, len;
    uint16_t stream;
    bool begin, end, unordered, interleaved;
    int64_t place; /* its TSN's distance from the first one of its sender */
};

struct reading {
    struct sender senders[SENDERS_MAX];
    unsigned sender_count;
    struct piece *pieces;
    size_t piece_count, piece_room;
    uint8_t *store;
    size_t used, room;
};

/* ---- reading ------------------------------------------------------------------------------------------ */

static bool same_end(const struct sender *s, const struct bench_chunk *c)
{
    return s->tag == c->tag && net_addr_port(&s->source) == net_addr_port(&c->source) &&
           net_addr_port(&s->destination) == net_addr_port(&c->destination);
}

/* The number of the chunk's sender; SENDERS_MAX: there are too many. */
static unsigned sender_of(struct reading *r, const struct bench_chunk *c)
{
    unsigned i = 0;

    while (i < r->sender_count && !same_end(&r->senders[i], c))
        i++;
    if (i == r->sender_count && i < SENDERS_MAX)
        r->senders[r->sender_count++] = (struct sender){c->source, c->destination, c->tag, 0};
    return i;
}

/* Makes room for `more` elements; false: out of memory. */
static bool grow(void **list, size_t used, size_t more, size_t *room, size_t size)
{
    size_t wanted = *room ? *room : 1024;

    while (wanted < used + more)
        wanted *= 2;
    if (wanted == *room)
        return true;
    void *larger = reallocarray(*list, wanted, size);
    if (!larger)
        return false;
    *list = larger;
    *room = wanted;
    return true;
}

static bool take_chunk(const struct bench_chunk *c, void *reading, char *why, size_t size)
{
    struct reading *r = reading;
    unsigned sender = sender_of(r, c);

    if (sender == SENDERS_MAX)
        return bench_say(why, size, "packet %llu: more than %d senders", (unsigned long long)c->packet,
                         SENDERS_MAX);
    if (!grow((void **)&r->pieces, r->piece_count, 1, &r->piece_room, sizeof *r->pieces) ||
        !grow((void **)&r->store, r->used, c->len, &r->room, 1))
        return bench_say(why, size, "packet %llu: out of memory", (unsigned long long)c->packet);
    r->senders[sender].chunks++;
    r->pieces[r->piece_count++] = (struct piece){.at_ns = c->at_ns,
                                                 .offset = r->used,
                                                 .sender = sender,
                                                 .tsn = c->tsn,
                                                 .ppid = c->ppid,
                                                 .message = c->message,
                                                 .fragment = c->fragment,
                                                 .len = c->len,
                                                 .stream = c->stream,
                                                 .begin = c->begin,
                                                 .end = c->end,
                                                 .unordered = c->unordered,
                                                 .interleaved = c->interleaved};
    memcpy(r->store + r->used, c->data, c->len);
    r->used += c->len;
    return true;
}

static void reading_free(struct reading *r)
{
    free(r->pieces);
    free(r->store);
}

/* ---- the sender --------------------------------------------------------------------------------------- */

/* Lists the senders, so that one can be chosen. */
static bool say_senders(const struct reading *r, const char *problem, char *why, size_t size)
{
    char from[NET_ADDR_TEXT], to[NET_ADDR_TEXT];
    int used = snprintf(why, size, "%s:", problem);

    for (unsigned i = 0; i < r->sender_count && i < LIST_MAX && used > 0 && (size_t)used < size; i++) {
        const struct sender *s = &r->senders[i];
        used += snprintf(why + used, size - (size_t)used, "%s %u: %s to %s (%llu chunks)", i ? "," : "",
                         i + 1, net_addr_format(&s->source, from, sizeof from),
                         net_addr_format(&s->destination, to, sizeof to), (unsigned long long)s->chunks);
    }
    if (r->sender_count > LIST_MAX && used > 0 && (size_t)used < size)
        snprintf(why + used, size - (size_t)used, " and %u more", r->sender_count - LIST_MAX);
    return false;
}

/* Whether a sender is the one that `from` describes. */
static bool is_from(const struct sender *s, const char *from)
{
    char text[NET_ADDR_TEXT], port[16];
    struct net_addr plain = s->source;

    snprintf(port, sizeof port, ":%u", net_addr_port(&s->source));
    if (strcmp(from, port) == 0 || strcmp(from, net_addr_format(&s->source, text, sizeof text)) == 0)
        return true;
    net_addr_set_port(&plain, 0);
    return strcmp(from, net_addr_format(&plain, text, sizeof text)) == 0;
}

static bool choose_sender(const struct reading *r, const char *from, unsigned *chosen, char *why, size_t size)
{
    unsigned matches = 0, number;
    char reason[64];

    if (r->sender_count == 0)
        return bench_say(why, size, "there is no DATA chunk in it");
    if (strspn(from, "0123456789") == strlen(from) && *from) {
        if (!bench_parse_unsigned(from, 1, r->sender_count, &number, reason, sizeof reason))
            return say_senders(r, "there is no such sender", why, size);
        *chosen = number - 1;
        return true;
    }
    for (unsigned i = 0; i < r->sender_count; i++)
        if (!*from || is_from(&r->senders[i], from)) {
            *chosen = i;
            matches++;
        }
    if (matches == 1)
        return true;
    return say_senders(
        r, matches ? "several senders: choose one with --replay-from" : "there is no such sender", why, size);
}

/* ---- putting together --------------------------------------------------------------------------------- */

/* By TSN; the earlier one of two with the same. */
static int by_place(const void *a, const void *b)
{
    const struct piece *x = a, *y = b;

    if (x->place != y->place)
        return x->place < y->place ? -1 : 1;
    return (x->at_ns > y->at_ns) - (x->at_ns < y->at_ns);
}

/* I-DATA chunks: the fragments of a message behind each other. */
static int by_message(const void *a, const void *b)
{
    const struct piece *x = a, *y = b;

    if (x->stream != y->stream)
        return x->stream < y->stream ? -1 : 1;
    if (x->unordered != y->unordered)
        return x->unordered ? 1 : -1;
    if (x->message != y->message)
        return x->message < y->message ? -1 : 1;
    return (x->fragment > y->fragment) - (x->fragment < y->fragment);
}

/* Keeps the chosen sender's chunks, in the order of their TSNs, each once. */
static size_t select_pieces(struct reading *r, unsigned chosen)
{
    size_t kept = 0, unique = 0;
    uint32_t first = 0;

    for (size_t i = 0; i < r->piece_count; i++) {
        if (r->pieces[i].sender != chosen)
            continue;
        if (kept == 0)
            first = r->pieces[i].tsn;
        r->pieces[kept] = r->pieces[i];
        r->pieces[kept++].place = (int32_t)(r->pieces[i].tsn - first);
    }
    qsort(r->pieces, kept, sizeof *r->pieces, by_place);
    for (size_t i = 0; i < kept; i++)
        if (unique == 0 || r->pieces[i].place != r->pieces[unique - 1].place)
            r->pieces[unique++] = r->pieces[i];
    return unique;
}

/* Whether `next` is the fragment that follows `p`. */
static bool follows(const struct piece *p, const struct piece *next)
{
    if (next->begin || next->stream != p->stream || next->unordered != p->unordered ||
        next->interleaved != p->interleaved)
        return false;
    return p->interleaved ? next->message == p->message && next->fragment == p->fragment + 1
                          : next->place == p->place + 1;
}

/* A message of the script while it is made; `place` of its last fragment. */
struct made {
    struct bench_script_message m;
    int64_t place;
};

/* Puts the fragments from `from` on together, if they are all there. Returns how many there are. */
static size_t assemble(struct reading *r, const struct piece *from, size_t left, struct bench_script *s,
                       size_t *used, struct made *out, bool *whole)
{
    size_t n = 1;

    while (n < left && !from[n - 1].end && follows(&from[n - 1], &from[n]))
        n++;
    *whole = from->begin && from[n - 1].end;
    if (!*whole)
        return n;
    *out = (struct made){
        .m = {.offset = *used, .ppid = from->ppid, .stream = from->stream, .unordered = from->unordered}};
    for (size_t i = 0; i < n; i++) {
        memcpy(s->content + *used, r->store + from[i].offset, from[i].len);
        *used += from[i].len;
        out->m.len += from[i].len;
        if (from[i].at_ns > out->m.at_ns)
            out->m.at_ns = from[i].at_ns;
        if (from[i].place > out->place || i == 0)
            out->place = from[i].place;
    }
    return n;
}

static int by_order(const void *a, const void *b)
{
    const struct made *x = a, *y = b;

    return (x->place > y->place) - (x->place < y->place);
}

static int by_time(const void *a, const void *b)
{
    const struct made *x = a, *y = b;

    if (x->m.at_ns != y->m.at_ns)
        return x->m.at_ns < y->m.at_ns ? -1 : 1;
    return by_order(a, b);
}

/* Orders the messages by time, no ordered one before those that precede it on its stream. */
static bool order(struct made *made, size_t count)
{
    uint64_t *latest = calloc(UINT16_MAX + 1, sizeof *latest);

    if (!latest)
        return false;
    qsort(made, count, sizeof *made, by_order);
    for (size_t i = 0; i < count; i++) {
        struct bench_script_message *m = &made[i].m;
        if (m->unordered)
            continue;
        if (m->at_ns < latest[m->stream])
            m->at_ns = latest[m->stream];
        latest[m->stream] = m->at_ns;
    }
    free(latest);
    qsort(made, count, sizeof *made, by_time);
    return true;
}

/* Fills in everything that follows from the messages. False: out of memory. */
static bool complete(struct bench_script *s)
{
    s->size_min = UINT32_MAX;
    for (uint32_t i = 0; i < s->count; i++) {
        const struct bench_script_message *m = &s->messages[i];
        s->streams = m->stream >= s->streams ? m->stream + 1u : s->streams;
        s->size_min = m->len < s->size_min ? m->len : s->size_min;
        s->size_max = m->len > s->size_max ? m->len : s->size_max;
    }
    uint64_t last = s->messages[s->count - 1].at_ns;
    s->period_ns = s->count > 1 && last >= s->count ? last + last / (s->count - 1) : 1000000000;
    s->of_stream = calloc(s->streams, sizeof *s->of_stream);
    for (uint32_t i = 0; s->of_stream && i < s->count; i++)
        s->of_stream[s->messages[i].stream].count++;
    for (uint32_t n = 0; s->of_stream && n < s->streams; n++) {
        struct bench_script_stream *of = &s->of_stream[n];
        of->messages = calloc(of->count + 1, sizeof *of->messages); /* not 0 bytes */
        if (!of->messages)
            return false;
        of->count = 0;
    }
    for (uint32_t i = 0; s->of_stream && i < s->count; i++) {
        struct bench_script_stream *of = &s->of_stream[s->messages[i].stream];
        of->messages[of->count++] = i;
    }
    return s->of_stream != NULL;
}

static bool assemble_all(struct reading *r, size_t pieces, struct bench_script *s, struct made *made)
{
    size_t used = 0, count = 0, n;
    bool whole;

    if (pieces && r->pieces[0].interleaved)
        qsort(r->pieces, pieces, sizeof *r->pieces, by_message);
    for (size_t i = 0; i < pieces; i += n) {
        n = assemble(r, &r->pieces[i], pieces - i, s, &used, &made[count], &whole);
        count += whole;
        s->incomplete += !whole;
    }
    if (!order(made, count) || !(s->messages = calloc(count + 1, sizeof *s->messages)))
        return false;
    for (size_t i = 0; i < count; i++) {
        s->messages[i] = made[i].m;
        s->messages[i].at_ns -= made[0].m.at_ns;
    }
    s->count = (uint32_t)count;
    return true;
}

static struct bench_script *put_together(struct reading *r, size_t pieces, char *why, size_t size)
{
    struct bench_script *s = calloc(1, sizeof *s);
    struct made *made = calloc(pieces + 1, sizeof *made);

    if (s)
        s->content = malloc(r->used + 1);
    bool good = s && s->content && made && assemble_all(r, pieces, s, made);
    if (!good)
        bench_say(why, size, "out of memory");
    else if (s->count == 0)
        good = bench_say(why, size, "the sender has no whole message in it");
    else if (!complete(s))
        good = bench_say(why, size, "out of memory");
    free(made);
    if (good)
        return s;
    bench_script_free(s);
    return NULL;
}

struct bench_script *bench_script_replay(const char *file, const char *from, char *why, size_t size)
{
    struct reading r = {0};
    struct bench_script *s = NULL;
    unsigned chosen = 0;

    if (bench_capture_read(file, take_chunk, &r, why, size) && choose_sender(&r, from, &chosen, why, size))
        s = put_together(&r, select_pieces(&r, chosen), why, size);
    reading_free(&r);
    return s;
}

/* ---- one message -------------------------------------------------------------------------------------- */

#define RAW_MAX (16u << 20)

struct bench_script *bench_script_raw(const char *file, char *why, size_t size)
{
    FILE *f = fopen(file, "re");
    struct bench_script *s = NULL;

    if (!f) {
        bench_say(why, size, "%s", strerror(errno));
        return NULL;
    }
    uint8_t *content = malloc(RAW_MAX + 1);
    size_t len = content ? fread(content, 1, RAW_MAX + 1, f) : 0;
    int error = ferror(f) ? errno : 0;
    fclose(f);
    if (!content || error || len == 0 || len > RAW_MAX)
        bench_say(why, size, "%s",
                  !content   ? "out of memory"
                  : error    ? strerror(error)
                  : len == 0 ? "the file is empty"
                             : "more than 16M");
    else if ((s = calloc(1, sizeof *s)) && (s->messages = calloc(1, sizeof *s->messages))) {
        s->messages[0].len = (uint32_t)len;
        s->count = 1;
        s->any_stream = true;
        s->content = content;
        if (complete(s))
            return s;
        content = NULL;
    }
    free(content);
    bench_script_free(s);
    return NULL;
}

void bench_script_free(struct bench_script *s)
{
    if (!s)
        return;
    for (uint32_t i = 0; s->of_stream && i < s->streams; i++)
        free(s->of_stream[i].messages);
    free(s->of_stream);
    free(s->messages);
    free(s->content);
    free(s);
}

/* ---- time --------------------------------------------------------------------------------------------- */

double bench_script_time(const struct bench_script *s, uint64_t n, double speed)
{
    double at = (double)(n / s->count) * (double)s->period_ns + (double)s->messages[n % s->count].at_ns;

    return at / speed;
}

/* How many messages of one round are due until `ns`. */
static uint64_t due_in_round(const struct bench_script *s, double ns)
{
    uint32_t low = 0, high = s->count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if ((double)s->messages[middle].at_ns <= ns)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint64_t bench_script_due(const struct bench_script *s, uint64_t ns, double speed, bool loop)
{
    double at = (double)ns * speed, period = (double)s->period_ns;
    uint64_t rounds = loop ? (uint64_t)(at / period) : 0;

    return rounds * s->count + due_in_round(s, at - (double)rounds * period);
}

uint64_t bench_script_share(const struct bench_script *s, uint64_t n, uint16_t stream)
{
    if (stream >= s->streams)
        return 0;
    const struct bench_script_stream *of = &s->of_stream[stream];
    uint32_t rest = (uint32_t)(n % s->count), low = 0, high = of->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (of->messages[middle] < rest)
            low = middle + 1;
        else
            high = middle;
    }
    return n / s->count * of->count + low;
}
