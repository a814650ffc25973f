/* SCTP options. */
#ifndef JUNCTOR_CONFIG_READ_SCTP_PRIV_H
#define JUNCTOR_CONFIG_READ_SCTP_PRIV_H

#include "config/loader_priv.h"

cfg_reader read_own_options;

/* Parses a mapping of SCTP options. */
void read_options(struct loader *l, const struct yaml_node *value, struct placed_options *out);

/* `base`, overridden by `over`. */
void merge_options(struct placed_options *base, const struct placed_options *over);

#endif
