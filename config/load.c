/* Reading a configuration: bytes, tree, structs, checks; all or nothing. Advice is for what is valid. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/load_priv.h"

#define FILE_MAX (8 * 1024 * 1024)

struct cfg_config *cfg_parse(const char *name, const char *text, size_t len, struct cfg_remarks *remarks)
{
    struct cfg_config *c = cfg_new(name);
    struct loader l = {.keep = cfg_arena(c), .config = c, .warnings.severity = CFG_WARNING};
    const struct yaml_node *root = NULL;

    if (len > FILE_MAX)
        err_add(&l.errors, (struct cfg_place){0},
                "larger than %d MiB; a configuration this large is not taken", FILE_MAX >> 20);
    else
        root = yaml_read(&l.scratch, text, len, &l.errors);
    if (root)
        read_sections(&l, root);
    bool valid = l.errors.count == 0;
    if (valid) {
        advise(&l);
        advise_unused(&l);
        advise_circles(&l);
    }
    names_free(&l.names);
    names_free(&l.route_names);
    arena_free(&l.scratch);

    err_finish(valid ? &l.warnings : &l.errors, remarks);
    if (valid)
        return c;
    cfg_free(c);
    return NULL;
}

/* ---- files ---------------------------------------------------------------------------------------- */

static struct cfg_config *failed(struct cfg_remarks *remarks, const char *what)
{
    struct err_list e = {0};
    err_add(&e, (struct cfg_place){0}, "%s", what);
    err_finish(&e, remarks);
    return NULL;
}

static const char *open_failure(int error)
{
    switch (error) {
    case ENOENT:
        return "there is no such file; check the name";
    case EACCES:
        return "it may not be read; check the permissions of the file and its folder";
    default:
        return strerror(error);
    }
}

/* All of it, or one byte more than is taken; NULL with errno. The caller frees it. */
static char *read_all(int fd, size_t *len)
{
    size_t room = 64 * 1024;
    char *text = malloc(room);
    *len = 0;
    while (text && *len <= FILE_MAX) {
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
    if (text && *len > FILE_MAX)
        return text;
    free(text);
    return NULL;
}

struct cfg_config *cfg_load(const char *file, struct cfg_remarks *remarks)
{
    bool from_stdin = strcmp(file, "-") == 0;
    int fd = from_stdin ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC);
    struct stat st;
    size_t len;
    if (fd < 0)
        return failed(remarks, open_failure(errno));
    if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
        close(fd);
        return failed(remarks, "this is a folder; name the file in it");
    }
    char *text = read_all(fd, &len);
    int error = errno;
    if (!from_stdin)
        close(fd);
    if (!text)
        return failed(remarks, open_failure(error));
    struct cfg_config *c = cfg_parse(file, text, len, remarks);
    free(text);
    return c;
}
