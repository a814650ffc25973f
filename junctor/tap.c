/* `junctor tap`: passes on what a running broker captures, block by block, so that the output is complete
 * pcapng whenever it ends. The broker sends statistics every second; the last ones are written at the end. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "broker/tap/pcapng.h"
#include "config/sctp/value.h"
#include "junctor/client.h"
#include "junctor/commands.h"
#include "junctor/output.h"
#include "junctor/usage.h"

static const char help[] =
    "Usage: junctor tap [FILTER...] [OPTION...]\n"
    "\n"
    "Captures the messages that a running broker relays, from now on and until it is\n"
    "interrupted, and writes them as pcapng to standard output or a file:\n"
    "\n"
    "  junctor tap | wireshark -k -i -\n"
    "  junctor tap from access ppid m3ua -w calls.pcapng\n"
    "\n"
    "FILTER is any of these, all of which must fit; several values with commas:\n"
    "  from NAME              listeners and peers that they come from\n"
    "  to NAME                listeners and peers that they are sent to\n"
    "  route NAME             routes that take them\n"
    "  ppid PPID              payload protocol identifiers, names or numbers\n"
    "  stream N               stream numbers, ranges such as 0-15\n"
    "  verdict VERDICT        received, forwarded, dropped or returned\n"
    "\n"
    "  -w, --write FILE       write to this file\n"
    "  -c, --count N          end after N packets\n"
    "      --snaplen BYTES    how much of each message is kept (default, most: 256K)\n" CLIENT_SOCKET_HELP
    "  -h, --help             this text\n"
    "\n"
    "Exit status: 0 done, 1 refused or not written, 2 wrong usage, 3 no broker\n"
    "answers.\n";

#define BLOCK_MAX   (1u << 20) /* longer ones are not pcapng of a broker */
#define BLOCK_LEAST 12
#define REST        64 /* reads after a signal */

static volatile sig_atomic_t interrupted;

static void interrupt(int signal)
{
    (void)signal;
    interrupted = 1;
}

struct capture {
    int from;
    FILE *to;
    uint64_t packets, limit; /* limit: 0: none */
    struct tap_bytes in;     /* received and not passed on */
    struct tap_bytes last;   /* the last statistics */
    bool broken;             /* what comes is not pcapng */
};

struct wanted {
    const char *socket, *file;
    int64_t limit, snaplen;
    char filter[800];
};

/* ---- blocks --------------------------------------------------------------------------------------- */

static bool is_done(const struct capture *c)
{
    return c->broken || ferror(c->to) || (c->limit && c->packets >= c->limit);
}

/* Passes on the block at `block`. Returns its length; 0: it is not complete yet. */
static size_t pass(struct capture *c, const unsigned char *block, size_t available)
{
    uint32_t type, length;
    if (available < BLOCK_LEAST)
        return 0;
    memcpy(&type, block, sizeof type);
    memcpy(&length, block + 4, sizeof length);
    if (length < BLOCK_LEAST || length > BLOCK_MAX || length % 4) {
        c->broken = true;
        return 0;
    }
    if (length > available)
        return 0;
    if (type == PCAPNG_STATISTICS) {
        c->last.used = 0;
        tap_bytes_add(&c->last, block, length);
    } else {
        fwrite(block, 1, length, c->to);
    }
    c->packets += type == PCAPNG_PACKET;
    return length;
}

static void pass_all(struct capture *c)
{
    size_t done = 0, n;
    while (!is_done(c) && (n = pass(c, c->in.data + done, c->in.used - done)) > 0)
        done += n;
    memmove(c->in.data, c->in.data + done, c->in.used - done);
    c->in.used -= done;
    fflush(c->to);
}

/* Until the broker ends the stream, the reader closes the pipe, or a signal comes and what had come by then,
 * to a limit, has been passed on. */
static void run(struct capture *c, const sigset_t *waiting)
{
    unsigned char bytes[65536];
    struct pollfd fds[] = {{.fd = c->from, .events = POLLIN}, {.fd = fileno(c->to), .events = 0}};
    static const struct timespec now;
    fflush(c->to);
    for (unsigned rest = REST; !is_done(c) && rest; rest -= interrupted != 0) {
        int ready = ppoll(fds, 2, interrupted ? &now : NULL, waiting);
        if (ready < 0)
            continue; /* EINTR */
        if (ready == 0 || (fds[1].revents & (POLLERR | POLLHUP)))
            break;
        ssize_t n = recv(c->from, bytes, sizeof bytes, 0);
        if (n == 0 || (n < 0 && errno != EINTR))
            break;
        if (n > 0)
            tap_bytes_add(&c->in, bytes, (size_t)n);
        pass_all(c);
    }
}

/* ---- start and end -------------------------------------------------------------------------------- */

