/* `junctor load` as a whole, without a broker: source, sink and echo over usrsctp, in one process and in two.
 *
 * Each run is a child process (the userland stack is one per process); its JSON is read from a file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "junctor/commands.h"

struct job {
    pid_t pid;
    FILE *output, *progress; /* its standard output, and its standard error where start_telling began it */
    char json[65536];
    int status;
};

static unsigned udp_port, relay_port;

/* Binds a UDP port of the loopback address (0: any), tells which and lets go of it. False: taken. */
static bool try_port(unsigned *port)
{
    struct sockaddr_in a = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)*port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof a;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    assert_true(fd >= 0);
    bool is_free = bind(fd, (struct sockaddr *)&a, sizeof a) == 0;
    if (is_free && getsockname(fd, (struct sockaddr *)&a, &len) == 0)
        *port = ntohs(a.sin_port);
    close(fd);
    return is_free;
}

/* Each test gets a port that is free now. */
static int choose_port(void **state)
{
    (void)state;
    udp_port = 0;
    return try_port(&udp_port) ? 0 : -1;
}

/* Without binding it: the one who is about to would find it taken. */
static bool is_bound(unsigned port)
{
    char line[256];
    unsigned local = 0;
    bool found = false;
    FILE *f = fopen("/proc/net/udp", "re");
    assert_non_null(f);
    while (!found && fgets(line, sizeof line, f))
        found = sscanf(line, " %*d: %*x:%x", &local) == 1 && local == port;
    fclose(f);
    return found;
}

/* Waits until somebody listens: an INIT that comes too early is repeated only after seconds. */
static void wait_for_listener(void)
{
    for (unsigned i = 0; !is_bound(udp_port); i++) {
        assert_true(i < 3000);
        usleep(10000);
    }
}

#define RELAY_MAX 10 /* associations that a relay lets through */

/* Whether a packet (RFC 6951) is the INIT of an association that is one too many. */
static bool refused_by_relay(const uint8_t *packet, ssize_t len)
{
    static uint16_t known[RELAY_MAX];
    static unsigned count;
    uint16_t port = (uint16_t)(packet[0] << 8 | packet[1]);

    if (len < 13 || packet[12] != 1)
        return false;
    for (unsigned i = 0; i < count; i++)
        if (known[i] == port)
            return false;
    if (count == RELAY_MAX)
        return true;
    known[count++] = port;
    return false;
}

/* Stands between a source, which sends to relay_port, and the listener at udp_port: what lets so many
 * associations through and no more. Returns its process. */
static pid_t start_relay(void)
{
    struct sockaddr_in near = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}}, source = near;
    struct sockaddr_in far = near, from;
    socklen_t len = sizeof near;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    uint8_t packet[65536];

    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&near, len), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&near, &len), 0);
    relay_port = ntohs(near.sin_port);
    far.sin_port = htons((uint16_t)udp_port);
    pid_t pid = fork();
    assert_true(pid >= 0);
    while (pid == 0) {
        alarm(60);
        len = sizeof from;
        ssize_t got = recvfrom(fd, packet, sizeof packet, 0, (struct sockaddr *)&from, &len);
        bool forth = from.sin_port != far.sin_port;
        if (forth)
            source = from;
        if (got > 0 && !(forth && refused_by_relay(packet, got)))
            sendto(fd, packet, (size_t)got, 0, (struct sockaddr *)(forth ? &far : &source), sizeof far);
    }
    close(fd);
    return pid;
}

/* Runs `junctor load` with the words of `line` in a child; UDP and RELAY stand for the ports. Standard error
 * goes to `errors`, if it is one. */
static struct job run_load(const char *line, int errors)
{
    struct job job = {.output = tmpfile()};
    char name[] = "load", json[] = "--json", transport[] = "--transport=usrsctp", port[16], relay[16];
    char copy[512], *argv[64] = {name, json, transport}, *rest = copy, *word;
    int argc = 3;

