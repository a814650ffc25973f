/* See powerless.h. */
#include "broker/powerless.h"

#include <errno.h>
#include <semaphore.h>
#include <stdbool.h>

#include <cap-ng.h>
#include <linux/capability.h>

struct beginning {
    void *(*run)(void *);
    void *arg;
    sem_t done;
};

static void give_up(void)
{
    static const unsigned to_change[] = {CAP_SETUID, CAP_SETGID};
    bool have[] = {capng_have_capability(CAPNG_PERMITTED, to_change[0]),
                   capng_have_capability(CAPNG_PERMITTED, to_change[1])};
    capng_clear(CAPNG_SELECT_CAPS);
    for (unsigned i = 0; i < 2; i++)
        if (have[i])
            capng_update(CAPNG_ADD, (capng_type_t)(CAPNG_EFFECTIVE | CAPNG_PERMITTED), to_change[i]);
    capng_apply(CAPNG_SELECT_CAPS); /* fewer are always possible */
}

static void *begin(void *arg)
{
    struct beginning *b = arg;
    void *(*run)(void *) = b->run;
    arg = b->arg;
    give_up();
    sem_post(&b->done); /* and *b is gone */
    return run(arg);
}

int brk_powerless_start(pthread_t *thread, void *(*run)(void *), void *arg)
{
    struct beginning b = {.run = run, .arg = arg};
    sem_init(&b.done, 0, 0);
    int error = pthread_create(thread, NULL, begin, &b);
    while (!error && sem_wait(&b.done) != 0 && errno == EINTR)
        ;
    sem_destroy(&b.done);
    return error;
}
