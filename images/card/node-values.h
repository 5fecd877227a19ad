// SPDX-License-Identifier: MIT
// {node}, {id} and such in a text, which stand for what is different on each node. Pure.
#pragma once

#include <glib.h>

/* Of node.env's names (pif_node_format_env) in small letters: {node}, {id}, {address}, {mac},
 * {serial}, {farm}. {{node}} stands for the four letters in braces. ${node} is a shell's or
 * systemd's own, and stays. */

/* Whether expanding would change the text. */
gboolean pif_node_values_are_in(const char *text);
/* Whether it has a value that no two nodes of a farm share. */
gboolean pif_node_values_distinguish(const char *text);

/* node_env: NAME=VALUE lines; what has no line there stays as it is. Free it. */
char *pif_node_values_expand(const char *text, const char *node_env);
