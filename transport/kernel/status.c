/* What Linux says about the associations of a socket. */
#include "transport/kernel/option_priv.h"

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

unsigned kernel_assocs(struct tr_endpoint *ep, uint32_t **out)
{
    uint32_t count = 0;
    *out = NULL;
    if (kernel_get_raw(ep, IPPROTO_SCTP, SCTP_GET_ASSOC_NUMBER, &count, sizeof count) != 0 || count == 0)
        return 0;
    size_t size = sizeof(struct sctp_assoc_ids) + count * sizeof(sctp_assoc_t);
    struct sctp_assoc_ids *list = calloc(1, size);
    if (list == NULL || kernel_get_raw(ep, IPPROTO_SCTP, SCTP_GET_ASSOC_ID_LIST, list, size) != 0) {
        free(list);
        return 0;
    }
    unsigned found = list->gaids_number_of_ids < count ? list->gaids_number_of_ids : count;
    *out = memmove(list, list->gaids_assoc_id, found * sizeof(sctp_assoc_t)); /* in the list's memory */
    return found;
}
