#include "tests/chaos/network.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int broker_space = -1, spaces[CHAOS_HOSTS_MAX];

static void fatal(const char *what)
{
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    exit(2);
}

static int space_of(int host)
{
    return host == CHAOS_BROKER ? broker_space : spaces[host];
}

static void enter(int host)
{
    if (setns(space_of(host), CLONE_NEWNET) != 0)
        fatal("setns");
}

/* Runs `ip` or `tc` in the namespace of a host, with commands on standard input. */
static bool run(int host, const char *program, const char *commands)
{
    int ends[2], status;
    if (pipe2(ends, O_CLOEXEC) != 0)
        fatal("pipe");
    pid_t child = fork();
    if (child == 0) {
        if (host != CHAOS_BROKER || broker_space >= 0)
            enter(host);
        dup2(ends[0], 0);
        execlp(program, program, "-batch", "-", NULL);
        fatal(program);
    }
    close(ends[0]);
    if (child < 0 || write(ends[1], commands, strlen(commands)) != (ssize_t)strlen(commands))
        fatal(program);
    close(ends[1]);
    return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void must_run(int host, const char *program, const char *commands)
{
    if (run(host, program, commands))
        return;
    fprintf(stderr, "%s failed: %s\n", program, commands);
    exit(2);
}

static int new_space(void)
{
    if (unshare(CLONE_NEWNET) != 0)
        fatal("unshare");
    int space = open("/proc/self/ns/net", O_RDONLY);
    if (space < 0)
        fatal("/proc/self/ns/net");
    return space;
}

bool network_possible(void)
{
    const char *missing = NULL;
    if (geteuid() != 0)
        missing = "root";
    else if (unshare(CLONE_NEWNET) != 0)
        missing = "network namespaces";
    else if (!run(CHAOS_BROKER, "ip", "link add probe type veth peer name eborp\n"))
        missing = "veth and ip";
    else if (!run(CHAOS_BROKER, "tc", "qdisc add dev probe root netem loss 1%\n"))
        missing = "sch_netem and tc";
    if (missing != NULL)
        printf("1..0 # skip: needs %s\n", missing);
    return missing == NULL;
}

static void set(const char *path, unsigned value)
{
    FILE *f = fopen(path, "w");
    if (f == NULL || fprintf(f, "%u\n", value) < 0 || fclose(f) != 0)
        fatal(path);
}

static void new_cable(unsigned host, unsigned path, const char *options)
{
    char text[500];
    snprintf(text, sizeof text,
             "link add h%u-%u %s type veth peer name p%u %s netns /proc/%d/fd/%d\n"
             "address add 10.90.%u.1 peer 10.90.%u.%u/32 dev h%u-%u\n"
             "link set h%u-%u up\n",
             host, path, options, path, options, (int)getpid(), spaces[host], path, path, 10 + host, host,
             path, host, path);
    must_run(CHAOS_BROKER, "ip", text);
    snprintf(text, sizeof text, "address add 10.90.%u.%u/24 dev p%u\nlink set p%u up\nlink set lo up\n", path,
             10 + host, path, path);
    must_run((int)host, "ip", text);
}

void network_new(unsigned hosts, uint16_t udp_port)
{
    broker_space = new_space();
    must_run(CHAOS_BROKER, "ip", "link set lo up\n");
    for (unsigned h = 0; h < hosts; h++) {
        spaces[h] = new_space();
        if (udp_port) {
            set("/proc/sys/net/sctp/udp_port", udp_port);
            set("/proc/sys/net/sctp/encap_port", udp_port);
        }
        enter(CHAOS_BROKER);
        /* The kernel's SCTP over UDP fails at GSO (transport/README.md). */
        for (unsigned p = 0; p < CHAOS_PATHS; p++)
            new_cable(h, p, udp_port ? "gso_max_size 1500" : "");
    }
}

/* The traffic control's unit of time, of which /proc/net/psched tells how many nanoseconds it has. */
static uint32_t ticks(unsigned ms)
{
    static unsigned ns;
    if (ns == 0) {
        unsigned per_us = 0, per_tick = 0;
        FILE *f = fopen("/proc/net/psched", "r");
        if (f == NULL || fscanf(f, "%x %x", &per_us, &per_tick) != 2 || per_us == 0 || per_tick == 0)
            fatal("/proc/net/psched");
        fclose(f);
        ns = per_tick;
    }
    return (uint32_t)((uint64_t)ms * 1000000 / ns);
}

/* What `tc qdisc replace dev DEVICE root netem limit 10000 loss … delay …` does, without starting a program:
 * on an emulated processor that takes longer than what it is to disturb. */
static void disturb_end(int host, const char *device, const struct disturbance *d)
{
    struct {
        struct nlmsghdr head;
        struct tcmsg tc;
        struct rtattr kind;
        char name[8];
        struct rtattr options;
        struct tc_netem_qopt netem;
    } request = {.head = {.nlmsg_len = sizeof request,
                          .nlmsg_type = RTM_NEWQDISC,
                          .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE},
                 .tc = {.tcm_family = AF_UNSPEC, .tcm_parent = TC_H_ROOT},
                 .kind = {.rta_len = RTA_LENGTH(6), .rta_type = TCA_KIND},
                 .name = "netem",
                 .options = {.rta_len = RTA_LENGTH(sizeof request.netem), .rta_type = TCA_OPTIONS},
                 .netem = {.latency = ticks(d->delay_ms), .jitter = ticks(d->jitter_ms), .limit = 10000}};
    request.netem.loss = d->loss == 100 ? UINT32_MAX : UINT32_MAX / 100 * d->loss;
    struct {
        struct nlmsghdr head;
        struct nlmsgerr error;
        char rest[1000];
    } answer;
    enter(host);
    request.tc.tcm_ifindex = (int)if_nametoindex(device);
    int sock = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (sock < 0 || send(sock, &request, sizeof request, 0) != (ssize_t)sizeof request ||
        recv(sock, &answer, sizeof answer, 0) < (ssize_t)sizeof answer.head)
        fatal("netlink");
    if (answer.head.nlmsg_type == NLMSG_ERROR && answer.error.error != 0) {
        errno = -answer.error.error;
        fatal("netem");
    }
    close(sock);
    enter(CHAOS_BROKER);
}

void network_disturb(unsigned host, unsigned path, const struct disturbance *d)
{
    char device[16];
    snprintf(device, sizeof device, "h%u-%u", host, path);
    disturb_end(CHAOS_BROKER, device, d);
    snprintf(device, sizeof device, "p%u", path);
    disturb_end((int)host, device, d);
}

struct sockaddr_in network_address(int host, unsigned path, uint16_t port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
    unsigned last = host == CHAOS_BROKER ? 1 : 10 + (unsigned)host;
    a.sin_addr.s_addr = htonl(10u << 24 | 90u << 16 | path << 8 | last);
    return a;
}

int network_socket(unsigned host, int type, int protocol)
{
    enter((int)host);
    int sock = socket(AF_INET, type, protocol);
    if (sock < 0)
        fatal("socket");
    enter(CHAOS_BROKER);
    return sock;
}
