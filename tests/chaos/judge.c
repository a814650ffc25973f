#include "tests/chaos/judge.h"

#include <glob.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "tests/chaos/broker.h"
#include "tests/chaos/record.h"

enum { SHOWN_MAX = 20, RECEIVERS_MAX = 10000 };

enum { TRIED = 1, ACCEPTED = 2, FAILED = 4, ARRIVED = 8 };

struct flow { /* a stream of a sender's association */
    struct flow_key {
        uint32_t sender, assoc, stream;
    } key;
    uint8_t *states; /* by number */
    uint32_t size, count;
    unsigned index;
    bool of_client;
    UT_hash_handle hh;
};

struct arrival {
    struct flow *flow;
    uint32_t number;
    uint32_t receiver; /* index of the record's file */
    uint32_t program;  /* the same for all incarnations of a program */
    uint32_t at;
    uint32_t order; /* among all */
    char kind;
};

struct court {
    const struct kind *kind;
    FILE *report;
    struct flow *flows;
    struct arrival *arrivals;
    size_t arrival_count, arrival_size;
    char files[RECEIVERS_MAX][40]; /* their names without the path */
    unsigned file_count;
    unsigned problems;
    /* messages */
    uint64_t acknowledged, given_back, unsure; /* accepted are the first two */
    uint64_t arrived, known, others;           /* distinct ones: U, K, O */
    uint64_t unread, again;                    /* arrivals */
    uint64_t received, copies, delivered, returned, dropped, waiting, may_have_arrived;
    uint64_t given_up; /* at most; of those delivered */
};

static void __attribute__((format(printf, 2, 3))) problem(struct court *c, const char *format, ...)
{
    va_list list;
    if (++c->problems > SHOWN_MAX)
        return;
    fprintf(c->report, "unexplained: ");
    va_start(list, format);
    vfprintf(c->report, format, list);
    va_end(list);
    fprintf(c->report, "\n");
}

/* ---- reading ------------------------------------------------------------------------------------------ */

static void *grown(void *p, size_t bytes)
{
    p = realloc(p, bytes);
    if (p == NULL)
        abort();
    return p;
}

static struct flow *flow_of(struct court *c, const struct chaos_id *id)
{
    struct flow_key key = {id->sender, id->assoc, id->stream};
    struct flow *f;
    HASH_FIND(hh, c->flows, &key, sizeof key, f);
    if (f != NULL)
        return f;
    f = grown(NULL, sizeof *f);
    *f = (struct flow){.key = key, .index = HASH_COUNT(c->flows)};
    HASH_ADD(hh, c->flows, key, sizeof f->key, f);
    return f;
}

static uint8_t *state_of(struct flow *f, uint32_t number)
{
    if (number >= f->size) {
        uint32_t size = f->size * 2 > number + 64 ? f->size * 2 : number + 64;
        f->states = grown(f->states, size);
        memset(f->states + f->size, 0, size - f->size);
        f->size = size;
    }
    if (number >= f->count)
        f->count = number + 1;
    return &f->states[number];
}

static void add_arrival(struct court *c, const struct arrival *a)
{
    if (c->arrival_count == c->arrival_size) {
        c->arrival_size = c->arrival_size ? c->arrival_size * 2 : 4096;
        c->arrivals = grown(c->arrivals, c->arrival_size * sizeof *a);
    }
    c->arrivals[c->arrival_count] = *a;
    c->arrivals[c->arrival_count].order = (uint32_t)c->arrival_count;
    c->arrival_count++;
}

static void take_line(struct court *c, const char *line, uint32_t program)
{
    struct chaos_id id;
    uint32_t at;
    char kind;
    if (strchr(line, '\n') == NULL ||
        sscanf(line, "%c %u %u %u %u %u", &kind, &id.sender, &id.assoc, &id.stream, &id.number, &at) != 6) {
        problem(c, "%s has a line that is none: %s", c->files[c->file_count - 1], line);
        return;
    }
    if (kind == RECORD_STRANGE) {
        problem(c, "%s read something that nobody sent so", c->files[c->file_count - 1]);
        return;
    }
    struct flow *f = flow_of(c, &id);
    if (kind == RECORD_READ || kind == RECORD_UNREAD) {
        add_arrival(c, &(struct arrival){.flow = f,
                                         .number = id.number,
                                         .receiver = c->file_count - 1,
                                         .program = program,
                                         .at = at,
                                         .kind = kind});
        return;
    }
    f->of_client = strncmp(c->files[program], "client", 6) == 0;
    uint8_t *state = state_of(f, id.number);
    if (kind == RECORD_TRY)
        *state |= TRIED;
    else if (kind == RECORD_ACCEPTED)
        *state |= TRIED | ACCEPTED;
    else if (kind == RECORD_FAILED)
        *state |= FAILED;
    else if (kind == RECORD_REFUSED)
        *state &= (uint8_t)~TRIED;
}

