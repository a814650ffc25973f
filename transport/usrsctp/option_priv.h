/* What the files of the usrsctp backend's options share. */
#ifndef JUNCTOR_TRANSPORT_USRSCTP_OPTION_PRIV_H
#define JUNCTOR_TRANSPORT_USRSCTP_OPTION_PRIV_H

#include "transport/usrsctp/usrsctp_priv.h"

/* One pair per row of options.def. */
#define OPTION(id, name, when, effect, source, help)                                                         \
    tr_option_set usr_set_##id;                                                                              \
    tr_option_get usr_get_##id;
#define FIELD(option, id, name, type, unit, min, max, dflt, names, help)
#include "config/sctp/options.def"

/* The calls with a text for what fails. `option` is one of the stack's SCTP_ numbers. */
enum tr_code usr_set(struct tr_endpoint *ep, enum opt_id id, int option, const void *value, socklen_t len,
                     struct tr_error *error);
enum tr_code usr_get(struct tr_endpoint *ep, enum opt_id id, int option, void *value, socklen_t len,
                     struct tr_error *error);
/* "set sndbuf: <what error_number means>". */
enum tr_code usr_option_failed(enum opt_id id, const char *what, int error_number, struct tr_error *error);

/* Options that are a number, for the endpoint's socket or for one association. */
enum tr_code usr_set_int(struct tr_endpoint *ep, enum opt_id id, int option, int value,
                         struct tr_error *error);
enum tr_code usr_set_value(struct tr_endpoint *ep, uint32_t assoc, enum opt_id id, int option, uint32_t value,
                           struct tr_error *error);
enum tr_code usr_get_value(struct tr_endpoint *ep, uint32_t assoc, enum opt_id id, int option,
                           uint32_t *value, struct tr_error *error);

/* For options that act at once: an endpoint's setting is that of its associations, too. */
uint32_t usr_all_or_one(const struct tr_endpoint *ep, uint32_t assoc);

/* Sets by `set`, which reads what is not given first: for `assoc`; 0 of a one-to-many endpoint: for those to
 * come, and for each there is, which keeps what is not given. */
enum tr_code usr_set_each(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                          struct tr_error *error, tr_option_set *set);

/* Extensions that are offered at set-up. The stack tells of an endpoint with one association what that was
 * granted, and lets nobody change it then; so what the endpoint offers is kept in *kept and, where it can
 * count only for associations to come, not told to the stack before these (usr_endpoint_renew). */
enum tr_code usr_set_offer(struct tr_endpoint *ep, enum opt_id id, int option, bool on, bool *kept,
                           struct tr_error *error);

/* Path MTU of new associations: what fits a link of 1500 bytes. */
enum tr_code usr_default_mtu(struct usr_endpoint *ep, struct tr_error *error);

#endif
