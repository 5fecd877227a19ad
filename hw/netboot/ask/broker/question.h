// SPDX-License-Identifier: MIT
// One HTTP question on its way.
#pragma once

#include "hw/netboot/ask/ask-packet.h"

#include <curl/curl.h>
#include <glib.h>

typedef struct PifBrokerQuestion PifBrokerQuestion;

/* target: "get:URL" or "post:URL". NULL when libcurl has no memory. */
PifBrokerQuestion *pif_broker_question_new(const char *target, const PifAskQuestion *asked,
                                           unsigned timeout_ms);
void pif_broker_question_free(PifBrokerQuestion *question);

CURL *pif_broker_question_get_curl(const PifBrokerQuestion *question);
/* Of libcurl's transfer. */
PifBrokerQuestion *pif_broker_question_of(CURL *curl);

/* The answer when the transfer is over; points into question. */
PifAskAnswer pif_broker_question_answer(PifBrokerQuestion *question, CURLcode result);
