// SPDX-License-Identifier: MIT
// Capture files byte by byte.
#include "netsetup/pcapng.h"

static void assert_bytes(const GByteArray *file, const guint8 *expected, gsize size)
{
    g_assert_cmpmem(file->data, file->len, expected, size);
}

static void a_file_begins_with_a_section_and_one_link(void)
{
    static const guint8 expected[] = {
        0x0a, 0x0d, 0x0d, 0x0a, 28,   0,    0,    0,    0x4d, 0x3c, 0x2b, 0x1a, /* section */
        1,    0,    0,    0,    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 28, 0, 0,
        0,    1,    0,    0,    0,    44,   0,    0,    0,    1,    0,    0,    0,  0, 0,
        0,    0,    2,    0,    6,    0,    'q',  '0',  't',  'a',  'p',  '3',  0,  0, /* if_name */
        9,    0,    1,    0,    9,    0,    0,    0, /* if_tsresol */
        0,    0,    0,    0,    44,   0,    0,    0};
    g_autoptr(GByteArray) file = g_byte_array_new();
    pif_pcapng_append_heading(file, "q0tap3");
    assert_bytes(file, expected, sizeof expected);
}

static void a_frame_is_padded_and_keeps_its_time_length_and_direction(void)
{
    static const guint8 bytes[] = {1, 2, 3, 4, 5};
    const PifFrame frame = {.time_ns = 0x0102030405060708,
                            .is_outbound = TRUE,
                            .bytes = bytes,
                            .size = sizeof bytes,
                            .original = 1500};
    static const guint8 expected[] = {6, 0, 0, 0, 52,   0, 0, 0, 0, 0, 0, 0, /* link 0 */
                                      4, 3, 2, 1, 8,    7, 6, 5,             /* time */
                                      5, 0, 0, 0, 0xdc, 5, 0, 0,             /* lengths */
                                      1, 2, 3, 4, 5,    0, 0, 0,             /* frame */
                                      2, 0, 4, 0, 2,    0, 0, 0,             /* epb_flags */
                                      0, 0, 0, 0, 52,   0, 0, 0};
    g_autoptr(GByteArray) file = g_byte_array_new();
    pif_pcapng_append_frame(file, &frame);
    assert_bytes(file, expected, sizeof expected);
}

static void every_block_is_as_long_as_it_says_at_both_ends(void)
{
    static const guint8 bytes[64];
    for (uint32_t size = 0; size <= sizeof bytes; size++) {
        const PifFrame frame = {.bytes = bytes, .size = size, .original = size};
        g_autoptr(GByteArray) file = g_byte_array_new();
        pif_pcapng_append_frame(file, &frame);
        g_assert_cmpuint(file->len % 4, ==, 0);
        g_assert_cmpuint(file->data[4], ==, file->len);
        g_assert_cmpuint(file->data[file->len - 4], ==, file->len);
    }
}

#define TEST(name) g_test_add_func("/pcapng/" #name, name)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    TEST(a_file_begins_with_a_section_and_one_link);
    TEST(a_frame_is_padded_and_keeps_its_time_length_and_direction);
    TEST(every_block_is_as_long_as_it_says_at_both_ends);
    return g_test_run();
}
