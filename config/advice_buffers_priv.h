/* Buffers that are too small for what goes through them, as warnings. */
#ifndef JUNCTOR_CONFIG_ADVICE_BUFFERS_PRIV_H
#define JUNCTOR_CONFIG_ADVICE_BUFFERS_PRIV_H

#include "config/advice_subject_priv.h"

/* Of a configuration that has no error, those of one listener or peer. */
void advise_buffers(struct loader *l, const struct subject *u);

#endif
