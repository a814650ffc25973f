/* Shared sessions: any number of sources and destinations; see shared.c. */
#ifndef JUNCTOR_BROKER_SESSION_SHARED_H
#define JUNCTOR_BROKER_SESSION_SHARED_H

#include "broker/session/session.h"

extern const struct brk_session brk_shared;

#endif
