/* What the files of the kernel backend's options share: the functions of those that are more than a record
 * (transport/record_priv.h), for the table in option.c. */
#ifndef JUNCTOR_TRANSPORT_KERNEL_OPTION_PRIV_H
#define JUNCTOR_TRANSPORT_KERNEL_OPTION_PRIV_H

#include "transport/kernel/kernel_priv.h"
#include "transport/option_shared_priv.h"

/* setsockopt and getsockopt of an exact size: 0, or -1 with errno. */
int kernel_set_raw(struct tr_endpoint *ep, int level, int name, const void *value, size_t size);
int kernel_get_raw(struct tr_endpoint *ep, int level, int name, void *value, size_t size);

/* option_socket.c */
tr_option_set kernel_set_buffer, kernel_set_tos, kernel_set_autoclose;
tr_option_get kernel_get_buffer, kernel_get_tos, kernel_get_autoclose;

/* option_events.c */
tr_option_set kernel_set_events;
tr_option_get kernel_get_events;

/* option_path.c */
tr_option_set kernel_set_path, kernel_set_thresholds, kernel_set_auto_asconf;
tr_option_get kernel_get_path_state, kernel_get_sack_time;
enum tr_code kernel_find_path(const struct tr_place *at, const char *text, struct sockaddr_storage *out);
void kernel_tell_path(struct tr_endpoint *ep, const void *address, enum opt_field f, struct opt_set *out);
/* SCTP_PEER_ADDR_THLDS_V2 for kernels that have only what came before it. */
int kernel_set_old_thresholds(struct tr_endpoint *ep, const struct sctp_paddrthlds_v2 *t);
int kernel_get_old_thresholds(struct tr_endpoint *ep, struct sctp_paddrthlds_v2 *t);

/* option_stream.c */
tr_option_set kernel_set_interleave, kernel_set_interleaving, kernel_set_scheduler, kernel_set_stream_value;
tr_option_get kernel_get_stream_value;

/* option_auth.c */
tr_option_set kernel_set_chunks, kernel_set_hashes, kernel_set_keys, kernel_set_active_key;
tr_option_get kernel_get_chunks, kernel_get_hashes, kernel_get_active_key;

/* option_status.c */
tr_option_get kernel_get_statistics, kernel_get_given_up;

/* option_offer.c: what an endpoint offers to associations to come. kernel_set_offer and _get_offer are for
 * rows that are their record; the others remember and look up themselves. */
tr_option_set kernel_set_offer;
tr_option_get kernel_get_offer;
void kernel_remember_offer(const struct tr_place *at, int64_t value);
/* False: ask the socket. */
bool kernel_recall_offer(const struct tr_place *at, struct opt_set *out);

#endif
