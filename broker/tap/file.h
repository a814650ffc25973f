/* The files that the tap writes: `tap:` in the configuration. For the tap's thread, which may block here on
 * the disk. */
#ifndef JUNCTOR_BROKER_TAP_FILE_H
#define JUNCTOR_BROKER_TAP_FILE_H

#include "broker/tap/output.h"

#define TAP_RETRY_MS 5000 /* until a file that failed is tried again */
#define TAP_WHY_MAX  300

/* Zero-initialised nothing is configured. */
struct tap_file {
    struct tap_output output;
    char *path; /* NULL: none */
    uint64_t size;
    unsigned interval_ms, files;
    char *application; /* for the section header */

    int fd;           /* -1: not open */
    uint64_t written; /* bytes of the file */
    uint64_t opened_ms;
    struct tap_bytes bytes; /* whole blocks that are to be written, */
    uint64_t messages;      /* with so many messages */
    uint64_t retry_ms;      /* when it is tried again; 0: it has not failed */
    char why[TAP_WHY_MAX];  /* the last failure; "" if it works */
};

/* Takes over what the configuration says, which may have changed; opens and closes files accordingly.
 * `missed`: brk_tap_missed. Nothing of `tap` is kept. */
void tap_file_configure(struct tap_file *f, const struct cfg_tap *tap, uint64_t missed);

/* Adds a message if it is wanted. Does not block. */
void tap_file_take(struct tap_file *f, const struct tap_message *m);

/* So much has been added that it is to be written before the next message: the file is full, or the memory.
 */
bool tap_file_is_due(const struct tap_file *f);

/* Writes what has been added. */
void tap_file_flush(struct tap_file *f, uint64_t missed);

/* Writes what has been added and the statistics, closes the file; then nothing is configured. */
void tap_file_end(struct tap_file *f, uint64_t missed);

/* The name of the file that is `number` rotations old, into `out`; 0: the current one. */
void tap_file_name(const char *path, unsigned number, char *out, size_t size);

#endif
