/* What is refused before libfyaml sees it, and limits of the tree. */
#ifndef JUNCTOR_CONFIG_YAML_TEXT_PRIV_H
#define JUNCTOR_CONFIG_YAML_TEXT_PRIV_H

#include <stdbool.h>
#include <stddef.h>

#include "config/errors_priv.h"

/* False, with the fault in *errors, where libfyaml should not see this: it is no text, or one
 * that it would take too much time and memory for. */
bool yaml_text_check(const char *text, size_t len, struct err_list *errors);

/* Says that something is nested too deep. */
void yaml_too_deep(struct err_list *errors, struct cfg_place at);

#endif
