/* A file in YAML as a tree in which every node knows its place: for files of Junctor that are not its
 * configuration, read by the same rules and with the same errors.
 *
 *     struct cfg_document *d = cfg_document_read(file);
 *     const struct cfg_node *root = cfg_document_root(d);
 *     … cfg_document_complain(d, cfg_node_place(node), "…") …
 *     bool valid = cfg_document_finish(d, &remarks);     and the document is gone
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

/* Reads `file` ("-": standard input). Always a document; one that cannot be read has errors and no root. May
 * block on the file. */
struct cfg_document *cfg_document_read(const char *file);

/* The same from memory. */
struct cfg_document *cfg_document_parse(const char *text, size_t len);

/* An empty scalar for an empty file; NULL where there is an error. */
const struct cfg_node *cfg_document_root(const struct cfg_document *d);

/* Notes an error. */
__attribute__((format(printf, 3, 4))) void cfg_document_complain(struct cfg_document *d, struct cfg_place at,
                                                                 const char *format, ...);

/* Frees the document. True where it had no error; *remarks is filled in either way; cfg_remarks_free it. */
bool cfg_document_finish(struct cfg_document *d, struct cfg_remarks *remarks);

enum cfg_node_kind cfg_node_kind(const struct cfg_node *node);
struct cfg_place cfg_node_place(const struct cfg_node *node);
const char *cfg_node_text(const struct cfg_node *node); /* of a scalar; "" where nothing is written */

/* The items of a list: NULL ends it. */
const struct cfg_node *cfg_node_first(const struct cfg_node *list);
const struct cfg_node *cfg_node_next(const struct cfg_node *item);

/* The pairs of a map, merge keys followed; keys that are repeated or no scalars are complained of and left
 * out. The document's memory. */
const struct cfg_node_pair *cfg_node_pairs(struct cfg_document *d, const struct cfg_node *map,
                                           unsigned *count);

#ifdef __cplusplus
}
#endif
#endif
