/* Options that are more than their record (record_priv.h), and mean the same on both stacks. Set and get
 * functions for the rows of a backend, and pieces of such. */
#ifndef JUNCTOR_TRANSPORT_OPTION_SHARED_PRIV_H
#define JUNCTOR_TRANSPORT_OPTION_SHARED_PRIV_H

#include "transport/notice_priv.h"
#include "transport/record_priv.h"

#include "config/sctp/auth_keys.h"

/* rtoinfo: min is not above max, nor a given initial. */
tr_option_set tr_set_rtoinfo;

/* default_send_param and default_prinfo, which share a time to live. */
tr_option_set tr_set_send_param, tr_set_prinfo;
tr_option_get tr_get_send_param, tr_get_prinfo;

/* events: all but data_io. */
tr_option_set tr_set_events;
tr_option_get tr_get_events;

/* The record of SCTP_EVENT. */
struct tr_event_switch {
    uint32_t assoc;
    uint16_t type;
    uint8_t on;
};

/* Records whose length varies, as both stacks lay them out. */
struct tr_chunk_list {
    uint32_t assoc, count;
    uint8_t types[256];
};
struct tr_hash_list {
    uint32_t count;
    uint16_t ids[8];
};
struct tr_shared_key {
    uint32_t assoc;
    uint16_t number, len;
    uint8_t bytes[AUTH_KEY_BYTES_MAX];
};

/* auth_chunks: adds what is given. And the bits of that option for a list of types. */
tr_option_set tr_set_auth_chunks;
int64_t tr_chunk_flags(const struct tr_chunk_list *list);

/* hmac_ident */
tr_option_set tr_set_hashes;
tr_option_get tr_get_hashes;

/* auth_keys: reads the file that is given, which auth_keys_wipe must follow, also after an error; gives the
 * stack those keys. */
enum tr_code tr_read_keys(const struct tr_place *at, const struct opt_set *in, struct auth_keys *out);
enum tr_code tr_give_keys(const struct tr_place *at, const struct auth_keys *keys);

#endif
