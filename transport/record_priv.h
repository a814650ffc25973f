/* Options as records. A stack takes and gives for an option a struct of RFC 6458 (or an int): which one, and
 * where each field of options.def stands in it, is data that the stack's own headers give (records.def). So
 * one pair of functions here sets and reads every option that is no more than that, of either stack; a
 * backend has functions of its own only for what is peculiar to an option, and they build on these.
 *
 * Errors of all options are told in one form, too: tr_option_failed. */
#ifndef JUNCTOR_TRANSPORT_RECORD_PRIV_H
#define JUNCTOR_TRANSPORT_RECORD_PRIV_H

#include "transport/backend_priv.h"

#include <stddef.h>

struct sockaddr_storage;
struct tr_notices;

/* ---- What a backend says ---------------------------------------------------------------------------- */

enum tr_member_kind {
    TR_ABSENT,  /* the record has no such member */
    TR_NUMBER,  /* in the host's byte order */
    TR_NETWORK, /* in the network's */
    TR_WORD,    /* what stacks number differently: tr_words */
    TR_KEY,     /* a number that also chooses what is read */
    TR_PATH,    /* OPT_ADDR: a path, chosen when setting and when reading */
    TR_TOLD     /* OPT_ADDR: chosen when setting; reading tells it */
};

/* The stack's numbers for values from 0 on, or for bits from the lowest on. TR_NO_WORD: it has none. */
struct tr_words {
    const int32_t *word;
    unsigned count;
    bool bits;
    int64_t otherwise; /* what any other number of the stack's reads as; TR_NO_WORD: that is an error */
};
#define TR_NO_WORD (-1)
#define TR_WORD_LIST(name, bits, otherwise, ...)                                                             \
    static const int32_t name##_list[] = {__VA_ARGS__};                                                      \
    static const struct tr_words name = {name##_list, sizeof name##_list / sizeof name##_list[0], bits,      \
                                         otherwise}
#define TR_WORDS(name, otherwise, ...) TR_WORD_LIST(name, false, otherwise, __VA_ARGS__)
#define TR_BITS(name, ...)             TR_WORD_LIST(name, true, 0, __VA_ARGS__)

struct tr_member {
    uint16_t at;
    uint8_t size, kind; /* bytes; enum tr_member_kind */
    const struct tr_words *words;
};

struct tr_record {
    int level, name; /* of the socket option */
    uint16_t size;   /* 0: the option is none */
    uint16_t assoc;  /* where the association's number stands; TR_NO_ASSOC_ID: the record has none */
};
#define TR_NO_ASSOC_ID UINT16_MAX

enum { TR_RECORD_MAX = 512 };

/* The record of options that take an int. */
struct tr_int {
    int value;
};

/* Why an option fails with this errno, or what to do then: "; …". */
struct tr_reason {
    enum opt_id id;
    int error_number;
    enum tr_code code; /* TR_OK: what the errno means by itself */
    const char *text;
};

struct tr_records {
    const struct tr_record *record; /* OPT_ID_COUNT */
    const struct tr_member *member; /* OPTF_COUNT */
    const struct tr_reason *reason;
    unsigned reasons;
    const struct tr_notices *notices; /* for option events */
    /* setsockopt and getsockopt of a record of exactly `size` bytes; -1 with errno. */
    int (*set)(struct tr_endpoint *, int level, int name, const void *value, size_t size);
    int (*get)(struct tr_endpoint *, int level, int name, void *value, size_t size);
    enum tr_code (*code)(int error_number);
    bool (*exists)(struct tr_endpoint *, uint32_t assoc);
    /* The path that the user calls `text` as the stack wants it; NULL: all paths. */
    enum tr_code (*find_path)(const struct tr_place *, const char *text, struct sockaddr_storage *);
    /* An address of the stack's, which need not be aligned, into field `f`. */
    void (*tell_path)(struct tr_endpoint *, const void *address, enum opt_field f, struct opt_set *out);
};

/* ---- What it can use -------------------------------------------------------------------------------- */

/* Options that are their record. tr_set_record gives the stack 0 for what is not given, tr_set_merged what it
 * has itself. */
tr_option_set tr_set_record, tr_set_merged;
tr_option_get tr_get_record;

/* The record alone, for those that are more. Reading fills in association, path and keys first, as `which`
 * says. Writing reaches the associations that the option's row says; `record` is changed. */
enum tr_code tr_read_record(const struct tr_place *at, const struct opt_set *which, void *record);
enum tr_code tr_write_record(const struct tr_place *at, void *record, size_t size);

/* *all: what stands, with what is given in its place. */
enum tr_code tr_merge(const struct tr_place *at, const struct opt_set *in, struct opt_set *all);

/* What a field of another option is, for the same association; `otherwise` where it cannot be read. */
int64_t tr_ask(const struct tr_place *at, enum opt_field f, int64_t otherwise);

/* A number that stands in a record. False: it has no meaning here. And one to be put there. */
bool tr_member_get(const struct tr_member *m, const void *record, int64_t *out);
void tr_number_put(void *to, unsigned size, uint64_t value);

/* Given numbers of an option into a record, and those that it has out of it. */
enum tr_code tr_store(const struct tr_place *at, const struct tr_member *member, const struct opt_set *in,
                      void *record);
enum tr_code tr_load(const struct tr_place *at, const struct tr_member *member, const void *record,
                     struct opt_set *out);

/* From errno: "<option>: <what it means><advice>". An association that there is not is TR_NO_ASSOC, whatever
 * the stack says. */
enum tr_code tr_option_failed(const struct tr_place *at);
/* "<option>: <text>" */
enum tr_code tr_refuse(const struct tr_place *at, enum tr_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static inline struct tr_place tr_beside(const struct tr_place *at, enum opt_id id)
{
    return (struct tr_place){at->ep, at->assoc, id, at->error};
}

/* True where the option is to reach more than one association. */
static inline bool tr_is_shared(const struct tr_place *at)
{
    return at->assoc == 0 && at->ep->style == TR_ONE_TO_MANY;
}

#endif
