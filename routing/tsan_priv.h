/* What ThreadSanitizer cannot see by itself.
 *
 * ThreadSanitizer learns from the atomic operations that it instruments which thread waited for which.
 * Those of liburcu are in a library that was not built with it, so a parcel that went through a cds_wfcq,
 * or memory freed after a grace period, would look like a race. An annotation states the order that
 * liburcu guarantees: what happened before rt_tsan_release(x) happened before what follows a later
 * rt_tsan_acquire(x).
 *
 * An annotation that claims more than the library guarantees would hide real races, so each use says which
 * guarantee it states, and the stress tests show that a race inserted on purpose is still found. In other
 * builds both do nothing. */
#ifndef JUNCTOR_ROUTING_TSAN_PRIV_H
#define JUNCTOR_ROUTING_TSAN_PRIV_H

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define RT_TSAN 1
#endif
#elif defined(__SANITIZE_THREAD__)
#define RT_TSAN 1
#endif

#ifdef RT_TSAN
#include <sanitizer/tsan_interface.h>
#define rt_tsan_release(address) __tsan_release(address)
#define rt_tsan_acquire(address) __tsan_acquire(address)
#else
#define rt_tsan_release(address) ((void)(address))
#define rt_tsan_acquire(address) ((void)(address))
#endif

#endif
