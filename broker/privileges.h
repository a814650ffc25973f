/* What a broker gives up before it handles messages: its user, its capabilities, core dumps, and most system
 * calls. */
#ifndef JUNCTOR_BROKER_PRIVILEGES_H
#define JUNCTOR_BROKER_PRIVILEGES_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"

/* What the host allows without a capability. */
struct brk_host_limits {
    int64_t sndbuf, recbuf; /* net.core.wmem_max, rmem_max; -1: not known */
    int64_t first_port;     /* net.ipv4.ip_unprivileged_port_start */
};

void brk_host_limits_read(struct brk_host_limits *out);

/* The capabilities that this configuration needs while it is in force: bit n is capability n of
 * <linux/capability.h>. `kernel`: its SCTP is the kernel's. */
uint64_t brk_capabilities_needed(const struct cfg_config *c, bool kernel, const struct brk_host_limits *host);

/* "net_admin,net_bind_service"; "none". Returns `out`. */
#define BRK_CAPABILITIES_TEXT 160
const char *brk_capabilities_format(uint64_t capabilities, char out[static BRK_CAPABILITIES_TEXT]);

/* Before the first other thread starts: no program that one of them might run gets more rights. */
void brk_privileges_begin(void);

/* Called by the first thread when everything has been opened, before the workers are started: they inherit
 * what remains. Threads that are there already keep no capabilities (brk_powerless), and get the filter, too.
 * False: it failed, for a reason that has been logged. */
bool brk_privileges_give_up(const struct cfg_config *c, bool kernel);

#endif