    assert_non_null(job.output);
    snprintf(copy, sizeof copy, "%s", line);
    snprintf(port, sizeof port, "%u", udp_port);
    snprintf(relay, sizeof relay, "%u", relay_port);
    while ((word = strsep(&rest, " ")))
        if (*word)
            argv[argc++] = strcmp(word, "UDP") == 0 ? port : strcmp(word, "RELAY") == 0 ? relay : word;
    argv[argc] = NULL;
    fflush(NULL);
    job.pid = fork();
    assert_true(job.pid >= 0);
    if (job.pid == 0) {
        dup2(fileno(job.output), STDOUT_FILENO);
        if (errors >= 0)
            dup2(errors, STDERR_FILENO);
        alarm(60);
        int status = cmd_load(argc, argv);
        fflush(NULL);
        _exit(status);
    }
    return job;
}

static struct job start(const char *line)
{
    char quiet[512];
    snprintf(quiet, sizeof quiet, "--quiet %s", line);
    return run_load(quiet, -1);
}

/* The same with progress lines, for wait_for_progress. */
static struct job start_telling(const char *line)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    struct job job = run_load(line, ends[1]);
    close(ends[1]);
    job.progress = fdopen(ends[0], "r");
    assert_non_null(job.progress);
    assert_int_equal(setvbuf(job.progress, NULL, _IONBF, 0), 0); /* so that poll knows */
    return job;
}

/* Waits until it has sent for a second more. */
static void wait_for_progress(struct job *job)
{
    char line[256];
    do
        assert_non_null(fgets(line, sizeof line, job->progress));
    while (!strstr(line, "msg/s"));
}

/* What it told before this does not count. */
static void forget_progress(struct job *job)
{
    char line[256];
    struct pollfd more = {.fd = fileno(job->progress), .events = POLLIN};
    while (poll(&more, 1, 0) == 1)
        assert_non_null(fgets(line, sizeof line, job->progress));
}

/* Waits for its end; the exit status, -1 where it did not exit by itself. */
static int finish(struct job *job)
{
    while (waitpid(job->pid, &job->status, 0) < 0)
        assert_int_equal(errno, EINTR);
    rewind(job->output);
    job->json[fread(job->json, 1, sizeof job->json - 1, job->output)] = 0;
    fclose(job->output);
    if (job->progress)
        fclose(job->progress);
    return WIFEXITED(job->status) ? WEXITSTATUS(job->status) : -1;
}

/* The number after the first `"name": ` behind `"object": `. */
static double number(const struct job *job, const char *object, const char *name)
{
    char key[64];
    const char *at = job->json;

    snprintf(key, sizeof key, "\"%s\": ", object);
    at = strstr(at, key);
    snprintf(key, sizeof key, "\"%s\": ", name);
    at = at ? strstr(at, key) : NULL;
    if (!at)
        fail_msg("no %s %s in %s", object, name, job->json);
    return strtod(at + strlen(key), NULL);
}

static void assert_well(struct job *job)
{
    int status = finish(job);
    if (status != 0)
        fail_msg("status %d: %s", status, job->json);
}

static void test_source_and_sink_in_one_process(void **state)
{
    (void)state;
    struct job job =
        start("--listen 127.0.0.1:5001 --listen-encaps UDP --count 5000 --associations 3 --streams 4 "
              "--ppid m3ua,ngap --size 52-3000 --verify");
    assert_well(&job);
    assert_true(number(&job, "runs", "sent") == 5000);
    assert_true(number(&job, "runs", "delivered") == 5000);
    assert_true(number(&job, "associations", "up") == 3);
    assert_true(number(&job, "latency_ns", "count") == 5000);
}

static void test_unordered_and_long_messages(void **state)
{
    (void)state;
    struct job job = start("--listen 127.0.0.1:5001 --listen-encaps UDP --count 60 --streams 2 --unordered "
                           "--size 300000 --verify");
    assert_well(&job);
    assert_true(number(&job, "runs", "delivered") == 60);
}

