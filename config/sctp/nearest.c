#include "config/sctp/nearest.h"

#include <ctype.h>
#include <limits.h>
#include <string.h>
#include <strings.h>

void nearest_begin(struct nearest *n, const char *word)
{
    n->word = word;
    n->distance = UINT_MAX;
    n->best[0] = '\0';
}

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
    unsigned m = a < b ? a : b;
    return m < c ? m : c;
}

/* Three rows of the usual matrix: a transposition needs the row two above. */
static unsigned edit_distance(const char *a, size_t alen, const char *b, size_t blen)
{
    unsigned rows[3][NEAREST_MAX];
    unsigned *above2 = rows[0], *above = rows[1], *row = rows[2];

    for (size_t j = 0; j <= blen; j++)
        above[j] = (unsigned)j;
    for (size_t i = 1; i <= alen; i++) {
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= blen; j++) {
            int x = tolower((unsigned char)a[i - 1]), y = tolower((unsigned char)b[j - 1]);
            row[j] = min3(above[j] + 1, row[j - 1] + 1, above[j - 1] + (x != y));
            if (i > 1 && j > 1 && x == tolower((unsigned char)b[j - 2]) &&
                y == tolower((unsigned char)a[i - 2]) && above2[j - 2] + 1 < row[j])
                row[j] = above2[j - 2] + 1;
        }
        unsigned *spare = above2;
        above2 = above;
        above = row;
        row = spare;
    }
    return above[blen];
}

void nearest_try_len(struct nearest *n, const char *candidate, size_t len)
{
    size_t word_len = strlen(n->word);
    if (len == 0 || len >= NEAREST_MAX || word_len == 0 || word_len >= NEAREST_MAX)
        return;
    unsigned d = edit_distance(n->word, word_len, candidate, len);
    if (word_len >= 3 && word_len < len && strncasecmp(n->word, candidate, word_len) == 0)
        d = 1;
    if (d < n->distance) {
        n->distance = d;
        memcpy(n->best, candidate, len);
        n->best[len] = '\0';
    }
}

void nearest_try(struct nearest *n, const char *candidate)
{
    nearest_try_len(n, candidate, strlen(candidate));
}

const char *nearest_found(const struct nearest *n)
{
    if (n->distance == UINT_MAX)
        return NULL;
    size_t len = strlen(n->word);
    size_t bound = len < 2 ? 0 : len < 6 ? 1 : len / 3;
    return n->distance <= bound ? n->best : NULL;
}
