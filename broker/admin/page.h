/* The status page: one file with everything in it, which reads the documents under /v1/. */
#ifndef JUNCTOR_BROKER_ADMIN_PAGE_H
#define JUNCTOR_BROKER_ADMIN_PAGE_H

#include "broker/admin/state_priv.h"

admin_handler admin_get_page;

#endif
