/* The command line as it was typed; see command_line.h. */
#include "junctor/command_line.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

char *command_line(int argc, char **argv)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    if (!out)
        return NULL;
    fputs("junctor", out);
    for (int i = 0; i < argc; i++) {
        bool plain = argv[i][0] && strcspn(argv[i], " \t\n\"'\\$`*?&|;<>()[]{}#~!") == strlen(argv[i]);
        fputs(plain ? " " : " '", out);
        for (const char *c = argv[i]; *c; c++)
            if (*c == '\'')
                fputs("'\\''", out);
            else
                fputc(*c, out);
        if (!plain)
            fputc('\'', out);
    }
    fclose(out);
    return text;
}
