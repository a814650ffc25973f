/* A file as bytes; see file_priv.h. */
#include "config/file_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *open_failure(int error)
{
    switch (error) {
    case ENOENT:
        return "there is no such file; check the name";
    case EACCES:
        return "it may not be read; check the permissions of the file and its directory";
    default:
        return strerror(error);
    }
}

/* The whole file, or one byte more than the limit; NULL with errno. The caller frees it. */
static char *read_all(int fd, size_t *len)
{
    size_t room = 64 * 1024;
    char *text = malloc(room);
    *len = 0;
    while (text && *len <= FILE_READ_MAX) {
        if (*len == room) {
            room *= 2;
            char *larger = realloc(text, room);
            if (!larger)
                break;
            text = larger;
        }
        ssize_t n = read(fd, text + *len, room - *len);
        if (n == 0)
            return text;
        if (n < 0 && errno != EINTR)
            break;
        *len += n > 0 ? (size_t)n : 0;
    }
    if (text && *len > FILE_READ_MAX)
        return text;
    free(text);
    return NULL;
}

char *file_read(const char *name, size_t *len, const char **failure)
{
    bool from_stdin = strcmp(name, "-") == 0;
    int fd = from_stdin ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
    struct stat st;

    if (fd < 0) {
        *failure = open_failure(errno);
        return NULL;
    }
    if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
        close(fd);
        *failure = "this is a directory; name the file in it";
        return NULL;
    }
    char *text = read_all(fd, len);
    int error = errno;
    if (!from_stdin)
        close(fd);
    if (!text)
        *failure = open_failure(error);
    return text;
}
