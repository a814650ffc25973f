/* The library's life. Its state is global to the process, so one loop at a time has it.
 *
 * One thread. usrsctp_init_nothreads still starts one thread of the library, the "iterator". It sleeps until
 * somebody asks for a walk over all associations, and then walks beside us, which is what makes the library
 * unsafe. Two calls ask: SCTP_SENDALL, and usrsctp_deregister_address. Neither is used: addresses
 * are told to the stack once (path.c) and used again instead.
 *
 * The end. usrsctp_finish refuses while the stack has an endpoint, and an endpoint stays while one of its
 * timers is about to run. All sockets are closed with an abort before, so only those timers are left:
 * they are made to run at once by moving the stack's clock, which is ours, minutes ahead. Should the stack
 * still hold on to something after that, it stays initialised and the next loop goes on with it; names of
 * the old loop's paths are then not used again. */
#include "transport/usrsctp/usrsctp_priv.h"

#include <linux/capability.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    HASH_SIZE = 16384, /* buckets of ports; the stack makes 16 times as many of tags */
    FINISH_ROUNDS = 64,
    FINISH_STEP_MS = 60000
};

static struct usr_loop *owner;
static bool initialised;
static uint32_t first_path; /* indexes below are of earlier loops that the stack holds on to */

static int output(void *address, void *packet, size_t len, uint8_t tos, uint8_t set_df)
{
    (void)set_df; /* a packet that does not fit is better fragmented than lost, see udp.c */
    if (owner != NULL)
        usr_output(owner, address, packet, len, tos);
    return 0;
}

void usr_stack_limit(bool on)
{
    usrsctp_sysctl_set_sctp_max_chunks_on_queue(on ? USR_CHUNKS_MAX : UINT32_MAX);
}

/* The stack dates its cookies by the host's clock, and decides by the date which of its secrets signed one.
 * After a change of secret (once an hour, by default) a clock that was set back made it take the old one for
 * all cookies, until the clock had caught up: no association came up. So the secret stays for as long as the
 * stack's timers can count. */
static void configure(void)
{
    enum { SECRET_S = INT32_MAX / 1000 }; /* 24 days */
    usrsctp_sysctl_set_sctp_secret_lifetime_default(SECRET_S);
    usrsctp_enable_crc32c_offload(); /* input.c does it */
    usr_stack_limit(true);
    /* Without several addresses there is nothing to announce or to authenticate. */
    usrsctp_sysctl_set_sctp_auto_asconf(0);
    usrsctp_sysctl_set_sctp_asconf_enable(0);
    usrsctp_sysctl_set_sctp_auth_enable(0);
    /* The IP header, where congestion would be marked, is not ours. */
    usrsctp_sysctl_set_sctp_ecn_enable(0);
}

/* The library starts its thread here, which has the capabilities of the thread that starts it. It needs none;
 * those to become another user stay, because the C library changes the user of all threads or ends the
 * process. */
static void *begin(void *arg)
{
    enum { FEW = 1u << CAP_SETUID | 1u << CAP_SETGID };
    struct __user_cap_header_struct self = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct own[_LINUX_CAPABILITY_U32S_3];
    if (syscall(SYS_capget, &self, own) == 0) {
        own[0].permitted &= FEW;
        own[0].effective &= FEW;
        own[0].inheritable = 0;
        own[1] = (struct __user_cap_data_struct){0};
        syscall(SYS_capset, &self, own);
    }
    usrsctp_init_nothreads(0, output, NULL);
    return arg;
}

static void initialise(void)
{
    pthread_t thread;
    usrsctp_tunable_set_sctp_hashtblsize(HASH_SIZE); /* before the beginning only */
    if (pthread_create(&thread, NULL, begin, NULL) == 0)
        pthread_join(thread, NULL);
    else
        usrsctp_init_nothreads(0, output, NULL);
    configure();
}

enum tr_code usr_stack_open(struct usr_loop *loop, struct tr_error *error)
{
    if (owner != NULL)
        return tr_fail(error, TR_UNSUPPORTED, 0,
                       "the usrsctp stack serves one loop in a process at a time, and one is open already; "
                       "close it first, or use one worker");
    if (!initialised) {
        initialise();
        initialised = true;
        first_path = 0;
    }
    owner = loop;
    loop->paths.base = first_path;
    return TR_OK;
}

void usr_stack_close(struct usr_loop *loop)
{
    loop->closing = true;
    for (int round = 0; round < FINISH_ROUNDS && initialised; round++) {
        initialised = usrsctp_finish() != 0;
        if (initialised)
            usrsctp_handle_timers(FINISH_STEP_MS);
    }
    first_path += loop->paths.count;
    owner = NULL;
}
