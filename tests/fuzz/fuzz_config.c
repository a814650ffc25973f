/* Any bytes as a configuration. The result is either errors or a configuration, with at most warnings, and a
 * printed configuration reads back and prints the same. */
#include "config/config.h"
#include "tests/fuzz/bytes.h"

static char *print(const struct cfg_config *c, size_t *len)
{
    char *text;
    FILE *f = open_memstream(&text, len);
    if (!f)
        abort();
    cfg_print(c, f);
    fclose(f);
    return text;
}

static void check_round_trip(const struct cfg_config *c)
{
    struct cfg_remarks remarks;
    size_t once_len, twice_len;
    char *once = print(c, &once_len);
    struct cfg_config *again = cfg_parse("printed", once, once_len, &remarks);
    if (!again) {
        cfg_remarks_print("printed", &remarks, stderr);
        fputs(once, stderr);
        abort();
    }
    char *twice = print(again, &twice_len);
    if (once_len != twice_len || memcmp(once, twice, once_len) != 0)
        abort();
    free(once);
    free(twice);
    cfg_free(again);
    cfg_remarks_free(&remarks);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cfg_remarks remarks;
    struct cfg_config *c = cfg_parse("fuzz", (const char *)data, size, &remarks);
    if (!c && remarks.count == 0)
        abort();
    for (unsigned i = 0; i < remarks.count; i++)
        if ((remarks.list[i].severity == CFG_ERROR) != !c)
            abort();
    if (c)
        check_round_trip(c);
    cfg_remarks_free(&remarks);
    cfg_free(c);
    return 0;
}
