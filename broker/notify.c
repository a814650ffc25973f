/* What a service manager is told: see notify.h. The messages go to a datagram socket of systemd's, whose
 * queue it empties by itself, so sending one does not hold control up for longer than a system call. */
#include "broker/notify.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <time.h>

#include <systemd/sd-daemon.h>

#include "broker/state.h"
#include "broker/worker.h"

/* What the end may take beyond the time to drain: joining threads, the account, the log. */
#define END_MS 15000

void brk_notify_ready(unsigned workers, const char *transport)
{
    sd_notifyf(0, "READY=1\nSTATUS=%u worker%s, %s SCTP", workers, workers == 1 ? "" : "s", transport);
}

void brk_notify_reloading(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
               (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000);
}

void brk_notify_reloaded(bool adopted)
{
    sd_notifyf(0, "READY=1\nSTATUS=%s",
               adopted ? "the configuration has been read again"
                       : "the configuration as it was: the new one has been refused, see the log");
}

void brk_notify_stopping(uint64_t timeout_ms)
{
    sd_notifyf(0, "STOPPING=1\nSTATUS=draining\nEXTEND_TIMEOUT_USEC=%" PRIu64, (timeout_ms + END_MS) * 1000);
}

void brk_watchdog_start(struct brk_watchdog *d, uint64_t now_ms)
{
    uint64_t limit_us;
    if (sd_watchdog_enabled(0, &limit_us) <= 0)
        return;
    d->every_ms = limit_us / 2000 ? limit_us / 2000 : 1;
    d->next_ms = now_ms;
}

int brk_watchdog_sleep(const struct brk_watchdog *d, int at_most, uint64_t now_ms)
{
    if (!d->every_ms)
        return at_most;
    uint64_t left = d->next_ms > now_ms ? d->next_ms - now_ms : 0;
    return at_most < 0 || left < (uint64_t)at_most ? (int)left : at_most;
}

static bool all_alive(const struct brk_broker *b)
{
    for (unsigned i = 0; i < b->worker_count; i++)
        if (atomic_load_explicit(&b->workers[i]->commands, memory_order_relaxed) & BRK_CMD_ALIVE)
            return false;
    return true;
}

bool brk_watchdog_tick(struct brk_watchdog *d, struct brk_broker *b, uint64_t now_ms)
{
    if (!d->every_ms || now_ms < d->next_ms)
        return true;
    bool alive = all_alive(b);
    d->next_ms = now_ms + d->every_ms;
    if (alive)
        sd_notify(0, "WATCHDOG=1");
    brk_command_all(b, BRK_CMD_ALIVE);
    return alive;
}
