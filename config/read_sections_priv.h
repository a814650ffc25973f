/* The sections of a file. */
#ifndef JUNCTOR_CONFIG_READ_SECTIONS_PRIV_H
#define JUNCTOR_CONFIG_READ_SECTIONS_PRIV_H

#include "config/loader_priv.h"

#define ENCAPS_PORT_DEFAULT 9899 /* the port that IANA has registered for SCTP over UDP (RFC 6951) */

/* Reads everything from the root down, in the order that loader_priv.h gives. */
void read_sections(struct loader *l, const struct yaml_node *root);

#endif
