/* See sandbox.h.
 *
 * Why two answers. A call that no part of a broker makes, but somebody who has taken it over would, ends the
 * process. Any other that is not on the list fails as if the kernel lacked it, which the C library and others
 * are prepared for: a broker must not die because a newer C library tries a newer call first. clone3 is such
 * a one; its flags cannot be seen by a filter, those of clone, which then is used, can.
 *
 * Calls that are allowed whatever their arguments cost nothing that can be measured: the kernel (5.11) keeps
 * a table of them. Those with conditions are rare. */
#include "broker/sandbox.h"

#include <errno.h>
#include <linux/sched.h>
#include <linux/sockios.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define SANITIZED true
#elif defined __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED true
#endif
#endif
#ifndef SANITIZED
#define SANITIZED false
#endif

#ifdef __s390x__
enum { CLONE_FLAGS = 1 }; /* which argument they are */
#else
enum { CLONE_FLAGS = 0 };
#endif

enum { PROTECTION = 2 }; /* of mmap and mprotect */

bool brk_sandbox_fits(void)
{
    return !SANITIZED;
}

/* 0, or a negative errno. What this architecture lacks is left out. */
static int add(scmp_filter_ctx f, uint32_t what, const char *name)
{
    int number = seccomp_syscall_resolve_name(name);
    int e = number == __NR_SCMP_ERROR ? 0 : seccomp_rule_add_array(f, what, number, 0, NULL);
    return e == -EDOM ? 0 : e;
}

/* Allowed where (argument & mask) == value. */
static int allow_if(scmp_filter_ctx f, const char *name, unsigned argument, uint64_t mask, uint64_t value)
{
    int number = seccomp_syscall_resolve_name(name);
    const struct scmp_arg_cmp is = SCMP_CMP(argument, SCMP_CMP_MASKED_EQ, mask, value);
    int e = number == __NR_SCMP_ERROR ? 0 : seccomp_rule_add_array(f, SCMP_ACT_ALLOW, number, 1, &is);
    return e == -EDOM ? 0 : e;
}

static int add_table(scmp_filter_ctx f)
{
    static const struct {
        uint32_t what;
        const char *name;
    } rows[] = {
#define ALLOW(name) {SCMP_ACT_ALLOW, #name},
#define KILL(name)  {SCMP_ACT_KILL_PROCESS, #name},
#include "broker/sandbox.def"
    };
    int e = 0;
    for (size_t i = 0; !e && i < sizeof rows / sizeof rows[0]; i++)
        e = add(f, rows[i].what, rows[i].name);
    return e;
}

/* Memory is never writable and executable at once. */
static int allow_memory(scmp_filter_ctx f, const char *name)
{
    static const uint64_t others[] = {0, PROT_WRITE, PROT_EXEC};
    int e = 0;
    for (size_t i = 0; !e && i < sizeof others / sizeof others[0]; i++)
        e = allow_if(f, name, PROTECTION, PROT_WRITE | PROT_EXEC, others[i]);
    return e;
}

static int add_conditions(scmp_filter_ctx f)
{
    static const int families[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};
    static const int controls[] = {PR_SET_NAME,         PR_GET_NAME, PR_GET_DUMPABLE,
                                   PR_GET_NO_NEW_PRIVS, PR_SET_VMA,  PR_CAPBSET_READ};
    static const unsigned long requests[] = {
        FIONREAD,    FIONBIO,      FIOCLEX,      TCGETS,    TIOCGWINSZ, SIOCGIFCONF, SIOCGIFNAME,
        SIOCGIFADDR, SIOCGIFFLAGS, SIOCGIFINDEX, SIOCGSKNS, SIOCINQ,    SIOCOUTQ};
    int e = allow_if(f, "clone", CLONE_FLAGS, CLONE_THREAD, CLONE_THREAD);
    for (size_t i = 0; !e && i < sizeof families / sizeof families[0]; i++) {
        e = allow_if(f, "socket", 0, UINT32_MAX, (uint64_t)families[i]);
        e = e ? e : allow_if(f, "socketpair", 0, UINT32_MAX, (uint64_t)families[i]);
    }
    for (size_t i = 0; !e && i < sizeof controls / sizeof controls[0]; i++)
        e = allow_if(f, "prctl", 0, UINT32_MAX, (uint64_t)controls[i]);
    for (size_t i = 0; !e && i < sizeof requests / sizeof requests[0]; i++)
        e = allow_if(f, "ioctl", 1, UINT32_MAX, requests[i]);
    e = e ? e : allow_if(f, "setns", 1, UINT32_MAX, CLONE_NEWNET); /* refused without CAP_SYS_ADMIN */
    e = e ? e : allow_memory(f, "mmap");
    e = e ? e : allow_memory(f, "mmap2");
    return e ? e : allow_memory(f, "mprotect");
}

int brk_sandbox_enter(void)
{
    scmp_filter_ctx f = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
    if (!f)
        return ENOMEM;
    seccomp_attr_set(f, SCMP_FLTATR_CTL_LOG, 1);
    int e = seccomp_attr_set(f, SCMP_FLTATR_CTL_TSYNC, 1);
    if (!e)
        e = add_table(f);
    if (!e)
        e = add_conditions(f);
    if (!e)
        e = seccomp_load(f);
    seccomp_release(f);
    /* What libseccomp makes of a kernel without. */
    return e == -EINVAL || e == -EOPNOTSUPP || e == -ECANCELED || e == -ENOSYS ? ENOSYS : -e;
}
