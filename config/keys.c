/* The tables behind keys.h. Scalars are stored in members of different widths; only the two functions at the
 * end depend on that. */
#include "config/keys.h"

#include <assert.h>
#include <string.h>

#include "config/config.h"

#define SIZE(strct, member) sizeof(((struct strct *)NULL)->member)

const struct cfg_section_row cfg_section_rows[CFG_SECTION_COUNT] = {
#define SECTION(id, name, shape, help) [CFG_##id] = {name, help, shape},
#define VALUE(section, id, name, type, unit, min, max, dflt, effect, names, strct, member, help)
#define ITEM(section, id, name, kind, dflt, effect, strct, member, help)
#define LIST(section, id, name, kind, most, dflt, effect, strct, member, count, help)
#include "config/keys.def"
};

const struct cfg_key_row cfg_key_rows[CFG_KEY_COUNT] = {
#define SECTION(id, name, shape, help)
#define VALUE(section, id, name, type, unit, min, max, dflt, effect, names, strct, member, help)             \
    {CFG_##section,                                                                                          \
     name,                                                                                                   \
     CFG_SCALAR,                                                                                             \
     {type, unit, min, max, names},                                                                          \
     dflt,                                                                                                   \
     offsetof(struct strct, member),                                                                         \
     SIZE(strct, member),                                                                                    \
     0,                                                                                                      \
     effect,                                                                                                 \
     help},
#define ITEM(section, id, name, kind, dflt, effect, strct, member, help)                                     \
    {                                                                                                        \
        CFG_##section,                                                                                       \
        name,                                                                                                \
        kind,                                                                                                \
        {OPT_UINT, OPT_COUNT, 1, 1, NULL},                                                                   \
        dflt,                                                                                                \
        offsetof(struct strct, member),                                                                      \
        0,                                                                                                   \
        0,                                                                                                   \
        effect,                                                                                              \
        help},
#define LIST(section, id, name, kind, most, dflt, effect, strct, member, count, help)                        \
    {CFG_##section,                                                                                          \
     name,                                                                                                   \
     kind,                                                                                                   \
     {OPT_UINT, OPT_COUNT, 1, most, NULL},                                                                   \
     dflt,                                                                                                   \
     offsetof(struct strct, member),                                                                         \
     0,                                                                                                      \
     offsetof(struct strct, count),                                                                          \
     effect,                                                                                                 \
     help},
#include "config/keys.def"
};

const char *cfg_effect_text(enum cfg_effect effect)
{
    static const char *const texts[] = {
        [CFG_NOW] = "at once",     [CFG_NEW_ASSOC] = "new associations", [CFG_NEW_ENDPOINT] = "new endpoint",
        [CFG_RESTART] = "restart", [CFG_BY_OPTION] = "by option",        [CFG_BY_NAME] = "by name"};
    return texts[effect];
}

enum cfg_key cfg_key_find(enum cfg_section section, const char *name)
{
    for (unsigned k = 0; k < CFG_KEY_COUNT; k++)
        if (cfg_key_rows[k].section == section && strcmp(cfg_key_rows[k].name, name) == 0)
            return k;
    return CFG_KEY_COUNT;
}

int64_t cfg_key_get(const struct cfg_key_row *row, const void *object)
{
    const void *at = (const char *)object + row->offset;
    switch (row->size) {
    case 1:
        return *(const uint8_t *)at;
    case 2:
        return *(const uint16_t *)at;
    case 4:
        return *(const uint32_t *)at;
    default:
        assert(row->size == 8);
        return (int64_t) * (const uint64_t *)at;
    }
}

void cfg_key_put(const struct cfg_key_row *row, void *object, int64_t value)
{
    void *at = (char *)object + row->offset;
    switch (row->size) {
    case 1:
        *(uint8_t *)at = (uint8_t)value;
        break;
    case 2:
        *(uint16_t *)at = (uint16_t)value;
        break;
    case 4:
        *(uint32_t *)at = (uint32_t)value;
        break;
    default:
        assert(row->size == 8);
        *(uint64_t *)at = (uint64_t)value;
    }
}
