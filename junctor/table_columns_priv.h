/* Short names for rows of `struct table_column`, for the files that have many: text, number, time in ms. */
#ifndef JUNCTOR_JUNCTOR_TABLE_COLUMNS_PRIV_H
#define JUNCTOR_JUNCTOR_TABLE_COLUMNS_PRIV_H

#include "junctor/table.h"

#define T(title, path)                                                                                       \
    {                                                                                                        \
        title, path, TABLE_TEXT                                                                              \
    }
#define N(title, path)                                                                                       \
    {                                                                                                        \
        title, path, TABLE_NUMBER                                                                            \
    }
#define M(title, path)                                                                                       \
    {                                                                                                        \
        title, path, TABLE_TIME                                                                              \
    }
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

#endif
