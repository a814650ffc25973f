#include "config/sctp/auth_keys.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct reader {
    const char *file;
    unsigned line;
    char *why;
    size_t size;
};

__attribute__((format(printf, 2, 3))) static bool refuse(const struct reader *r, const char *format, ...)
{
    va_list args;
    int used = r->line ? snprintf(r->why, r->size, "%s:%u: ", r->file, r->line)
                       : snprintf(r->why, r->size, "%s: ", r->file);
    if (used < 0 || (size_t)used >= r->size)
        return false;
    va_start(args, format);
    vsnprintf(r->why + used, r->size - (size_t)used, format, args);
    va_end(args);
    return false;
}

static int digit(char c)
{
    return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

static bool read_number(const struct reader *r, const char *text, uint16_t *out)
{
    char *end;
    errno = 0;
    unsigned long n = strtoul(text, &end, 10);
    if (!isdigit((unsigned char)*text) || *end || errno || n > UINT16_MAX)
        return refuse(r, "'%.20s' is not a key number; write one from 0 to 65535", text);
    *out = (uint16_t)n;
    return true;
}

static bool read_key(const struct reader *r, const char *text, struct auth_key *out)
{
    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X'))
        text += 2;
    size_t digits = strspn(text, "0123456789abcdefABCDEF");
    if (text[digits] != '\0' || digits == 0)
        return refuse(r,
                      "the key is not hexadecimal; write its bytes as pairs of the digits 0 to 9 and a to f");
    if (digits % 2)
        return refuse(r, "the key has an odd number of hexadecimal digits; two make a byte");
    if (digits / 2 > AUTH_KEY_BYTES_MAX)
        return refuse(r, "the key is longer than %d bytes; write a shorter one", AUTH_KEY_BYTES_MAX);
    out->len = (uint16_t)(digits / 2);
    for (size_t i = 0; i < out->len; i++)
        out->bytes[i] = (uint8_t)(digit(text[2 * i]) << 4 | digit(text[2 * i + 1]));
    return true;
}

static bool read_line(const struct reader *r, char *text, struct auth_keys *out)
{
    static const char blanks[] = " \t\r\n";
    char *rest;
    text[strcspn(text, "#")] = '\0';
    const char *number = strtok_r(text, blanks, &rest), *key = strtok_r(NULL, blanks, &rest);
    if (!number)
        return true;
    if (!key || strtok_r(NULL, blanks, &rest))
        return refuse(r, "write a key's number and the key in hexadecimal, such as `1 8f2c45a1d0b94e6f`");
    if (out->count == AUTH_KEYS_MAX)
        return refuse(r, "more than %d keys; remove those that are no longer used", AUTH_KEYS_MAX);

    struct auth_key *k = &out->key[out->count];
    if (!read_number(r, number, &k->number) || !read_key(r, key, k))
        return false;
    if (auth_keys_find(out, k->number))
        return refuse(r, "key %u is given twice; remove one", k->number);
    out->count++;
    return true;
}

static bool read_lines(struct reader *r, FILE *f, struct auth_keys *out)
{
    /* Enough for any line with a key, so that getline does not move one and leave a copy behind. */
    size_t room = 4 * AUTH_KEY_BYTES_MAX;
    char *text = malloc(room);
    bool ok = text != NULL; /* else `why` says so already */
    while (ok && getline(&text, &room, f) >= 0) {
        r->line++;
        ok = read_line(r, text, out);
    }
    if (text)
        explicit_bzero(text, room);
    free(text);
    if (!ok)
        return false;
    r->line = 0;
    if (ferror(f))
        return refuse(r, "%s", strerror(errno));
    return out->count > 0 ||
           refuse(r, "there is no key in this file; write lines such as `1 8f2c45a1d0b94e6f`");
}

static FILE *open_secret(const struct reader *r)
{
    struct stat st;
    int fd = open(r->file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        refuse(r, "%s; it holds the shared keys and must exist and be readable by the user that runs this",
               strerror(errno));
        return NULL;
    }
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        refuse(r, "this is not a regular file; name the one with the keys");
    else if (st.st_mode & (S_IRWXG | S_IRWXO))
        refuse(r, "others can read these keys; run `chmod 600` on the file");
    else
        return fdopen(fd, "r");
    close(fd);
    return NULL;
}

bool auth_keys_read(const char *file, struct auth_keys *out, char *why, size_t size)
{
    struct reader r = {.file = file, .why = why, .size = size};
    out->count = 0;
    snprintf(why, size, "%s: out of memory", file);
    FILE *f = open_secret(&r);
    if (!f)
        return false;
    setvbuf(f, NULL, _IONBF, 0); /* no copy of the keys stays in a buffer */
    bool ok = read_lines(&r, f, out);
    fclose(f);
    if (!ok)
        out->count = 0;
    return ok;
}

const struct auth_key *auth_keys_find(const struct auth_keys *keys, uint16_t number)
{
    for (unsigned i = 0; i < keys->count; i++)
        if (keys->key[i].number == number)
            return &keys->key[i];
    return NULL;
}

void auth_keys_wipe(struct auth_keys *keys)
{
    explicit_bzero(keys, sizeof *keys);
}
