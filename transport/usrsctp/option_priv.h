/* What the files of the usrsctp backend's options share: the functions of those that are more than a record
 * (transport/record_priv.h), for the table in option.c. */
#ifndef JUNCTOR_TRANSPORT_USRSCTP_OPTION_PRIV_H
#define JUNCTOR_TRANSPORT_USRSCTP_OPTION_PRIV_H

#include "transport/option_shared_priv.h"
#include "transport/usrsctp/usrsctp_priv.h"

/* What usrsctp.h leaves out, though the library has it, and what it calls otherwise. */
#define SCTP_STREAM_SCHEDULER       SCTP_PLUGGABLE_SS
#define SCTP_STREAM_SCHEDULER_VALUE SCTP_SS_VALUE
enum { SCTP_INTERLEAVING_SUPPORTED = 0x1206, SCTP_PEER_ADDR_THLDS_V2 = 0x23 };
/* What it does not have. */
enum {
    SPP_SACKDELAY_ENABLE = TR_NO_WORD,
    SPP_SACKDELAY_DISABLE = TR_NO_WORD,
    SCTP_POTENTIALLY_FAILED = TR_NO_WORD
};
struct sctp_paddrthlds_v2 {
    struct sockaddr_storage spt_address;
    sctp_assoc_t spt_assoc_id;
    uint16_t spt_pathmaxrxt, spt_pathpfthld, spt_pathcpthld;
};

/* setsockopt and getsockopt of level IPPROTO_SCTP: 0, or -1 with errno. */
int usr_set_raw(struct tr_endpoint *ep, int name, const void *value, size_t size);
int usr_get_raw(struct tr_endpoint *ep, int name, void *value, size_t size);

/* option_socket.c: options that the stack keeps otherwise, or not at all (struct usr_kept). usr_set_kept does
 * not ask the stack, usr_set_and_keep does. An offer is an extension that both sides have to offer at set-up.
 */
tr_option_set usr_set_kept, usr_set_and_keep, usr_set_offer, usr_set_autoclose;
tr_option_get usr_get_kept;
void usr_keep(const struct tr_place *at, const struct opt_set *in);

/* option_path.c */
tr_option_set usr_set_tos, usr_set_rtoinfo, usr_set_path, usr_set_thresholds, usr_set_port, usr_set_maxseg;
tr_option_get usr_get_tos, usr_get_path, usr_get_port, usr_get_path_state, usr_get_maxseg;
enum tr_code usr_find_path(const struct tr_place *at, const char *text, struct sockaddr_storage *out);
void usr_tell_path(struct tr_endpoint *ep, const void *address, enum opt_field f, struct opt_set *out);

/* option_events.c */
tr_option_set usr_set_events;
tr_option_get usr_get_events;
enum tr_code usr_first_events(const struct tr_place *at);

/* option_stream.c */
tr_option_set usr_set_interleave, usr_set_interleaving, usr_set_scheduler, usr_set_stream_value,
    usr_set_permissions;
tr_option_get usr_get_stream_value;

/* option_auth.c */
tr_option_set usr_set_chunks, usr_set_keys, usr_set_key_number;
tr_option_get usr_get_peer_chunks;

/* option_status.c */
tr_option_get usr_get_given_up;

#endif
