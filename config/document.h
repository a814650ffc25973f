/* A YAML file as a tree in which every node has its place in the file: for files of Junctor other than its
 * configuration, parsed by the same rules and with the same errors.
 *
 *     struct cfg_document *d = cfg_document_read(file);
 *     const struct cfg_node *root = cfg_document_root(d);
 *     … cfg_document_complain(d, cfg_node_place(node), "…") …
 *     bool valid = cfg_document_finish(d, &remarks);     frees the document
 *
 * One thread. */
#ifndef JUNCTOR_CONFIG_DOCUMENT_H
#define JUNCTOR_CONFIG_DOCUMENT_H

#include "config/config.h"

#ifdef __cplusplus
extern "C" {
#endif

struct cfg_document;
struct cfg_node; /* the document's */

enum cfg_node_kind { CFG_NODE_SCALAR, CFG_NODE_LIST, CFG_NODE_MAP };

struct cfg_node_pair {
    const char *key;
    struct cfg_place at; /* of the key */
    const struct cfg_node *value;
};

/* Reads `file` ("-": standard input). Always returns a document; one that cannot be read has errors and no
 * root. May block on the file. */
struct cfg_document *cfg_document_read(const char *file);

/* The same from memory. */
struct cfg_document *cfg_document_parse(const char *text, size_t len);

/* An empty scalar for an empty file; NULL if there is an error. */
const struct cfg_node *cfg_document_root(const struct cfg_document *d);

/* Adds an error. */
__attribute__((format(printf, 3, 4))) void cfg_document_complain(struct cfg_document *d, struct cfg_place at,
                                                                 const char *format, ...);

/* Frees the document. True if it had no error; *remarks is filled in either case; free it with
 * cfg_remarks_free. */
bool cfg_document_finish(struct cfg_document *d, struct cfg_remarks *remarks);

enum cfg_node_kind cfg_node_kind(const struct cfg_node *node);
struct cfg_place cfg_node_place(const struct cfg_node *node);
const char *cfg_node_text(const struct cfg_node *node); /* of a scalar; "" if nothing is written */

/* The items of a list: NULL ends it. */
const struct cfg_node *cfg_node_first(const struct cfg_node *list);
const struct cfg_node *cfg_node_next(const struct cfg_node *item);

/* The pairs of a map, with merge keys resolved; keys that are repeated or not scalars are reported as errors
 * and left out. The document owns the memory. */
const struct cfg_node_pair *cfg_node_pairs(struct cfg_document *d, const struct cfg_node *map,
                                           unsigned *count);

#ifdef __cplusplus
}
#endif
#endif