/* The rate is kept to the message, and the warm-up is sent but not measured. */
static void test_rate(void **state)
{
    (void)state;
    struct job job = start(
        "--listen 127.0.0.1:5001 --listen-encaps UDP --late-ok --rate 1000 --duration 1s --warmup 500ms "
        "--associations 3 --streams 2");
    assert_well(&job);
    double sent = number(&job, "runs", "sent"), measured = number(&job, "latency_ns", "count");
    assert_true(sent + number(&job, "runs", "not_sent") == 1500); /* a machine may be too busy for all */
    assert_true(measured > 0 && measured <= 1000 && measured < sent);
    double seconds = number(&job, "runs", "seconds"), rate = number(&job, "runs", "messages_per_second");
    assert_true(seconds > 0);
    assert_true(rate * seconds > 0 && rate * seconds < measured); /* those at the first moment do not count */
}

/* The sink knows the end by itself. */
static void test_source_and_sink_in_two_processes(void **state)
{
    (void)state;
    struct job sink = start("--role sink --listen 127.0.0.1:5001 --listen-encaps UDP");
    wait_for_listener();
    struct job source =
        start("--role source --to 127.0.0.1:5001 --to-encaps UDP --duration 500ms --late-ok --rate 3000 "
              "--associations 2 --streams 3");
    assert_well(&source);
    assert_well(&sink);
    double sent = number(&source, "runs", "sent");
    assert_true(sent > 0 && sent + number(&source, "runs", "not_sent") == 1500);
    assert_true(number(&sink, "runs", "delivered") == sent);
    assert_true(number(&sink, "runs", "open_flows") == 0);
}

/* What is sent while nobody reads is late, and so is what should have been sent meanwhile. */
static void test_a_stall_is_not_hidden(void **state)
{
    (void)state;
    struct job sink = start("--role sink --listen 127.0.0.1:5001 --listen-encaps UDP --keep");
    wait_for_listener();
    struct job source =
        start_telling("--role source --to 127.0.0.1:5001 --to-encaps UDP --duration 50s --rate 1000");
    wait_for_progress(&source);
    kill(source.pid, SIGSTOP);
    usleep(500000);
    forget_progress(&source);
    kill(source.pid, SIGCONT);
    wait_for_progress(&source);
    kill(source.pid, SIGINT);
    finish(&source); /* whether the generator kept its schedule depends on how long it ran besides */
    assert_true(number(&source, "generator", "late") > 0);
    assert_true(number(&source, "lag_ns", "max") > 400e6);
    kill(sink.pid, SIGTERM);
    assert_well(&sink);
    assert_true(number(&sink, "runs", "delivered") == number(&source, "runs", "sent"));
    assert_true(number(&sink, "latency_ns", "max") > 400e6);
    assert_true(number(&sink, "latency_ns", "p99") > 100e6); /* those that were due during the stall, too */
}

static void test_echo(void **state)
{
    (void)state;
    struct job echo = start("--role echo --listen 127.0.0.1:5001 --listen-encaps UDP");
    wait_for_listener();
    struct job source =
        start("--role source --to 127.0.0.1:5001 --to-encaps UDP --count 20000 --reply --size 1400 "
              "--associations 2 --streams 5");
    assert_well(&source);
    assert_well(&echo);
    assert_true(number(&source, "replies", "delivered") == 20000);
    assert_true(number(&echo, "runs", "delivered") == 20000);
}

/* Each flow is sent and judged by itself, both ways; what is asked for by count comes to the message. */
static void test_flows(void **state)
{
    (void)state;
    struct job job = start("--listen 127.0.0.1:5001 --listen-encaps UDP --associations 3 "
                           "--flow name=a,streams=4,count=900,rate=exponential:3000,size=normal:200:40 "
                           "--flow name=b,associations=0-1,count=500,unordered=40%,size=list:64@3:1400@1 "
                           "--flow name=c,direction=down,streams=2,count=700,rate=5000 "
                           "--flow name=d,count=60,rate=1000,on=20ms,off=10ms,pr=ttl:10s");
    assert_well(&job);
    assert_true(number(&job, "runs", "sent") == 900 + 500 + 60);
    assert_true(number(&job, "runs", "delivered") == 900 + 500 + 60);
    assert_true(number(&job, "down", "sent") == 700);
    assert_true(number(&job, "down", "delivered") == 700);
    static const struct {
        const char *name;
        double sent;
    } flows[] = {{"\"a\"", 900}, {"\"b\"", 500}, {"\"c\"", 700}, {"\"d\"", 60}};
    const char *at = strstr(job.json, "\"flows\": ");
    for (unsigned i = 0; i < 4; i++) {
        at = at ? strstr(at, flows[i].name) : NULL;
        assert_non_null(at);
        const char *sent = strstr(at, "\"sent\": "), *delivered = strstr(at, "\"delivered\": ");
        assert_true(sent && strtod(sent + 8, NULL) == flows[i].sent);
        assert_true(delivered && strtod(delivered + 13, NULL) == flows[i].sent);
    }
}

