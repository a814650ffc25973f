/* Any bytes as a scenario file of `junctor load`: either a plan that can be run, or a reason why not. */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench/plan.h"
#include "tests/fuzz/bytes.h"

/* The name of a file with these bytes; the same one each time. */
static char *file_with(const uint8_t *data, size_t size)
{
    static char name[64];
    static int fd = -1;

    if (fd < 0)
        must((fd = memfd_create("scenario", MFD_CLOEXEC)) >= 0);
    must(ftruncate(fd, 0) == 0 && pwrite(fd, data, size, 0) == (ssize_t)size);
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    return name;
}

/* What the engine relies on. */
static void check(const struct bench_plan *p)
{
    must(p->flow_count <= BENCH_FLOWS_MAX && p->listen_count <= BENCH_PLACES_MAX);
    must(p->associations <= BENCH_ASSOCIATIONS_MAX && p->batch <= BENCH_BATCH_MAX);
    must(p->size_min <= p->size_max && p->size_max <= BENCH_SIZE_MAX);
    must(p->rate >= 0 && p->rate <= BENCH_RATE_MAX * BENCH_FLOWS_MAX);
    for (unsigned i = 0; i < p->flow_count; i++) {
        const struct bench_flow *f = &p->flows[i];
        must(f->size.min <= f->size.max && f->size.max <= BENCH_SIZE_MAX);
        must(f->rate >= 0 && f->rate <= BENCH_RATE_MAX);
        must(f->ppid_count >= 1 && f->ppid_count <= BENCH_PPIDS_MAX);
        must(memchr(f->name, 0, sizeof f->name) != NULL);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct bench_plan plan;
    char command[] = "load", option[] = "--scenario",
         *argv[] = {command, option, file_with(data, size), NULL};
    char why[BENCH_WHY_MAX] = "";

    if (bench_plan_parse(3, argv, &plan, why, sizeof why) == BENCH_PARSED_OK)
        check(&plan);
    else
        must(*why && memchr(why, 0, sizeof why) != NULL);
    return 0;
}