/* A number for PROGRAM in PROGRAM.INCARNATION.record: that of its first file. */
static uint32_t program_of(const struct court *c, const char *name)
{
    size_t length = strcspn(name, ".");
    for (uint32_t i = 0; i < c->file_count; i++)
        if (strncmp(c->files[i], name, length + 1) == 0)
            return i;
    return c->file_count;
}

static void take_file(struct court *c, const char *path)
{
    char line[200];
    const char *name = strrchr(path, '/') + 1;
    FILE *f = fopen(path, "r");
    if (f == NULL || c->file_count == RECEIVERS_MAX) {
        problem(c, "%s cannot be read", path);
        return;
    }
    uint32_t program = program_of(c, name);
    snprintf(c->files[c->file_count++], sizeof *c->files, "%s", name);
    while (fgets(line, sizeof line, f) != NULL)
        take_line(c, line, program);
    fclose(f);
}

static void take_folder(struct court *c, const char *folder)
{
    char pattern[400];
    glob_t found;
    snprintf(pattern, sizeof pattern, "%s/*.record", folder);
    if (glob(pattern, 0, NULL, &found) != 0) {
        problem(c, "%s has no records", folder);
        return;
    }
    for (size_t i = 0; i < found.gl_pathc; i++)
        take_file(c, found.gl_pathv[i]);
    globfree(&found);
}

static uint64_t value(const char *line, const char *key)
{
    char text[60];
    snprintf(text, sizeof text, " %s=", key);
    const char *at = strstr(line, text);
    return at ? strtoull(at + strlen(text), NULL, 10) : 0;
}

static void take_drops(struct court *c, const char *line)
{
    const char *at = line;
    while ((at = strstr(at, " dropped_")) != NULL) {
        char reason[60], spaced[62];
        at += strlen(" dropped_");
        snprintf(reason, sizeof reason, "%.*s", (int)strcspn(at, "="), at);
        snprintf(spaced, sizeof spaced, " %s ", reason);
        if (strstr(c->kind->drops, spaced) == NULL)
            problem(c, "%" PRIu64 " messages were dropped as %s, which %s does not allow",
                    (uint64_t)strtoull(at + strcspn(at, "=") + 1, NULL, 10), reason, c->kind->name);
    }
}

static void take_account(struct court *c, const char *folder)
{
    char line[4000];
    if (!broker_logged(folder, "account", line, sizeof line)) {
        problem(c, "the broker left no account");
        return;
    }
    c->received = value(line, "received");
    c->copies = value(line, "copies");
    c->delivered = value(line, "delivered");
    c->returned = value(line, "returned");
    c->dropped = value(line, "dropped");
    c->waiting = value(line, "waiting");
    uint64_t unacknowledged = value(line, "dropped_unacknowledged"), rest = c->dropped - unacknowledged;
    c->may_have_arrived = unacknowledged + (rest < c->returned ? rest : c->returned);
    c->given_up = value(line, "abandoned_unseen") + value(line, "abandoned_unknown");
    if (c->given_up && !c->kind->gives_up)
        problem(c, "%" PRIu64 " messages were given up by the stack, which %s does not allow", c->given_up,
                c->kind->name);
    take_drops(c, line);
}

/* ---- one by one --------------------------------------------------------------------------------------- */

#define COMPARE(x, y)                                                                                        \
    if ((x) != (y))                                                                                          \
    return (x) < (y) ? -1 : 1

static int by_receiver(const void *left, const void *right)
{
    const struct arrival *a = left, *b = right;
    COMPARE(a->receiver, b->receiver);
    COMPARE(a->at, b->at);
    COMPARE(a->flow->index, b->flow->index);
    COMPARE(a->order, b->order);
    return 0;
}

static int by_message(const void *left, const void *right)
{
    const struct arrival *a = left, *b = right;
    COMPARE(a->flow->index, b->flow->index);
    COMPARE(a->number, b->number);
    COMPARE(a->program, b->program);
    COMPARE(a->receiver, b->receiver);
    COMPARE(a->at, b->at);
    return 0;
}

static void about(struct court *c, const struct arrival *a, const char *what, uint32_t last)
{
    problem(c, "%s, association %u: message %u of stream %u of association %u of sender %u %s %u",
            c->files[a->receiver], a->at, a->number, a->flow->key.stream, a->flow->key.assoc,
            a->flow->key.sender, what, last);
}

static void judge_order(struct court *c)
{
    const struct arrival *last = NULL;
    qsort(c->arrivals, c->arrival_count, sizeof *c->arrivals, by_receiver);
    for (size_t i = 0; i < c->arrival_count; i++) {
        const struct arrival *a = &c->arrivals[i];
        bool first = !last || last->receiver != a->receiver || last->at != a->at || last->flow != a->flow;
        if (first && c->kind->order == ORDER_COMPLETE && a->number != 0)
            about(c, a, "is the first; missing are those before", a->number);
        if (!first && c->kind->order <= ORDER_RISING && a->number <= last->number)
            about(c, a, "came after", last->number);
        if (!first && c->kind->order <= ORDER_CONTIGUOUS && a->number > last->number + 1)
            about(c, a, "came right after", last->number);
        last = a;
    }
}

