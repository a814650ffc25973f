/* POST /v1/tap: what the tap captures, sent as it comes until the client goes or the broker ends. For the
 * admin thread. */
#ifndef JUNCTOR_BROKER_ADMIN_CAPTURE_H
#define JUNCTOR_BROKER_ADMIN_CAPTURE_H

#include "broker/admin/state_priv.h"

admin_handler admin_post_tap;

/* The response of a call that has a capture, which it takes over. NULL: out of memory. */
struct MHD_Response *admin_capture_response(struct admin_call *call);

/* Something has been captured: resumes those that waited for it. */
void admin_captures_go_on(struct admin *a);

/* Resumes all of them, so that libmicrohttpd can be stopped. */
void admin_captures_give_up(struct admin *a);

#endif
