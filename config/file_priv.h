/* Reads a file as bytes, or gives the reason in words. */
#ifndef JUNCTOR_CONFIG_FILE_PRIV_H
#define JUNCTOR_CONFIG_FILE_PRIV_H

#include <stddef.h>

#define FILE_READ_MAX (8 * 1024 * 1024)

/* The content of `name` ("-": standard input); NULL with the reason in *failure (a constant text, or
 * strerror's). For a file that is too large, a little more than FILE_READ_MAX. The caller frees it. */
char *file_read(const char *name, size_t *len, const char **failure);

#endif
