/* See privileges.h.
 *
 * Which capabilities stay follows from the configuration, because a reload, a new association to a peer, and
 * a buffer that is made larger need them again.
 *
 * CAP_NET_BIND_SERVICE: for ports below 1024.
 *
 * CAP_SYS_ADMIN: for network namespaces; with CAP_SYS_PTRACE where one is that of a process
 * (/proc/PID/ns/net), which may have more capabilities.
 *
 * CAP_NET_ADMIN: for socket buffers beyond net.core.wmem_max and rmem_max on sockets of the kernel's SCTP,
 * and for priorities above 6.
 *
 * Capabilities belong to threads. Those that are there before this is called have given theirs up when they
 * began; workers and resolvers begin afterwards. User and groups the C library sets for all threads, and
 * seccomp its filter (TSYNC). */
#include "broker/privileges.h"

#include <cap-ng.h>
#include <errno.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "broker/identity.h"
#include "broker/log.h"
#include "broker/sandbox.h"
#include "config/sctp/options.h"

#define BIT(capability) (UINT64_C(1) << (capability))

/* ---- what is needed ------------------------------------------------------------------------------- */

static int64_t number_in(const char *file)
{
    long long n = -1;
    FILE *f = fopen(file, "re");
    if (f && fscanf(f, "%lld", &n) != 1)
        n = -1;
    if (f)
        fclose(f);
    return n;
}

void brk_host_limits_read(struct brk_host_limits *out)
{
    out->sndbuf = number_in("/proc/sys/net/core/wmem_max");
    out->recbuf = number_in("/proc/sys/net/core/rmem_max");
    out->first_port = number_in("/proc/sys/net/ipv4/ip_unprivileged_port_start");
    if (out->first_port < 0)
        out->first_port = 1024;
}

/* Of one listener's or peer's sockets. */
static uint64_t for_sockets(const struct opt_set *s, const char *netns, int64_t port, bool kernel,
                            const struct brk_host_limits *host)
{
    uint64_t needed = 0;
    if (port > 0 && port < host->first_port)
        needed |= BIT(CAP_NET_BIND_SERVICE);
    if (!kernel)
        return needed;
    if (netns)
        needed |= BIT(CAP_SYS_ADMIN);
    if (netns && strncmp(netns, "/proc/", 6) == 0)
        needed |= BIT(CAP_SYS_PTRACE);
    if (opt_num(s, OPTF_SNDBUF, 0) > host->sndbuf || opt_num(s, OPTF_RECBUF, 0) > host->recbuf ||
        opt_num(s, OPTF_PRIORITY, 0) > 6)
        needed |= BIT(CAP_NET_ADMIN);
    return needed;
}

uint64_t brk_capabilities_needed(const struct cfg_config *c, bool kernel, const struct brk_host_limits *host)
{
    uint64_t needed = 0;
    for (unsigned i = 0; i < c->listener_count; i++) {
        const struct cfg_listener *l = &c->listeners[i];
        if (!l->gone)
            needed |= for_sockets(&l->sctp, l->netns, kernel ? l->port : l->encaps_port, kernel, host);
    }
    for (unsigned i = 0; i < c->peer_count; i++) {
        const struct cfg_peer *p = &c->peers[i];
        if (!p->gone)
            needed |= for_sockets(&p->sctp, p->netns,
                                  kernel && p->local_port != CFG_ABSENT ? p->local_port : 0, kernel, host);
    }
    return needed;
}

const char *brk_capabilities_format(uint64_t capabilities, char out[static BRK_CAPABILITIES_TEXT])
{
    size_t n = 0;
    strcpy(out, "none");
    for (unsigned c = 0; c <= CAP_LAST_CAP; c++) {
        const char *name = capabilities & BIT(c) ? capng_capability_to_name(c) : NULL;
        if (name && n < BRK_CAPABILITIES_TEXT)
            n += (size_t)snprintf(out + n, BRK_CAPABILITIES_TEXT - n, "%s%s", n ? "," : "", name);
    }
    return out;
}

/* ---- giving up ------------------------------------------------------------------------------------ */

static bool failed(const char *what, const char *why)
{
    char quoted[400];
    brk_log(CFG_LOG_ERROR, "start_failed", "key=%s error=%s", what, brk_quote(why, quoted, sizeof quoted));
    return false;
}

/* Those of `needed` that there are. */
static uint64_t owned(uint64_t needed)
{
    uint64_t have = 0;
    for (unsigned c = 0; c <= CAP_LAST_CAP; c++)
        if (needed & BIT(c) && capng_have_capability(CAPNG_PERMITTED, c))
            have |= BIT(c);
    return have;
}