/* A sink of its own may send, too. */
static void test_a_sink_that_sends(void **state)
{
    (void)state;
    struct job sink = start("--role sink --listen 127.0.0.1:5001 --listen-encaps UDP --duration 500ms "
                            "--flow direction=down,rate=2000,streams=3");
    wait_for_listener();
    struct job source = start("--role source --to 127.0.0.1:5001 --to-encaps UDP --duration 1s "
                              "--flow direction=down,streams=3 --flow rate=100");
    assert_well(&source);
    finish(&sink);
    assert_true(number(&sink, "flows", "sent") > 0);
    assert_true(number(&source, "down", "delivered") == number(&sink, "flows", "sent"));
    assert_true(number(&source, "runs", "sent") == 100);
}

static void test_what_does_not_arrive_is_lost(void **state)
{
    (void)state;
    /* --fanout awaits every message at both endpoints; the source sends to the first only. Somebody else has
     * an association with the second. */
    struct job job =
        start("--listen 127.0.0.1:5001 --listen 127.0.0.1:5002 --listen-encaps UDP --count 1000 --fanout "
              "--drain 500ms");
    wait_for_listener();
    struct job other =
        start("--role source --to 127.0.0.1:5002 --to-encaps UDP --rate 1 --count 1000000 --drain 0s");
    assert_int_equal(finish(&job), 1);
    kill(other.pid, SIGINT);
    finish(&other);
    assert_true(number(&job, "runs", "delivered") == 1000);
    assert_true(number(&job, "delivered", "lost") == 1000);
    assert_non_null(strstr(job.json, "\"ok\": false"));
}

static void test_whom_nobody_calls_gets_nothing(void **state)
{
    (void)state;
    struct job job =
        start("--listen 127.0.0.1:5001 --listen 127.0.0.1:5002 --listen-encaps UDP --count 1000 --fanout "
              "--connect-timeout 300ms");
    assert_int_equal(finish(&job), 1);
    assert_non_null(strstr(job.json, "\"error\": \"--fanout: nobody has connected to 127.0.0.1:5002"));
}

static void test_nobody_there(void **state)
{
    (void)state;
    struct job job =
        start("--role source --to 127.0.0.1:5001 --to-encaps UDP --count 5 --connect-timeout 300ms");
    assert_int_equal(finish(&job), 1);
    assert_non_null(strstr(job.json, "\"ok\": false, \"error\": \"no association with"));
}

/* Each association has its time; those that nobody is going to answer are not tried, and are told. */
/* Whoever asks for JSON gets JSON. */
static void test_wrong_usage(void **state)
{
    (void)state;
    struct job job = start("--role echo --listen 127.0.0.1:5001 --rate 5");
    assert_int_equal(finish(&job), 2);
    assert_non_null(strstr(job.json, "{\"version\": 1, \"ok\": false, \"error\": \"--rate is for a source"));
}

/* Sending ends with its time. What is due by then and did not go is left out; what went is judged. */
static void test_a_rate_that_cannot_be_kept(void **state)
{
    (void)state;
    struct job job = start("--listen 127.0.0.1:5001 --listen-encaps UDP --rate 500M --duration 200ms "
                           "--warmup 10ms --associations 3 --streams 2");
    assert_int_equal(finish(&job), 1);
    assert_non_null(strstr(job.json, "\"kept_schedule\": false, \"why\": \""));
    double sent = number(&job, "runs", "sent"), not_sent = number(&job, "runs", "not_sent");
    assert_true(sent > 0 && not_sent > 0);
    assert_true(sent + not_sent == 105e6);
    assert_true(number(&job, "runs", "delivered") == sent);
    assert_true(number(&job, "runs", "open_flows") == 0);
}

