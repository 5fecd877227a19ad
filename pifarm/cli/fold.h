// SPDX-License-Identifier: MIT
// Running text broken into lines that fit a terminal.
#pragma once

/* Breaks paragraphs anew, to lines of at most width columns. A blank line ends a paragraph; a line
 * that begins with a space stays as it is. No newline at the end. Free it. */
char *pif_fold(const char *text, unsigned width);
