// SPDX-License-Identifier: MIT
// The packets of ask-packet.h: numbers, then text with its NUL.
#include "hw/netboot/ask/ask-packet.h"

#include "pifarm/base/wire.h"

#include <string.h>

static size_t finish(PifWriter *writer, const char *text)
{
    size_t size = strlen(text) + 1;
    if (size > PIF_ASK_MAX_TEXT)
        return 0;
    pif_writer_bytes(writer, text, size);
    return writer->overflow ? 0 : writer->position;
}

size_t pif_ask_format_question(const PifAskQuestion *question, void *buffer, size_t size)
{
    PifWriter writer;
    pif_writer_init(&writer, buffer, size);
    pif_writer_be32(&writer, question->id);
    pif_writer_u8(&writer, question->target);
    return finish(&writer, question->text);
}

size_t pif_ask_format_answer(const PifAskAnswer *answer, void *buffer, size_t size)
{
    PifWriter writer;
    pif_writer_init(&writer, buffer, size);
    pif_writer_be32(&writer, answer->id);
    pif_writer_u8(&writer, answer->target);
    pif_writer_be16(&writer, answer->status);
    return finish(&writer, answer->text);
}

bool pif_ask_parse_question(const void *bytes, size_t size, PifAskQuestion *ret_question)
{
    PifReader reader;
    pif_reader_init(&reader, bytes, size);
    ret_question->id = pif_reader_be32(&reader);
    ret_question->target = pif_reader_u8(&reader);
    ret_question->text = pif_reader_string(&reader);
    return !reader.overflow && pif_reader_left(&reader) == 0;
}

bool pif_ask_parse_answer(const void *bytes, size_t size, PifAskAnswer *ret_answer)
{
    PifReader reader;
    pif_reader_init(&reader, bytes, size);
    ret_answer->id = pif_reader_be32(&reader);
    ret_answer->target = pif_reader_u8(&reader);
    ret_answer->status = pif_reader_be16(&reader);
    ret_answer->text = pif_reader_string(&reader);
    return !reader.overflow && pif_reader_left(&reader) == 0;
}
