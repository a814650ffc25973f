/* What Linux says about the associations of a socket. */
#include "transport/kernel/option_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static uint32_t ask(struct tr_endpoint *ep, uint32_t assoc)
{
    struct sctp_status status = {.sstat_assoc_id = (sctp_assoc_t)assoc};
    bool is = kernel_get_raw(ep, IPPROTO_SCTP, SCTP_STATUS, &status, sizeof status) == 0;
    return is ? (uint32_t)status.sstat_assoc_id : 0;
}

bool kernel_assoc_exists(struct tr_endpoint *ep, uint32_t assoc)
{
    return ask(ep, assoc) != 0;
}

uint32_t kernel_only_assoc(struct kernel_endpoint *ep)
{
    return ask(&ep->base, 0);
}

/* How many there are is asked first, and by the time they are listed there may be more: that is EINVAL. */
bool kernel_list_assocs(struct tr_endpoint *ep, uint32_t **ids, unsigned *out)
{
    enum { TRIES = 16, MORE = 32 };
    uint32_t count = 0;
    *ids = NULL;
    *out = 0;
    for (unsigned i = 0; i < TRIES; i++) {
        if (kernel_get_raw(ep, IPPROTO_SCTP, SCTP_GET_ASSOC_NUMBER, &count, sizeof count) != 0)
            return false;
        size_t size = sizeof(struct sctp_assoc_ids) + (count + MORE) * sizeof(sctp_assoc_t);
        struct sctp_assoc_ids *list = calloc(1, size);
        if (list != NULL && kernel_get_raw(ep, IPPROTO_SCTP, SCTP_GET_ASSOC_ID_LIST, list, size) == 0) {
            *out = list->gaids_number_of_ids;
            *ids = memmove(list, list->gaids_assoc_id, *out * sizeof(sctp_assoc_t)); /* in its memory */
            return true;
        }
        bool again = list != NULL && errno == EINVAL;
        free(list);
        if (!again)
            return false;
    }
    return false;
}

unsigned kernel_assocs(struct tr_endpoint *ep, uint32_t **ids)
{
    unsigned count;
    return kernel_list_assocs(ep, ids, &count) ? count : 0;
}
