/* See meter.h. */
#include "broker/meter.h"

#include <pthread.h>
#include <time.h>

#include "config/config.h"
#include "transport/transport.h"

uint64_t brk_worker_cpu_us(const struct brk_worker *w)
{
    clockid_t clock;
    struct timespec t;
    if (pthread_getcpuclockid(w->thread, &clock) || clock_gettime(clock, &t))
        return 0;
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static bool is_on(const struct brk_broker *b)
{
    return b->worker_count > 1 && b->plan->config->balance.threshold &&
           tr_backend_caps(b->backend) & TR_CAP_MOVE;
}

uint64_t brk_meter_due_ms(const struct brk_meter *m, const struct brk_broker *b, uint64_t now_ms)
{
    if (!is_on(b))
        return UINT64_MAX;
    return m->read_ms ? m->read_ms + b->plan->config->balance.interval_ms : now_ms;
}

bool brk_meter_read(struct brk_meter *m, const struct brk_broker *b, uint64_t now_ms, uint32_t *busy)
{
    uint64_t elapsed_ms = m->read_ms ? now_ms - m->read_ms : 0;
    if (now_ms < brk_meter_due_ms(m, b, now_ms)) {
        if (!is_on(b))
            m->read_ms = 0;
        return false;
    }
    for (unsigned i = 0; i < b->worker_count; i++) {
        uint64_t now_us = brk_worker_cpu_us(b->workers[i]), took_us = now_us - m->cpu_us[i];
        uint64_t part = elapsed_ms ? took_us / elapsed_ms : 0;
        busy[i] = part < 1000 ? (uint32_t)part : 1000;
        m->cpu_us[i] = now_us;
    }
    m->read_ms = now_ms;
    return elapsed_ms;
}