/* Counts arrivals, each message once (for each receiver, where each gets a copy), and marks what arrived. */
static void judge_arrivals(struct court *c)
{
    const struct arrival *last = NULL;
    qsort(c->arrivals, c->arrival_count, sizeof *c->arrivals, by_message);
    for (size_t i = 0; i < c->arrival_count; i++) {
        const struct arrival *a = &c->arrivals[i];
        uint8_t *state = state_of(a->flow, a->number);
        bool first = !last || last->flow != a->flow || last->number != a->number;
        if (!*state && first)
            about(c, a, "was never sent; in the record", a->receiver);
        if (!first && last->receiver == a->receiver && last->at == a->at)
            about(c, a, "came twice, unlike", a->number);
        if (first || (c->kind->copies && last->program != a->program))
            c->arrived++;
        else
            c->again++;
        if (first && (!(*state & ACCEPTED) || *state & FAILED))
            c->known++; /* those that were acknowledged are counted by judge_sent */
        *state |= ARRIVED;
        c->unread += a->kind == RECORD_UNREAD;
        last = a;
    }
}

static void judge_acknowledged(struct court *c, const struct flow *f, uint32_t number)
{
    c->acknowledged++;
    if (c->kind->whole && f->of_client && !(f->states[number] & ARRIVED))
        problem(c,
                "message %u of stream %u of association %u of sender %u was acknowledged and arrived nowhere",
                number, f->key.stream, f->key.assoc, f->key.sender);
}

static void judge_sent(struct court *c)
{
    for (struct flow *f = c->flows; f != NULL; f = f->hh.next)
        for (uint32_t n = 0; n < f->count; n++) {
            if (f->states[n] & FAILED)
                c->given_back++;
            else if (f->states[n] & ACCEPTED)
                judge_acknowledged(c, f, n);
            else if (f->states[n] & TRIED)
                c->unsure++;
        }
    c->others = c->given_back + c->unsure - c->known;
    c->known += c->acknowledged;
}

/* ---- all together ------------------------------------------------------------------------------------- */

static void judge_sums(struct court *c)
{
    if (c->waiting != 0)
        problem(c, "%" PRIu64 " messages still wait in the broker", c->waiting);
    if (c->received + c->copies != c->delivered + c->dropped + c->waiting)
        problem(c, "the broker's account does not balance");
    if (c->received < c->known)
        problem(c, "the broker's kernel acknowledged %" PRIu64 " messages that it did not receive",
                c->known - c->received);
    if (c->received > c->known + c->others)
        problem(c, "the broker received %" PRIu64 " messages more than can have been sent",
                c->received - c->known - c->others);
    if (c->delivered > c->arrived + c->given_up)
        problem(c, "%" PRIu64 " messages that the broker calls delivered did not arrive",
                c->delivered - c->arrived - c->given_up);
    else if (c->arrived > c->delivered + c->may_have_arrived)
        problem(c, "%" PRIu64 " messages arrived that the broker calls neither delivered nor unacknowledged",
                c->arrived - c->delivered - c->may_have_arrived);
}

static void tell(const struct court *c)
{
    fprintf(c->report,
            "sent:     %" PRIu64 " acknowledged, %" PRIu64 " given back, %" PRIu64
            " tried when the program was killed; the broker had %" PRIu64 " to %" PRIu64 "\n"
            "broker:   %" PRIu64 " received, %" PRIu64 " copies, %" PRIu64 " delivered, %" PRIu64
            " dropped; %" PRIu64 " came back; %" PRIu64 " perhaps given up\n"
            "arrived:  %" PRIu64 "; %" PRIu64 " once more at another association; %" PRIu64
            " left unread by programs that were killed\n",
            c->acknowledged, c->given_back, c->unsure, c->known, c->known + c->others, c->received, c->copies,
            c->delivered, c->dropped, c->returned, c->given_up, c->arrived, c->again, c->unread);
}

bool judge(const char *folder, const struct kind *kind, FILE *report)
{
    struct court *c = grown(NULL, sizeof *c);
    struct flow *f, *next;
    memset(c, 0, sizeof *c);
    c->kind = kind;
    c->report = report;
    take_folder(c, folder);
    take_account(c, folder);
    judge_order(c);
    judge_arrivals(c);
    judge_sent(c);
    judge_sums(c);
    tell(c);
    bool fine = c->problems == 0;
    if (!fine)
        fprintf(report, "%u problems\n", c->problems);
    HASH_ITER(hh, c->flows, f, next)
    {
        HASH_DEL(c->flows, f);
        free(f->states);
        free(f);
    }
    free(c->arrivals);
    free(c);
    return fine;
}