/* SIGINT, SIGTERM: only while it waits. */
static sigset_t catch_signals(void)
{
    sigset_t ours, before;
    struct sigaction action = {.sa_handler = interrupt};
    sigemptyset(&ours);
    sigaddset(&ours, SIGINT);
    sigaddset(&ours, SIGTERM);
    sigprocmask(SIG_BLOCK, &ours, &before);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    return before;
}

static int finish(struct capture *c, const struct wanted *w, int error)
{
    if (c->last.used)
        fwrite(c->last.data, 1, c->last.used, c->to);
    bool failed = fflush(c->to) != 0 || ferror(c->to);
    error = failed && errno ? errno : error;
    uint64_t missed = c->last.used ? pcapng_missed(c->last.data, c->last.used) : 0;
    fprintf(stderr, "%" PRIu64 " packets captured, %" PRIu64 " messages missed\n", c->packets, missed);
    if (c->broken)
        fprintf(stderr, "junctor tap: what came is not a capture\n");
    else if (failed && error == EPIPE && !w->file)
        output_abandon();
    else if (failed && error != EPIPE && w->file)
        fprintf(stderr, "junctor tap: %s: %s\n", w->file, strerror(error));
    return c->broken || (failed && error != EPIPE) ? CLIENT_REFUSED : CLIENT_DONE;
}

static int capture(const struct wanted *w)
{
    char path[1900], escaped[1500];
    struct capture c = {.to = stdout, .limit = (uint64_t)w->limit};
    const char *socket = client_find("tap", w->socket);
    if (!socket)
        return CLIENT_NO_BROKER;
    snprintf(path, sizeof path, "/v1/tap?snaplen=%" PRId64 "&filter=%s", w->snaplen,
             client_escape(w->filter, escaped, sizeof escaped));
    int status = client_open("tap", socket, "POST", path, &c.from);
    if (status != CLIENT_DONE)
        return status;
    if (w->file && !(c.to = fopen(w->file, "we"))) {
        fprintf(stderr, "junctor tap: %s: %s\n", w->file, strerror(errno));
        close(c.from);
        return CLIENT_REFUSED;
    }
    sigset_t waiting = catch_signals();
    errno = 0;
    run(&c, &waiting);
    status = finish(&c, w, errno);
    close(c.from);
    if (w->file)
        fclose(c.to);
    tap_bytes_free(&c.in);
    tap_bytes_free(&c.last);
    return status;
}

/* ---- command line --------------------------------------------------------------------------------- */

static bool take_number(const char *name, const char *text, int64_t most, enum opt_unit unit, int64_t *out)
{
    const struct val_spec spec = {OPT_UINT, unit, 1, most, NULL};
    char why[VAL_WHY_MAX];
    if (val_parse(&spec, text, out, why, sizeof why))
        return true;
    cmd_wrong("tap", "--%s: %s", name, why);
    return false;
}

/* False: too long. */
static bool join(char **words, unsigned count, char *out, size_t size)
{
    size_t n = 0;
    out[0] = '\0';
    for (unsigned i = 0; i < count; i++) {
        n += (size_t)snprintf(out + n, size - n, "%s%s", i ? " " : "", words[i]);
        if (n >= size)
            return false;
    }
    return n * 3 < 1500; /* as it may be escaped */
}

enum { SNAPLEN = 256 };
static const struct option options[] = {
    {"socket", required_argument, NULL, 's'}, {"write", required_argument, NULL, 'w'},
    {"count", required_argument, NULL, 'c'},  {"snaplen", required_argument, NULL, SNAPLEN},
    {"help", no_argument, NULL, 'h'},         {0}};
const struct cmd_syntax cmd_tap_syntax = {":s:w:c:h", options,
                                          (const char *const[]){"socket=@file", "write=@file",
                                                                "*=from to route ppid stream verdict @member",
                                                                NULL}};

int cmd_tap(int argc, char **argv)
{
    struct wanted w = {.snaplen = 262144};
    int option;
    optind = 0;
    opterr = 0;
    while ((option = getopt_long(argc, argv, cmd_tap_syntax.letters, options, NULL)) != -1) {
        if (option == 's') {
            w.socket = optarg;
        } else if (option == 'w') {
            w.file = strcmp(optarg, "-") ? optarg : NULL;
        } else if (option == 'c') {
            if (!take_number("count", optarg, INT64_MAX / 2, OPT_COUNT, &w.limit))
                return 2;
        } else if (option == SNAPLEN) {
            if (!take_number("snaplen", optarg, 262144, OPT_BYTES, &w.snaplen))
                return 2;
        } else if (option == 'h') {
            fputs(help, stdout);
            return 0;
        } else {
            return cmd_wrong_option("tap", option, argv, options);
        }
    }
    if (!join(argv + optind, (unsigned)(argc - optind), w.filter, sizeof w.filter))
        return cmd_wrong("tap", "the filter is too long");
    if (!w.file && isatty(STDOUT_FILENO))
        return cmd_wrong("tap", "standard output is a terminal; write to a file with -w, or to a pipe");
    return capture(&w);
}
