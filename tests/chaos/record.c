#include "tests/chaos/record.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINE_MAX_LENGTH = 80 };

int record_open(const char *folder, const char *program, uint32_t incarnation)
{
    char path[400];
    snprintf(path, sizeof path, "%s/%s.%u.record", folder, program, incarnation);
    int file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
    if (file < 0) {
        perror(path);
        exit(2);
    }
    return file;
}

static size_t line_of(char *out, enum record_kind kind, const struct chaos_id *id, uint32_t at)
{
    return (size_t)snprintf(out, LINE_MAX_LENGTH, "%c %u %u %u %u %u\n", kind, id->sender, id->assoc,
                            id->stream, id->number, at);
}

void record_add(int file, enum record_kind kind, const struct chaos_id *id, uint32_t at)
{
    char line[LINE_MAX_LENGTH];
    size_t length = line_of(line, kind, id, at);
    if (write(file, line, length) != (ssize_t)length) {
        perror("record");
        _exit(2);
    }
}

void record_repair(int file, enum record_kind kind, const struct chaos_id *id, uint32_t at)
{
    char line[LINE_MAX_LENGTH], end[2 * LINE_MAX_LENGTH + 1];
    size_t length = line_of(line, kind, id, at);
    off_t size = lseek(file, 0, SEEK_END);
    off_t from = size > 2 * LINE_MAX_LENGTH ? size - 2 * LINE_MAX_LENGTH : 0;
    ssize_t got = pread(file, end, 2 * LINE_MAX_LENGTH, from);
    while (got > 0 && end[got - 1] != '\n')
        got--;
    if (got < 0 || ftruncate(file, from + got) != 0) {
        perror("record");
        exit(2);
    }
    if ((size_t)got < length || memcmp(end + got - length, line, length) != 0)
        record_add(file, kind, id, at);
}
