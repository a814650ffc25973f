/* What a shell can complete a command line of `junctor` with: `junctor --complete WORD...`, which the scripts
 * packaging/junctor.bash and junctor.zsh call. The words are those of the table of commands, so that a script
 * never has to be changed. */
#ifndef JUNCTOR_JUNCTOR_COMPLETE_H
#define JUNCTOR_JUNCTOR_COMPLETE_H

/* Prints the words that can stand for the last one of `words` (the command line behind the program's name, up
 * to the word where the cursor is): a line each, after a tab what it means; ":files": also the names of
 * files. Members, associations and workers are asked of a running broker, for half a second at most. Returns
 * 0. */
int complete_print(int count, char **words);

#endif
