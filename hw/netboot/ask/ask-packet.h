// SPDX-License-Identifier: MIT
// What the netboot server and its HTTP client say to one another, a packet each.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PIF_ASK_MAX_PACKET = 4096, PIF_ASK_MAX_TEXT = 2048, PIF_ASK_MAX_TARGETS = 64 };

/* The client knows its URLs from its command line: a server that was taken over can make it ask
 * those and no others. */
typedef struct {
    uint32_t id;      /* the answer has the same */
    uint8_t target;   /* which URL */
    const char *text; /* the query (GET), the body (POST) */
} PifAskQuestion;

typedef struct {
    uint32_t id;
    uint8_t target;
    uint16_t status;  /* HTTP's; 0: there was no answer */
    const char *text; /* the body, or why there was none */
} PifAskAnswer;

/* Size of the packet; 0 when it does not fit. */
size_t pif_ask_format_question(const PifAskQuestion *question, void *buffer, size_t size);
size_t pif_ask_format_answer(const PifAskAnswer *answer, void *buffer, size_t size);

/* What is read points into bytes. False when they are no such packet. */
bool pif_ask_parse_question(const void *bytes, size_t size, PifAskQuestion *ret_question);
bool pif_ask_parse_answer(const void *bytes, size_t size, PifAskAnswer *ret_answer);
