/* Digests of files; see inputs.h. */
#include "bench/tune/inputs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bench/arguments_priv.h"

#define FNV_BASIS UINT64_C(0xcbf29ce484222325)
#define FNV_PRIME UINT64_C(0x100000001b3)

static bool digest(FILE *in, char *out, size_t size)
{
    unsigned char block[4096];
    uint64_t hash = FNV_BASIS;
    size_t got;

    while ((got = fread(block, 1, sizeof block, in)) > 0)
        for (size_t i = 0; i < got; i++)
            hash = (hash ^ block[i]) * FNV_PRIME;
    snprintf(out, size, "%016llx", (unsigned long long)hash);
    return !ferror(in);
}

bool bench_inputs_add(struct bench_inputs *inputs, const char *option, const char *file, char *why,
                      size_t size)
{
    if (!file || !*file)
        return true;
    if (strcmp(file, "-") == 0)
        return bench_say(why, size, "--resume: %s -: standard input cannot be read again; give a file",
                         option);
    struct bench_input *input = &inputs->list[inputs->count++];
    input->option = option;
    input->file = file;
    FILE *in = fopen(file, "re");
    bool good = in && digest(in, input->digest, sizeof input->digest);
    int error = errno;
    if (in)
        fclose(in);
    return good || bench_say(why, size, "%s: %s: %s", option, file, strerror(error));
}
