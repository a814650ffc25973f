/* Mending the stack after a restart.
 *
 * A peer that died without a word and comes back from the same addresses and ports makes the association
 * begin anew (RFC 9260 5.2.4, case A). usrsctp 0.9.5 then gives back what was not acknowledged, but leaves it
 * in the path's count of bytes in flight. Where that count had reached the congestion window nothing leaves
 * ever again: there is nothing that could be acknowledged. A SACK that comes while nothing is queued sets the
 * count to zero, so the stack is given one, as if the peer had sent it. It acknowledges the sequence number
 * before our first one, which is what the peer has.
 *
 * Our new tag and first sequence number stand in the INIT ACK. The last few are noted as they leave: an INIT
 * that was repeated has several, each with a tag of its own, and the peer goes by one of them. */
#include "transport/usrsctp/usrsctp_priv.h"

#include <string.h>

enum {
    CHUNK_AT = 12,
    OUR_TAG_AT = 16,
    OUR_TSN_AT = 28, /* of an INIT or INIT ACK */
    SACK_BYTES = 16
};

void usr_restart_note(struct usr_path *path, const uint8_t *packet, size_t len)
{
    struct usr_answer *a = &path->answers[path->answered % USR_ANSWERS];
    if (len < OUR_TSN_AT + sizeof a->tsn)
        return;
    memcpy(&a->tag, packet + OUR_TAG_AT, sizeof a->tag);
    memcpy(&a->tsn, packet + OUR_TSN_AT, sizeof a->tsn);
    path->answered++;
}

/* The one that the peer goes by, whose packets carry its tag; NULL: too long ago. */
static const struct usr_answer *answer_to(const struct usr_path *path, const uint8_t *packet)
{
    for (unsigned i = 0; i < USR_ANSWERS && i < path->answered; i++)
        if (memcmp(packet + 4, &path->answers[i].tag, sizeof path->answers[i].tag) == 0)
            return &path->answers[i];
    return NULL;
}

struct search {
    uint32_t path;
    bool found;
    uint32_t rwnd;
};

static void look(struct usr_endpoint *ep, const struct sctp_status *s, void *arg)
{
    struct search *search = arg;
    const struct usr_path *path = usr_path_of(usr_loop_of(&ep->base), usr_primary(s));
    if (path == NULL || path->index != search->path)
        return;
    search->found = true;
    search->rwnd = s->sstat_rwnd;
}

static void put32(uint8_t *at, uint32_t value)
{
    uint32_t network = htonl(value);
    memcpy(at, &network, sizeof network);
}

void usr_restart_mend(struct usr_path *path, const uint8_t *packet)
{
    struct search search = {.path = path->index};
    uint8_t sack[CHUNK_AT + SACK_BYTES] = {0};
    const struct usr_answer *answer = answer_to(path, packet);
    if (answer == NULL || path->ep == NULL)
        return;
    usr_each_assoc(path->ep, look, &search);
    if (!search.found)
        return;
    memcpy(sack, packet, 8); /* ports and tag */
    sack[CHUNK_AT] = SCTP_SELECTIVE_ACK;
    sack[CHUNK_AT + 3] = SACK_BYTES;
    put32(sack + CHUNK_AT + 4, ntohl(answer->tsn) - 1);
    put32(sack + CHUNK_AT + 8, search.rwnd);
    usr_inject(path, sack, sizeof sack);
}
