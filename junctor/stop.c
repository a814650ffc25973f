/* See stop.h. */
#include "junctor/stop.h"

#include <signal.h>
#include <stddef.h>

static struct bench_stop stop;

static void on_signal(int number)
{
    (void)number;
    bench_stop_ask(&stop);
}

struct bench_stop *stop_on_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGUSR1, SIG_IGN); /* meant for a broker, which has the same program name */
    return &stop;
}
