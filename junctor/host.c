/* See host.h. */
#include "junctor/host.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "transport/transport.h"

/* Settings of the kernel's ip-sysctl documentation, "SCTP Variables". */
static const struct feature {
    const char *name, *sysctl;
    const char *off; /* what to do where it is off */
} features[] = {
    {"partial reliability (RFC 3758)", "net.sctp.prsctp_enable", "pr_supported offers it for one endpoint"},
    {"interleaving (RFC 8260)", "net.sctp.intl_enable",
     "write sysctl net.sctp.intl_enable=1, which interleaving_supported needs"},
    {"stream reconfiguration (RFC 6525)", "net.sctp.reconf_enable",
     "reconfig_supported offers it for one endpoint"},
    {"authenticated chunks (RFC 4895)", "net.sctp.auth_enable", "auth_supported offers it for one endpoint"},
    {"dynamic addresses (RFC 5061)", "net.sctp.addip_enable", "asconf_supported offers it for one endpoint"},
    {"ECN (RFC 9260)", "net.sctp.ecn_enable", "write sysctl net.sctp.ecn_enable=1"},
    {"potentially failed paths (RFC 7829)", "net.sctp.pf_enable", "write sysctl net.sctp.pf_enable=1"},
    {"path MTU probing (RFC 8899)", "net.sctp.plpmtud_probe_interval",
     "write sysctl net.sctp.plpmtud_probe_interval=5000"},
    {"UDP encapsulation (RFC 6951)", "net.sctp.udp_port",
     "write sysctl net.sctp.udp_port=9899 and net.sctp.encap_port=9899"},
    {"receive buffer of each association", "net.sctp.rcvbuf_policy", "write sysctl net.sctp.rcvbuf_policy=1"},
    {"send buffer of each association", "net.sctp.sndbuf_policy", "write sysctl net.sctp.sndbuf_policy=1"},
};

/* The number, or -1. */
static long long read_sysctl(const char *name)
{
    char path[100];
    long long value = -1;
    snprintf(path, sizeof path, "/proc/sys/%s", name);
    for (char *at = path; (at = strchr(at, '.'));)
        *at = '/';
    FILE *file = fopen(path, "re");
    if (file) {
        if (fscanf(file, "%lld", &value) != 1)
            value = -1;
        fclose(file);
    }
    return value;
}

static json_t *feature(const struct feature *f, bool sctp)
{
    long long value = sctp ? read_sysctl(f->sysctl) : -1;
    const char *advice = !sctp ? NULL : value < 0 ? "this kernel has no such setting" : value ? NULL : f->off;
    return json_pack("{s:s, s:s, s:o, s:o, s:s?}", "name", f->name, "sysctl", f->sysctl, "value",
                     value < 0 ? json_null() : json_integer(value), "on",
                     value < 0 ? json_null() : json_boolean(value > 0), "advice", advice);
}

json_t *host_kernel(void)
{
    struct utsname u = {0};
    struct tr_error error;
    bool sctp = tr_backend_probe(tr_kernel(), &error) == TR_OK;
    json_t *list = json_array();
    uname(&u);
    for (size_t i = 0; i < sizeof features / sizeof features[0]; i++)
        json_array_append_new(list, feature(&features[i], sctp));
    return json_pack("{s:s, s:s, s:s, s:b, s:s?, s:o}", "system", u.sysname, "release", u.release, "machine",
                     u.machine, "sctp", (int)sctp, "advice", sctp ? NULL : error.text, "features", list);
}
