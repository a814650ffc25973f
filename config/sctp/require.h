/* Conditions that only a bug in the calling program can violate, such as a NULL pointer, abort it and name
 * the function, in every build; nothing that a configuration or a peer can cause does. */
#ifndef JUNCTOR_CONFIG_SCTP_REQUIRE_H
#define JUNCTOR_CONFIG_SCTP_REQUIRE_H

#define REQUIRE(condition)                                                                                   \
    do {                                                                                                     \
        if (__builtin_expect(!(condition), 0))                                                               \
            require_failed(__func__, #condition);                                                            \
    } while (0)

/* Prints the condition on standard error and aborts. */
void require_failed(const char *where, const char *condition) __attribute__((noreturn));

/* For the few places that have no way to fail: prints that there is no memory for `what` and aborts. */
void require_no_memory(const char *what) __attribute__((noreturn));

#endif