/* What a receiver that stands still has not taken was not lost. */
static void test_what_stays_in_the_send_buffer(void **state)
{
    (void)state;
    struct job sink = start("--role sink --listen 127.0.0.1:5001 --listen-encaps UDP --option recbuf=64k");
    wait_for_listener();
    struct job source =
        start_telling("--role source --to 127.0.0.1:5001 --to-encaps UDP --late-ok --rate 100000 "
                      "--duration 50s --drain 0 --option sndbuf=256k");
    wait_for_progress(&source);
    kill(sink.pid, SIGSTOP);
    forget_progress(&source);
    wait_for_progress(&source);
    kill(source.pid, SIGINT);
    assert_well(&source);
    assert_true(number(&source, "runs", "in_send_buffers") > 0);
    assert_true(number(&source, "runs", "not_sent") > 0);
    assert_true(number(&source, "associations", "not_closed") == 1);
    kill(sink.pid, SIGKILL);
    kill(sink.pid, SIGCONT);
    finish(&sink);
}

static void test_not_all_associations_come_up(void **state)
{
    (void)state;
    struct job sink =
        start("--role sink --listen 127.0.0.1:5001 --listen-encaps UDP --partial --drain 200ms");
    wait_for_listener();
    pid_t relay = start_relay();
    struct job source = start("--role source --to 127.0.0.1:5001 --to-encaps RELAY --associations 100 "
                              "--connect-timeout 1s --late-ok --rate 10000 --duration 100ms");
    assert_int_equal(finish(&source), 1);
    assert_true(number(&source, "associations", "up") == RELAY_MAX);
    assert_true(number(&source, "associations", "failed") == 64);
    assert_true(number(&source, "associations", "not_tried") == 100 - RELAY_MAX - 64);
    assert_true(number(&source, "runs", "sent") == 100);
    assert_true(number(&source, "runs", "not_sent") == 900);
    assert_well(&sink);
    assert_true(number(&sink, "runs", "delivered") == 100);
    kill(relay, SIGKILL);
    assert_int_equal(waitpid(relay, NULL, 0), relay);
}

static void test_a_signal_ends_the_sending(void **state)
{
    (void)state;
    struct job job = start_telling(
        "--listen 127.0.0.1:5001 --listen-encaps UDP --late-ok --rate 1000 --duration 50s --streams 3");
    wait_for_progress(&job);
    kill(job.pid, SIGINT);
    assert_well(&job);
    double sent = number(&job, "runs", "sent");
    assert_true(sent >= 3 && sent < 50000);
    assert_true(number(&job, "runs", "delivered") == sent);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_source_and_sink_in_one_process, choose_port),
        cmocka_unit_test_setup(test_unordered_and_long_messages, choose_port),
        cmocka_unit_test_setup(test_rate, choose_port),
        cmocka_unit_test_setup(test_source_and_sink_in_two_processes, choose_port),
        cmocka_unit_test_setup(test_a_stall_is_not_hidden, choose_port),
        cmocka_unit_test_setup(test_echo, choose_port),
        cmocka_unit_test_setup(test_flows, choose_port),
        cmocka_unit_test_setup(test_a_sink_that_sends, choose_port),
        cmocka_unit_test_setup(test_what_does_not_arrive_is_lost, choose_port),
        cmocka_unit_test_setup(test_whom_nobody_calls_gets_nothing, choose_port),
        cmocka_unit_test_setup(test_nobody_there, choose_port),
        cmocka_unit_test_setup(test_wrong_usage, choose_port),
        cmocka_unit_test_setup(test_a_rate_that_cannot_be_kept, choose_port),
        cmocka_unit_test_setup(test_what_stays_in_the_send_buffer, choose_port),
        cmocka_unit_test_setup(test_not_all_associations_come_up, choose_port),
        cmocka_unit_test_setup(test_a_signal_ends_the_sending, choose_port),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
