/* Whether files and standard output can be written; see output.h. */
#include "junctor/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool refuse(const char *option, const char *name, char *why, size_t size)
{
    const char *help = errno == ENOENT    ? "; make its folder first"
                       : errno == EACCES  ? "; choose another place"
                       : errno == EISDIR  ? "; name the file in it"
                       : errno == ENOTDIR ? "; a part of its path is a file"
                                          : "";

    snprintf(why, size, "%s: %s: %s%s", option, name, strerror(errno), help);
    return false;
}

bool output_file(const char *option, const char *file, char *why, size_t size)
{
    if (!*file)
        return true;
    bool is_new = access(file, F_OK) != 0 && errno == ENOENT;
    int fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0666);
    if (fd < 0)
        return refuse(option, file, why, size);
    close(fd);
    if (is_new)
        unlink(file);
    return true;
}

bool output_folder(const char *option, const char *folder, char *why, size_t size)
{
    struct stat status;

    if (!*folder)
        return true;
    if (mkdir(folder, 0777) != 0 && errno != EEXIST)
        return refuse(option, folder, why, size);
    if (stat(folder, &status) != 0)
        return refuse(option, folder, why, size);
    errno = !S_ISDIR(status.st_mode) ? ENOTDIR : access(folder, W_OK | X_OK) != 0 ? EACCES : 0;
    return errno == 0 || refuse(option, folder, why, size);
}

int output_end(const char *command, int status)
{
    errno = 0;
    bool flushed = fflush(stdout) == 0;
    if (flushed && !ferror(stdout))
        return status;
    /* What failed earlier is not known any more if nothing was left to be written. */
    fprintf(stderr, "junctor%s%s: standard output: %s\n", command ? " " : "", command ? command : "",
            flushed || !errno ? "not all of it could be written" : strerror(errno));
    return 1;
}

void output_abandon(void)
{
    __fpurge(stdout);
    clearerr(stdout);
}
