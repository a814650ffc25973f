/* Which Junctor this is. The Makefile passes version, commit and libraries to this file alone, so that a
 * commit recompiles nothing else. */
#include "junctor/version.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "junctor/host.h"
#include "transport/transport.h"

#ifndef JUNCTOR_VERSION
#define JUNCTOR_VERSION "unknown"
#endif
#ifndef JUNCTOR_COMMIT
#define JUNCTOR_COMMIT ""
#endif
#ifndef JUNCTOR_LIBRARIES
#define JUNCTOR_LIBRARIES "unknown"
#endif

const char junctor_built[] = JUNCTOR_VERSION;

/* "NAME VERSION NAME VERSION …" as an object. */
static json_t *libraries(void)
{
    char text[] = JUNCTOR_LIBRARIES, *rest = NULL;
    json_t *o = json_object();
    for (char *name = strtok_r(text, " ", &rest); name; name = strtok_r(NULL, " ", &rest)) {
        const char *version = strtok_r(NULL, " ", &rest);
        json_object_set_new(o, name, json_string(version ? version : "unknown"));
    }
    return o;
}

static json_t *capabilities(unsigned caps)
{
    static const struct {
        unsigned cap;
        const char *what;
    } names[] = {{TR_CAP_LOOPS, "several workers"},
                 {TR_CAP_SHARE_PORT, "a port shared by workers"},
                 {TR_CAP_MULTIHOMING, "multi-homing"},
                 {TR_CAP_NETNS, "network namespaces"},
                 {TR_CAP_MOVE, "moving associations"},
                 {TR_CAP_ENCAPS, "UDP encapsulation"},
                 {TR_CAP_ADDRESSES, "changing addresses"},
                 {TR_CAP_RESET_ASSOC, "association reset"},
                 {TR_CAP_SNDBUF_LATER, "changing send buffers"}};
    json_t *array = json_array();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (caps & names[i].cap)
            json_array_append_new(array, json_string(names[i].what));
    return array;
}

static json_t *transport(const struct tr_backend *backend)
{
    struct tr_error error;
    bool there = tr_backend_probe(backend, &error) == TR_OK;
    return json_pack("{s:s, s:s, s:b, s:s?, s:o}", "name", tr_backend_name(backend), "what",
                     backend == tr_kernel() ? "the SCTP of the Linux kernel"
                                            : "SCTP over UDP, in this process",
                     "available", (int)there, "error", there ? NULL : error.text, "can",
                     capabilities(tr_backend_caps(backend)));
}

static json_t *all(void)
{
    json_t *transports = json_array();
    for (unsigned i = 0; tr_backend_at(i); i++)
        json_array_append_new(transports, transport(tr_backend_at(i)));
    return json_pack("{s:s, s:s?, s:o, s:o, s:o}", "version", junctor_built, "commit",
                     *JUNCTOR_COMMIT ? JUNCTOR_COMMIT : NULL, "libraries", libraries(), "transports",
                     transports, "kernel", host_kernel());
}

static const char *text(const json_t *o, const char *key)
{
    const char *value = json_string_value(json_object_get(o, key));
    return value ? value : "";
}

static void print_transport(const json_t *t)
{
    size_t i;
    const json_t *can;
    printf("transport %s: %s%s%s\n", text(t, "name"), text(t, "what"),
           json_is_true(json_object_get(t, "available")) ? "" : "; not available on this host: ",
           text(t, "error"));
    json_array_foreach(json_object_get(t, "can"), i, can)
        printf("%s%s", i ? ", " : "  can: ", json_string_value(can));
    putchar('\n');
}

static void print_kernel(const json_t *k)
{
    size_t i;
    const json_t *f;
    printf("kernel: %s %s %s, %s\n", text(k, "system"), text(k, "release"), text(k, "machine"),
           json_is_true(json_object_get(k, "sctp")) ? "with SCTP" : "without SCTP");
    if (!json_is_true(json_object_get(k, "sctp")))
        return;
    json_array_foreach(json_object_get(k, "features"), i, f)
    {
        const json_t *on = json_object_get(f, "on");
        printf("  %-36s %s%s%s\n", text(f, "name"),
               json_is_true(on)    ? "on"
               : json_is_false(on) ? "off"
                                   : "-",
               *text(f, "advice") ? "; " : "", text(f, "advice"));
    }
}

static void print(const json_t *v)
{
    size_t i;
    const json_t *t;
    printf("junctor %s\nlibraries: %s\n", junctor_built, JUNCTOR_LIBRARIES);
    json_array_foreach(json_object_get(v, "transports"), i, t) print_transport(t);
    print_kernel(json_object_get(v, "kernel"));
}

void junctor_print_version(bool json)
{
    json_t *v = all();
    if (json) {
        json_dumpf(v, stdout, JSON_INDENT(2));
        putchar('\n');
    } else {
        print(v);
    }
    json_decref(v);
}
