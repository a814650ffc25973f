/* How many streams listeners with paired sessions offer and accept if not written in the file. */
#ifndef JUNCTOR_CONFIG_SETTLE_STREAMS_PRIV_H
#define JUNCTOR_CONFIG_SETTLE_STREAMS_PRIV_H

#include "config/loader_priv.h"

void settle_streams(struct loader *l);

#endif
