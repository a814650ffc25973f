/* An emulated link; see network.h. */
#include "bench/tune/network.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/arguments_priv.h"

#define DEVICE "tune0"
#define NEAR   "198.18.0.1" /* RFC 2544: for measurements */
#define FAR    "198.18.0.2"
#define WORDS  40
#define MTU    "1500"

/* ---- programs ------------------------------------------------------------------------------------------ */

/* In the child: runs the words in the namespace. */
static void become(int space, char **words, int said)
{
    int nothing = open("/dev/null", O_RDWR);

    if (nothing < 0 || dup2(nothing, 0) < 0 || dup2(said, 1) < 0 || dup2(said, 2) < 0)
        _exit(126);
    if (setns(space, CLONE_NEWNET) != 0) {
        dprintf(2, "setns: %s\n", strerror(errno));
        _exit(126);
    }
    execvp(words[0], words);
    dprintf(2, "%s (package iproute2): %s\n", words[0], strerror(errno));
    _exit(127);
}

/* Runs a program in a namespace. False with what it said. */
static bool run(int space, char *line, char *why, size_t size)
{
    char *words[WORDS] = {NULL}, command[400], text[200] = "";
    unsigned count = 0;
    int status = -1, said = memfd_create("said", MFD_CLOEXEC);

    snprintf(command, sizeof command, "%s", line);
    for (char *save = NULL, *w = strtok_r(line, " ", &save); w && count < WORDS - 1;
         w = strtok_r(NULL, " ", &save))
        words[count++] = w;
    pid_t child = said < 0 ? -1 : fork();
    if (child == 0)
        become(space, words, said);
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    ssize_t got = said < 0 ? 0 : pread(said, text, sizeof text - 1, 0);
    text[got > 0 ? got : 0] = 0;
    text[strcspn(text, "\n")] = 0;
    if (said >= 0)
        close(said);
    return (child > 0 && status == 0) ||
           bench_say(why, size, "--link: `%s`: %s", command, *text ? text : "it failed");
}

__attribute__((format(printf, 4, 5))) static bool command(int space, char *why, size_t size,
                                                          const char *format, ...)
{
    char line[400];
    va_list list;

    va_start(list, format);
    vsnprintf(line, sizeof line, format, list);
    va_end(list);
    return run(space, line, why, size);
}

/* ---- the link -------------------------------------------------------------------------------------------
 */

static int new_space(void)
{
    return unshare(CLONE_NEWNET) == 0 ? open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC) : -1;
}

/* Both namespaces; this thread returns to its own. */
static bool make_spaces(struct bench_network *n, char *why, size_t size)
{
    int own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    bool good = own >= 0 && (n->near = new_space()) >= 0 && (n->far = new_space()) >= 0;
    int error = errno;

    if (own >= 0 && setns(own, CLONE_NEWNET) != 0) {
        good = false;
        error = errno;
    }
    if (own >= 0)
        close(own);
    return good || bench_say(why, size, "--link: no network namespace: %s%s", strerror(error),
                             error == EPERM ? "; it needs root" : "");
}

static bool set_up(int space, const char *address, const struct bench_link *l, char *why, size_t size)
{
    char netem[200];
    size_t used = (size_t)snprintf(netem, sizeof netem, "limit %u", l->limit);

    if (l->delay_us)
        used += (size_t)snprintf(netem + used, sizeof netem - used, " delay %uus", l->delay_us);
    if (l->jitter_us)
        used += (size_t)snprintf(netem + used, sizeof netem - used, " %uus", l->jitter_us);
    if (l->loss > 0)
        used += (size_t)snprintf(netem + used, sizeof netem - used, " loss %.6f%%", 100 * l->loss);
    if (l->rate)
        snprintf(netem + used, sizeof netem - used, " rate %llubit", (unsigned long long)l->rate);
    /* Packets as a link carries them: no larger ones that are cut later. */
    return command(space, why, size, "ip link set dev lo up") &&
           command(space, why, size,
                   "ip link set dev " DEVICE " mtu " MTU " gso_max_size " MTU " gso_max_segs 1") &&
           command(space, why, size, "ip address add %s/30 dev " DEVICE, address) &&
           command(space, why, size, "ip link set dev " DEVICE " up") &&
           command(space, why, size, "tc qdisc replace dev " DEVICE " root netem %s", netem);
}

static void use(int space, const char *address, struct bench_end *end)
{
    char why[VAL_WHY_MAX];
    uint16_t port = end->port, encaps = end->encaps_port;

    bench_end_parse(address, false, end, why, sizeof why);
    end->port = port;
    end->encaps_port = encaps;
    if (port)
        net_addr_set_port(&end->addresses[0], port);
    snprintf(end->netns, sizeof end->netns, "/proc/%d/fd/%d", (int)getpid(), space);
}

bool bench_network_open(struct bench_network *n, struct bench_tune *tune, char *why, size_t size)
{
    *n = (struct bench_network){-1, -1};
    if (geteuid() != 0)
        return bench_say(why, size, "--link makes network namespaces, which needs root");
    bool good = make_spaces(n, why, size) &&
                command(n->near, why, size,
                        "ip link add " DEVICE " type veth peer name " DEVICE " netns /proc/%d/fd/%d",
                        (int)getpid(), n->far) &&
                set_up(n->near, NEAR, &tune->link, why, size) && set_up(n->far, FAR, &tune->link, why, size);
    if (!good) {
        bench_network_close(n);
        return false;
    }
    use(n->near, NEAR, &tune->load.from);
    use(n->far, FAR, &tune->load.listen[0]);
    return true;
}

void bench_network_close(struct bench_network *n)
{
    if (n->near >= 0)
        close(n->near);
    if (n->far >= 0)
        close(n->far);
    n->near = n->far = -1;
}
