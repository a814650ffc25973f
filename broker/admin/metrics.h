/* For monitoring: /metrics in the text format of Prometheus, /healthz, /readyz. */
#ifndef JUNCTOR_BROKER_ADMIN_METRICS_H
#define JUNCTOR_BROKER_ADMIN_METRICS_H

#include "broker/admin/state_priv.h"

admin_handler admin_get_metrics, admin_get_healthz, admin_get_readyz;

#endif
