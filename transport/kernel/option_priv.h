/* What the files of the kernel backend's options share. */
#ifndef JUNCTOR_TRANSPORT_KERNEL_OPTION_PRIV_H
#define JUNCTOR_TRANSPORT_KERNEL_OPTION_PRIV_H

#include "transport/kernel/kernel_priv.h"

/* One pair per row of options.def. */
#define OPTION(id, name, when, effect, source, help)                                                         \
    tr_option_set kernel_set_##id;                                                                           \
    tr_option_get kernel_get_##id;
#define FIELD(opt, id, name, type, unit, min, max, dflt, names, help)
#include "config/sctp/options.def"

/* setsockopt and getsockopt of an exact size: 0, or -1 with errno. */
int kernel_set_raw(struct tr_endpoint *ep, int level, int name, const void *value, size_t size);
int kernel_get_raw(struct tr_endpoint *ep, int level, int name, void *value, size_t size);

/* From errno: "<option>: <reason><advice>"; TR_NO_ASSOC where `assoc` is given and is none. */
enum tr_code kernel_opt_failed(struct tr_endpoint *ep, uint32_t assoc, enum opt_id id, const char *advice,
                               struct tr_error *error);

/* The same for reading what only an association has. Without a number Linux means that of a one-to-one
 * socket, and says EINVAL where there is none: TR_NO_ASSOC. */
enum tr_code kernel_no_association(struct tr_endpoint *ep, uint32_t assoc, enum opt_id id,
                                   struct tr_error *error);

/* True for a one-to-many endpoint: it may have several associations. */
bool kernel_shared(const struct tr_endpoint *ep);

/* Sets a record whose association id is at `id`, for `assoc`; 0 of a one-to-many endpoint: for all
 * associations that there are and will be. */
int kernel_set_for_all(struct tr_endpoint *ep, uint32_t assoc, int name, void *record, size_t size,
                       sctp_assoc_t *id);

/* Calls set_one for `assoc` and, where that is 0 on a one-to-many endpoint, for each association there is. */
enum tr_code kernel_set_each(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                             struct tr_error *error, tr_option_set *set_one);

/* An option that Linux has as one number for an association or for those to come (sctp_assoc_value), and that
 * is a row with one field. What assoc 0 of a one-to-many endpoint means follows from the row: see "Scope" in
 * option.c. */
enum tr_code kernel_set_value(struct tr_endpoint *ep, uint32_t assoc, enum opt_id id, int name, int64_t value,
                              struct tr_error *error);
enum tr_code kernel_get_value(struct tr_endpoint *ep, uint32_t assoc, enum opt_id id, int name,
                              struct opt_set *out, struct tr_error *error);

/* option_offer.c: what an endpoint offers to associations to come. kernel_set_offer and _get_offer
 * are for rows that are one sctp_assoc_value; the others remember and look up themselves. */
void kernel_remember_offer(struct tr_endpoint *ep, enum opt_id id, int64_t value);
/* False: ask the socket. */
bool kernel_recall_offer(struct tr_endpoint *ep, uint32_t assoc, enum opt_id id, struct opt_set *out);
enum tr_code kernel_set_offer(struct tr_endpoint *ep, uint32_t assoc, enum opt_id id, int name,
                              const struct opt_set *in, struct tr_error *error);
enum tr_code kernel_get_offer(struct tr_endpoint *ep, uint32_t assoc, enum opt_id id, int name,
                              struct opt_set *out, struct tr_error *error);

/* An address as an option's value, without port. */
void kernel_put_address(struct opt_set *out, enum opt_field f, const struct sockaddr_storage *from);

#endif
