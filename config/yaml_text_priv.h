/* What is refused before libfyaml parses it, and limits of the tree. */
#ifndef JUNCTOR_CONFIG_YAML_TEXT_PRIV_H
#define JUNCTOR_CONFIG_YAML_TEXT_PRIV_H

#include <stdbool.h>
#include <stddef.h>

#include "config/errors_priv.h"

/* False, with the error in *errors, if libfyaml must not parse this: it is not text, or it would take too
 * much time and memory. */
bool yaml_text_check(const char *text, size_t len, struct err_list *errors);

/* Reports that something is nested too deep. */
void yaml_too_deep(struct err_list *errors, struct cfg_place at);

#endif
