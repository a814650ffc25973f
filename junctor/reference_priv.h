/* What the two forms of the reference have in common: reference.c walks the tables, a writer formats what it
 * finds. Texts are plain ASCII; `like this` marks text that is typed or found in a file. */
#ifndef JUNCTOR_JUNCTOR_REFERENCE_PRIV_H
#define JUNCTOR_JUNCTOR_REFERENCE_PRIV_H

#include <stdbool.h>
#include <stdio.h>

#define REF_COLUMNS 3

/* One key or field. Texts are empty where there is nothing to say. */
struct ref_row {
    const char *name, *type, *unit, *help;
    const char *effect; /* of a key: when a change takes effect; NULL for a field (see its option) */
    char values[512], dflt[512];
};

/* A property of an option as a whole. */
struct ref_fact {
    const char *label, *text;
};

enum ref_level { REF_CHAPTER, REF_SECTION };

struct ref_writer {
    void (*begin)(FILE *out);
    void (*end)(FILE *out);
    void (*heading)(FILE *out, enum ref_level level, const char *text);
    void (*text)(FILE *out, const char *paragraph);
    void (*items)(FILE *out, const char *const *texts, unsigned count);
    void (*facts)(FILE *out, const struct ref_fact *facts, unsigned count);
    /* Keys or fields: begin, one call each, end. */
    void (*rows_begin)(FILE *out, bool keys);
    void (*row)(FILE *out, const struct ref_row *row);
    void (*rows_end)(FILE *out);
    /* A table of short cells: begin with the columns' titles, one call per line, end. */
    void (*table_begin)(FILE *out, const char *const titles[REF_COLUMNS]);
    void (*table_line)(FILE *out, const char *const cells[REF_COLUMNS]);
    void (*table_end)(FILE *out);
    /* Names of numbers: called in the same order. */
    void (*numbers_begin)(FILE *out);
    void (*number)(FILE *out, const char *name, const char *value, const char *what);
    void (*numbers_end)(FILE *out);
};

void ref_write(FILE *out, const struct ref_writer *writer);

#endif
