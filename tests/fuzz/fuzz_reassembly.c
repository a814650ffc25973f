/* Pieces in any order, and everything that can happen to them, against a simple model: a message comes whole,
 * with the bytes of its pieces in their order, or is told to be dropped, and only for a reason. In the end no
 * memory is left. */
#include "tests/fuzz/bytes.h"
#include "transport/reassembly.h"

enum { OWNERS = 3, ASSOCS = 3, STREAMS = 10, KINDS = 3, MAX_MESSAGE = 1000, PLACES = 2 };

/* A message under way as it should be. */
struct message {
    bool begun;
    uint8_t bytes[0x800];
    size_t len; /* may be more than there is room for: what is too long is only counted */
};

static struct message model[OWNERS][ASSOCS][STREAMS][2][KINDS];
static struct adm_owner owners[OWNERS];
static unsigned at[OWNERS]; /* the pool that an owner is in */
static struct reasm_pool pools[2];
static uint8_t pattern;

static struct reasm_pool *pool_of(unsigned owner)
{
    return &pools[at[owner]];
}

static bool always(const struct adm_owner *owner)
{
    (void)owner;
    return true;
}

/* ---- what happens ------------------------------------------------------------------------------------ */

static void forget(unsigned owner, unsigned assoc)
{
    for (unsigned s = 0; s < STREAMS; s++)
        for (unsigned u = 0; u < 2; u++)
            for (unsigned k = 0; k < KINDS; k++)
                if (k != REASM_NOTIFICATION)
                    model[owner][assoc][s][u][k].begun = false;
}

static void forget_owner(unsigned owner)
{
    for (unsigned a = 0; a < ASSOCS; a++) {
        forget(owner, a);
        for (unsigned s = 0; s < STREAMS; s++)
            for (unsigned u = 0; u < 2; u++)
                model[owner][a][s][u][REASM_NOTIFICATION].begun = false;
    }
}

/* The result of a last piece. */
static void check(const struct message *m, enum reasm_kind kind, enum reasm_result r,
                  const struct reasm_piece *whole, uint64_t bytes)
{
    must(bytes == m->len && whole->kind == kind);
    if (r == REASM_WHOLE) {
        must(whole->msg.len == m->len && (kind != REASM_RECEIVED || m->len <= MAX_MESSAGE));
        must(m->len == 0 || memcmp(whole->msg.data, m->bytes, m->len) == 0);
        return;
    }
    must(kind == REASM_RECEIVED && whole->msg.len == 0);
    must(r == REASM_NO_ROOM || m->len > MAX_MESSAGE);
}

static void add(struct bytes *b)
{
    uint8_t where = take8(b), what = take8(b);
    unsigned owner = where % OWNERS, assoc = where / OWNERS % ASSOCS, kind = what % KINDS;
    uint16_t stream = (uint16_t)(take8(b) % STREAMS);
    bool unordered = what & 0x40, last = what & 0x80;
    struct message *m = &model[owner][assoc][stream][unordered][kind];
    uint8_t data[512];
    struct reasm_piece whole, piece = {.kind = (enum reasm_kind)kind,
                                       .msg = {.data = data,
                                               .len = take8(b) * 2u,
                                               .assoc = assoc + 1,
                                               .stream = stream,
                                               .flags = unordered ? TR_UNORDERED : 0}};
    uint64_t bytes;

    if (!m->begun)
        m->len = 0;
    if (m->len + piece.msg.len > sizeof m->bytes)
        return;
    m->begun = true;
    for (unsigned i = 0; i < piece.msg.len; i++)
        data[i] = m->bytes[m->len++] = pattern++;
    bool was = reasm_under_way(pool_of(owner), &owners[owner], piece.kind, &piece.msg);
    must(was == (m->len > piece.msg.len || was));
    enum reasm_result r = reasm_add(pool_of(owner), &owners[owner], &piece, last, &whole, &bytes);
    must((r == REASM_MORE) == !last);
    must(reasm_has(pool_of(owner), &owners[owner], piece.kind, &piece.msg) == !last);
    if (!last)
        return;
    m->begun = false;
    check(m, piece.kind, r, &whole, bytes);
}

