/* The sections of a file. */
#ifndef JUNCTOR_CONFIG_READ_SECTIONS_PRIV_H
#define JUNCTOR_CONFIG_READ_SECTIONS_PRIV_H

#include "config/loader_priv.h"

#define ENCAPS_PORT_DEFAULT 9899 /* the IANA-registered port for SCTP over UDP (RFC 6951) */

/* Parses everything from the root down, in the order given in loader_priv.h. */
void read_sections(struct loader *l, const struct yaml_node *root);

#endif