/* The log's file is the broker's own: a reload opens it again, as that user. */
static void hand_over_log(const struct cfg_config *c, const struct brk_identity *to)
{
    struct stat s;
    if (c->log_file && fstat(STDERR_FILENO, &s) == 0 && S_ISREG(s.st_mode) &&
        fchown(STDERR_FILENO, to->uid, to->gid) != 0)
        brk_log(CFG_LOG_WARNING, "advice",
                "key=broker.log_file text=\"it cannot be given to broker.user: %s\"", strerror(errno));
}

static bool change(const struct brk_identity *to, uint64_t keep)
{
    bool bounds = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP);
    if (!to->changes &&
        owned(UINT64_MAX) == keep) /* a service manager has seen to it, and may forbid capset */
        return true;
    capng_clear(CAPNG_SELECT_CAPS);
    for (unsigned c = 0; c <= CAP_LAST_CAP; c++)
        if (keep & BIT(c))
            capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED, c);
    if (bounds)
        capng_clear(CAPNG_SELECT_BOUNDS);
    if (!to->changes)
        return capng_apply(bounds ? CAPNG_SELECT_BOTH : CAPNG_SELECT_CAPS) == 0 ||
               failed("broker.user", "capabilities cannot be given up");
    unsigned flags = getpwuid(to->uid) ? CAPNG_INIT_SUPP_GRP : CAPNG_DROP_SUPP_GRP;
    flags |= bounds ? CAPNG_CLEAR_BOUNDING : 0;
    int e = capng_change_id((int)to->uid, (int)to->gid, (capng_flags_t)flags);
    if (e == 0)
        return true;
    char why[120];
    snprintf(why, sizeof why, "user, groups or capabilities cannot be changed (libcap-ng: %d)", e);
    return failed("broker.user", why);
}

void brk_privileges_begin(void)
{
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); /* inherited by threads */
}

/* A memory image would have messages in it. A process with a sanitizer in it must be able to look at itself.
 */
static void forbid_core_dumps(void)
{
    const struct rlimit none = {0, 0};
    if (!brk_sandbox_fits())
        return;
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

/* False: the configuration asks for the filter, and there is none. *word: what became of it. */
static bool enter_sandbox(enum cfg_sandbox wanted, const char **word)
{
    char why[120];
    *word = "off";
    if (wanted == CFG_SANDBOX_OFF || (wanted == CFG_SANDBOX_AUTO && !brk_sandbox_fits()))
        return true;
    int e = brk_sandbox_fits() ? brk_sandbox_enter() : ENOSYS;
    *word = e ? "unsupported" : "on";
    if (!e || (e == ENOSYS && wanted == CFG_SANDBOX_AUTO))
        return true;
    snprintf(why, sizeof why, "the filter of system calls cannot be installed (%s); write sandbox: off",
             strerror(e));
    return failed("broker.sandbox", why);
}

/* What will be read again must be readable for whom the broker is now. */
static void look_at(const char *what, const char *file)
{
    char quoted[400];
    if (file && strcmp(file, "-") != 0 && access(file, R_OK) != 0)
        brk_log(CFG_LOG_WARNING, "advice", "file=%s text=\"%s cannot be read again as this user (%s): %s\"",
                brk_quote(file, quoted, sizeof quoted), what, strerror(errno), "give it to broker.user");
}

static void look_at_files(const struct cfg_config *c)
{
    look_at("the configuration", c->file);
    for (unsigned i = 0; i < c->listener_count; i++)
        look_at("keys", opt_text(&c->listeners[i].sctp, OPTF_AUTH_KEYS));
    for (unsigned i = 0; i < c->peer_count; i++)
        look_at("keys", opt_text(&c->peers[i].sctp, OPTF_AUTH_KEYS));
}

bool brk_privileges_give_up(const struct cfg_config *c, bool kernel)
{
    struct brk_identity to;
    struct brk_host_limits host;
    char why[200], kept[BRK_CAPABILITIES_TEXT];
    const char *sandbox;
    if (!brk_identity_find(c, &to, why, sizeof why))
        return failed("broker.user", why);
    brk_host_limits_read(&host);
    if (capng_get_caps_process() != 0)
        return failed("broker.user", "capabilities cannot be read");
    uint64_t needed = brk_capabilities_needed(c, kernel, &host);
    if (!brk_sandbox_fits()) /* a sanitizer looks into its own process at the end */
        needed |= BIT(CAP_SYS_PTRACE);
    uint64_t keep = owned(needed);
    if (to.changes)
        hand_over_log(c, &to);
    if (!change(&to, keep))
        return false;
    if (!c->core_dumps)
        forbid_core_dumps();
    else if (to.changes)
        prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); /* which the change has switched off */
    if (!enter_sandbox(c->sandbox, &sandbox))
        return false;
    brk_log(CFG_LOG_INFO, "privileges", "uid=%u gid=%u capabilities=%s sandbox=%s core_dumps=%s",
            (unsigned)geteuid(), (unsigned)getegid(), brk_capabilities_format(keep, kept), sandbox,
            c->core_dumps ? "yes" : "no");
    if (to.changes)
        look_at_files(c);
    return true;
}
