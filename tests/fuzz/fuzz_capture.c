/* Any bytes as a capture that is to be replayed, and as the report of a far side: either good, or a reason
 * why not. */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench/far.h"
#include "bench/script.h"
#include "tests/fuzz/bytes.h"

/* The name of a file with these bytes; the same one each time. */
static char *file_with(const uint8_t *data, size_t size)
{
    static char name[64];
    static int fd = -1;

    if (fd < 0)
        must((fd = memfd_create("capture", MFD_CLOEXEC)) >= 0);
    must(ftruncate(fd, 0) == 0 && pwrite(fd, data, size, 0) == (ssize_t)size);
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    return name;
}

/* What who sends and who checks relies on. */
static void check(const struct bench_script *s, size_t size)
{
    uint32_t sum = 0;

    must(s->count > 0 && s->period_ns > 0 && s->streams <= 65536 && s->size_min <= s->size_max);
    for (uint32_t i = 0; i < s->count; i++) {
        const struct bench_script_message *m = &s->messages[i];
        must(m->len > 0 && m->len <= size && m->stream < s->streams);
        must(i == 0 ? m->at_ns == 0 : m->at_ns >= s->messages[i - 1].at_ns);
        for (uint32_t n = 0, byte = 0; n < m->len; n++) /* all of it can be read */
            must((byte += bench_script_data(s, m)[n]) < UINT32_MAX);
    }
    for (uint32_t i = 0; i < s->streams; i++)
        sum += s->of_stream[i].count;
    must(sum == s->count);
    must(bench_script_due(s, UINT64_MAX / 4, 1, false) <= s->count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct bench_far_report report;
    char why[512] = "";
    struct bench_script *s = bench_script_replay(file_with(data, size), "1", why, sizeof why);

    if (s)
        check(s, size);
    else
        must(*why && memchr(why, 0, sizeof why) != NULL);
    bench_script_free(s);
    bench_far_report_read(&report, (const char *)data, size);
    bench_far_report_free(&report);
    return 0;
}