static void move(unsigned from, unsigned assoc, unsigned to)
{
    for (unsigned s = 0; s < STREAMS; s++)
        for (unsigned u = 0; u < 2; u++)
            for (unsigned k = 0; k < KINDS; k++)
                if (k != REASM_NOTIFICATION && model[to][assoc][s][u][k].begun)
                    return; /* an association is in one place */
    reasm_move(pool_of(from), &owners[from], assoc + 1, &owners[to], assoc + 1);
    for (unsigned s = 0; s < STREAMS; s++)
        for (unsigned u = 0; u < 2; u++)
            for (unsigned k = 0; k < KINDS; k++)
                if (k != REASM_NOTIFICATION)
                    model[to][assoc][s][u][k] = model[from][assoc][s][u][k];
    forget(from, assoc);
}

static void change_pool(unsigned owner)
{
    struct reasm_partial *list = reasm_take(pool_of(owner), &owners[owner]);

    at[owner] = !at[owner];
    reasm_put(pool_of(owner), list);
}

static void tick(struct reasm_pool *p)
{
    const struct adm_holder *h;
    bool crowded;

    for (unsigned i = 0; i < OWNERS; i++)
        if (pool_of(i) == p)
            adm_hold_back(&p->admission, &owners[i]);
    adm_tick(&p->admission, always);
    while ((h = adm_overdue(&p->admission, &crowded))) {
        unsigned owner = (unsigned)(h->owner - owners), assoc = h->assoc;
        must(owner < OWNERS && assoc >= 1 && assoc <= ASSOCS);
        reasm_abort_assoc(p, &owners[owner], assoc);
        forget(owner, assoc - 1);
    }
    while (adm_admit(&p->admission))
        ;
}

static void abort_stream(unsigned owner, unsigned assoc, uint16_t stream)
{
    unsigned begun = model[owner][assoc][stream][0][REASM_RECEIVED].begun +
                     model[owner][assoc][stream][1][REASM_RECEIVED].begun;

    must(reasm_abort_stream(pool_of(owner), &owners[owner], assoc + 1, stream) == begun);
    for (unsigned u = 0; u < 2; u++)
        model[owner][assoc][stream][u][REASM_RECEIVED].begun = false;
}

static void happen(struct bytes *b)
{
    uint8_t what = take8(b);
    unsigned owner = what / 16 % OWNERS, other = (owner + 1 + take8(b) % (OWNERS - 1)) % OWNERS;

    switch (what % 16) {
    case 0:
        reasm_turn(pool_of(owner));
        break;
    case 1:
        abort_stream(owner, other % ASSOCS, (uint16_t)(take8(b) % STREAMS));
        break;
    case 2:
        reasm_abort_assoc(pool_of(owner), &owners[owner], other % ASSOCS + 1);
        forget(owner, other % ASSOCS);
        break;
    case 3:
        reasm_abort_owner(pool_of(owner), &owners[owner]);
        forget_owner(owner);
        break;
    case 4:
        if (at[owner] == at[other])
            move(owner, take8(b) % ASSOCS, other);
        break;
    case 5:
        change_pool(owner);
        break;
    case 6:
        tick(pool_of(owner));
        break;
    default:
        add(b);
    }
    must(!reasm_turn_full(pool_of(owner)) || pool_of(owner)->done_bytes >= REASM_TURN_BYTES);
    unsigned slots = reasm_batch_limit(pool_of(owner), &owners[owner], 64, 2048);
    must(slots >= 1 && slots <= 64);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes b = {data, size};

    memset(at, 0, sizeof at);
    for (unsigned i = 0; i < OWNERS; i++) {
        owners[i] = (struct adm_owner){.share = adm_new_share(), .shared = i < 2};
        forget_owner(i);
    }
    for (unsigned i = 0; i < 2; i++)
        reasm_init(&pools[i], MAX_MESSAGE, PLACES);
    while (b.left > 0)
        happen(&b);
    for (unsigned i = 0; i < OWNERS; i++)
        reasm_abort_owner(pool_of(i), &owners[i]);
    for (unsigned i = 0; i < 2; i++) {
        must(pools[i].under_way == 0 && !pools[i].admission.holders && !pools[i].admission.line);
        must(pools[i].bytes == pools[i].done_bytes);
        reasm_fini(&pools[i]);
        must(pools[i].bytes == 0 && !pools[i].admission.shares);
    }
    return 0;
}
