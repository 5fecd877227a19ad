// SPDX-License-Identifier: MIT
// What libyaml says about a text it cannot read, in words and places for people.
#pragma once

#include "pifarm/base/diagnostic.h"

#include <yaml.h>

PifPlace pif_yaml_span(const yaml_mark_t *start, const yaml_mark_t *end);

/* FALSE, with a diagnostic, when a byte is no UTF-8 or a character that YAML forbids. */
gboolean pif_yaml_check_encoding(const char *text, gsize size, PifDiagnostics *diagnostics);

/* text is what the parser reads: valid UTF-8. */
void pif_yaml_add_syntax_error(const yaml_parser_t *parser, const char *text,
                               PifDiagnostics *diagnostics);
