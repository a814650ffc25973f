/* What a service manager is told: that the broker is ready, reloads, ends, and that it is alive
 * (sd_notify(3), systemd.service(5), Type=notify). All of it does nothing where nobody waits for it:
 * NOTIFY_SOCKET and WATCHDOG_USEC are not set. Control thread only. */
#ifndef JUNCTOR_BROKER_NOTIFY_H
#define JUNCTOR_BROKER_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

struct brk_broker;

/* It serves; `workers` and `transport` are for the status line. */
void brk_notify_ready(unsigned workers, const char *transport);

/* A reload begins; and it has ended, whether or not the new configuration is in force. */
void brk_notify_reloading(void);
void brk_notify_reloaded(bool adopted);

/* A drain begins that takes at most `timeout_ms`: the service manager is to wait that long. */
void brk_notify_stopping(uint64_t timeout_ms);

/* The watchdog: the service manager ends a broker that has not been seen alive for WATCHDOG_USEC. The broker
 * is alive when control and every worker are: twice in that time each worker is asked (BRK_CMD_ALIVE), and
 * what is told is that all have taken what they were asked the last time. Zero-initialised it is off. */
struct brk_watchdog {
    uint64_t every_ms; /* 0: nobody watches */
    uint64_t next_ms;
};

void brk_watchdog_start(struct brk_watchdog *d, uint64_t now_ms);

/* How long control may sleep, in milliseconds: `at_most`, or less because of the watchdog; -1 is for ever. */
int brk_watchdog_sleep(const struct brk_watchdog *d, int at_most, uint64_t now_ms);

/* When it is time: tells that all are alive, if they are, and asks again. False: some worker is not, and
 * nothing has been told. */
bool brk_watchdog_tick(struct brk_watchdog *d, struct brk_broker *b, uint64_t now_ms);

#endif
