/* What only a bug in the calling program can cause, a NULL pointer say, stops it and names the call, in every
 * build; what a user's configuration or a peer can cause never does. */
#ifndef JUNCTOR_CONFIG_SCTP_REQUIRE_H
#define JUNCTOR_CONFIG_SCTP_REQUIRE_H

#define REQUIRE(condition)                                                                                   \
    do {                                                                                                     \
        if (__builtin_expect(!(condition), 0))                                                               \
            require_failed(__func__, #condition);                                                            \
    } while (0)

/* Says so on standard error and aborts. */
void require_failed(const char *where, const char *condition) __attribute__((noreturn));

#endif
