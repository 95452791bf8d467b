/**
 * The debug port on its two wires, against ADIv5.2 (IHI 0031) and ARMv6-M ARM part C. Register
 * numbers and values are theirs; 0x0BC11477 and 0x04770031 are what debuggers print for this part.
 */
#include "tests/support.h"
#include "tests/unit/mcu/swd_host.h"

#include "fixtures/virtual/mcu/mcu.h"

#include <string.h>

enum {
    RAM = 0x20000000,
    CODE = 0x08000100,
    FLASH_KEYR = 0x40022008,
    FLASH_SR = 0x40022010,
    FLASH_CR = 0x40022014,
    DHCSR = (int)0xE000EDF0,
    DEMCR = (int)0xE000EDFC,
    DFSR = (int)0xE000ED30,
    AIRCR = (int)0xE000ED0C,
    BP_CTRL = (int)0xE0002000,
    BP_COMP0 = (int)0xE0002008,
    DWT_COMP0 = (int)0xE0001020,
    DWT_FUNCTION0 = (int)0xE0001028,
    SYST_CSR = (int)0xE000E010,
    CSW_BYTE = 0x03000000,
    CSW_HALF = 0x03000001,
    CSW_WORD = 0x03000002,
    CSW_SINGLE = 0x10,
    CSW_PACKED = 0x20,
    AP_CSW = 0x00,
    AP_TAR = 0x04,
    AP_DRW = 0x0C
};

static struct mcu_board board;
static struct mcu *mcu;
static struct swd_host host;

static void put_image(const uint16_t *halves, size_t count)
{
    uint8_t image[0x200];

    memset(image, 0, sizeof image);
    memcpy(image, (const uint8_t[]){0x00, 0x10, 0x00, 0x20, 0x01, 0x01, 0x00, 0x08}, 8);
    image[12] = 0x41; /* HardFault at 0x08000140 */
    image[13] = 0x01;
    image[15] = 0x08;
    for (size_t i = 0; i < count; i++) {
        image[0x100 + 2 * i] = (uint8_t)halves[i];
        image[0x101 + 2 * i] = (uint8_t)(halves[i] >> 8);
    }
    memcpy(image + 0x140, (const uint8_t[]){0xFE, 0xE7}, 2); /* b . */
    mcu_flash_poke(mcu, MCU_FLASH_BASE, image, sizeof image);
}

static void setup(void)
{
    static const uint8_t id[12] = {1, 2, 3};
    /* 100: movs r0, #0; 102: adds r0, #1; adds r1, #1; adds r2, #1; b 102 */
    static const uint16_t program[] = {0x2000, 0x3001, 0x3101, 0x3201, 0xE7FB};

    memset(&board, 0, sizeof board);
    board.vdda_v = 3.3;
    mcu = mcu_create(&board, id, 1);
    host = (struct swd_host){.mcu = mcu, .half_ns = 50};
    put_image(program, sizeof program / sizeof program[0]);
    mcu_set_power(mcu, 0, true);
}

static void setup_connected(void)
{
    setup();
    host_connect(&host);
}

static void finish(void)
{
    mcu_destroy(mcu);
}

/** A program of one's own, started by power. */
static void restart_with(const uint16_t *halves, size_t count)
{
    mcu_set_power(mcu, host.time_ns, false);
    put_image(halves, count);
    mcu_set_power(mcu, host.time_ns + 1000, true);
    host.time_ns += 2000;
    host_connect(&host);
}

static uint32_t control(void)
{
    return host_dp_read(&host, 4);
}

static void set_access(uint32_t csw, uint32_t address)
{
    host_ap_write(&host, AP_CSW, csw);
    host_ap_write(&host, AP_TAR, address);
}

static uint32_t dhcsr(void)
{
    return host_read_word(&host, (uint32_t)DHCSR);
}

/* The wire. */

START_TEST(nothing_is_answered_before_a_line_reset)
{
    uint32_t value = 0;

    ck_assert_uint_eq(host_packet(&host, false, true, 0, &value), HOST_NO_ACK);
    host_line_reset(&host);
    ck_assert_uint_eq(host_dp_read(&host, 0), 0x0BC11477);
}

END_TEST

START_TEST(a_line_reset_is_fifty_ones_and_two_zeros)
{
    uint32_t value = 0;

    host_bits(&host, 0, 2);
    host_bits(&host, UINT64_MAX, 49);
    host_bits(&host, 0, 4);
    ck_assert_uint_eq(host_packet(&host, false, true, 0, &value), HOST_NO_ACK);
    host_bits(&host, UINT64_MAX, 50);
    host_bits(&host, 0, 1);
    ck_assert_uint_eq(host_packet(&host, false, true, 0, &value), HOST_NO_ACK);
    host_bits(&host, UINT64_MAX, 50);
    host_bits(&host, 0, 2);
    ck_assert_uint_eq(host_packet(&host, false, true, 0, &value), HOST_OK);
}

END_TEST

START_TEST(after_a_line_reset_only_dpidr_is_answered)
{
    uint32_t value = 0;

    host_line_reset(&host);
    ck_assert_uint_eq(host_packet(&host, false, true, 4, &value), HOST_NO_ACK);
    ck_assert_uint_eq(host_packet(&host, false, true, 0, &value), HOST_NO_ACK);
    host_line_reset(&host);
    ck_assert_uint_eq(host_packet(&host, false, true, 0, &value), HOST_OK);
    ck_assert_uint_eq(host_packet(&host, false, true, 4, &value), HOST_OK);
}

END_TEST

START_TEST(the_jtag_to_swd_sequence_leads_on)
{
    host_bits(&host, UINT64_MAX, 56);
    host_bits(&host, 0xE79E, 16);
    host_line_reset(&host);
    ck_assert_uint_eq(host_dp_read(&host, 0), 0x0BC11477);
}

END_TEST

START_TEST(each_bit_stands_on_its_clock)
{
    const uint64_t data = 0x0BC11477u; /* 14 ones: the parity bit is 0 */

    host_line_reset(&host);
    host_bits(&host, 0xA5, 8);                                         /* request */
    ck_assert_int_eq(host_clock(&host, WIRE_FLOATING), WIRE_FLOATING); /* turnaround */
    ck_assert_int_eq(host_clock(&host, WIRE_FLOATING), WIRE_HIGH);     /* OK: 1 0 0 */
    ck_assert_int_eq(host_clock(&host, WIRE_FLOATING), WIRE_LOW);
    ck_assert_int_eq(host_clock(&host, WIRE_FLOATING), WIRE_LOW);
    for (unsigned i = 0; i < 33; i++) {
        ck_assert_int_eq(host_clock(&host, WIRE_FLOATING), (enum wire_level)(data >> i & 1));
    }
    ck_assert_int_eq(host_clock(&host, WIRE_FLOATING), WIRE_FLOATING); /* turnaround */
    ck_assert_uint_eq(host_dp_read(&host, 0), 0x0BC11477);             /* at once, no idle clock */
}

END_TEST

START_TEST(a_malformed_request_silences_the_part_until_line_reset)
{
    static const uint8_t requests[] = {0x85, 0xE5, 0x25}; /* parity, stop, park of 0xA5 wrong */

    for (unsigned i = 0; i < 3; i++) {
        uint32_t value = 0;
        host_line_reset(&host);
        host_dp_read(&host, 0);
        host_bits(&host, requests[i], 8);
        for (unsigned k = 0; k < 5; k++) {
            ck_assert_int_eq(host_clock(&host, WIRE_LOW), WIRE_FLOATING);
        }
        ck_assert_uint_eq(host_packet(&host, false, true, 0, &value), HOST_NO_ACK);
    }
}

END_TEST

START_TEST(an_unpowered_part_drives_nothing)
{
    uint32_t value = 0;

    mcu_set_power(mcu, 100, false);
    host.time_ns = 200;
    host_line_reset(&host);
    ck_assert_uint_eq(host_packet(&host, false, true, 0, &value), HOST_NO_ACK);
}

END_TEST

/* The debug port. */

START_TEST(power_requests_are_acknowledged_bit_by_bit)
{
    host_line_reset(&host);
    host_dp_read(&host, 0);
    ck_assert_uint_eq(control(), 0);
    host_dp_write(&host, 4, 0x10000000);
    ck_assert_uint_eq(control(), 0x30000000);
    host_dp_write(&host, 4, 0x50000000);
    ck_assert_uint_eq(control(), 0xF0000000);
    host_dp_write(&host, 4, 0x50FFFF0E); /* modes of the larger debug port are not there */
    ck_assert_uint_eq(control(), 0xF0000000);
}

END_TEST

START_TEST(the_ap_faults_while_debug_power_is_off)
{
    uint32_t value = 0;

    host_line_reset(&host);
    host_dp_read(&host, 0);
    ck_assert_uint_eq(host_packet(&host, true, true, 0, &value), HOST_FAULT);
    ck_assert_uint_eq(control(), 0x20); /* STICKYERR */
    host_dp_write(&host, 0, 0x04);
    ck_assert_uint_eq(control(), 0);
}

END_TEST

START_TEST(written_data_with_wrong_parity_is_dropped)
{
    uint32_t value = 0x11111111;

    host_write_word(&host, RAM, 0x600D);
    host.breaks_parity = true;
    ck_assert_uint_eq(host_packet(&host, true, false, AP_DRW, &value), HOST_OK);
    host.breaks_parity = false;
    ck_assert_uint_eq(host_packet(&host, true, true, AP_DRW, &value), HOST_FAULT);
    ck_assert_uint_eq(control() & 0xFF, 0x80); /* WDATAERR */
    host_dp_write(&host, 0, 0x08);
    ck_assert_uint_eq(host_read_word(&host, RAM), 0x600D);
}

END_TEST

START_TEST(ap_reads_are_posted_and_can_be_asked_again)
{
    uint32_t value = 0;

    host_write_word(&host, RAM, 0xAAAA0001);
    host_write_word(&host, RAM + 4, 0xAAAA0002);
    set_access(CSW_WORD | CSW_SINGLE, RAM);
    host_packet(&host, true, true, AP_DRW, &value); /* what was before: anything */
    ck_assert_uint_eq(host_packet(&host, true, true, AP_DRW, &value), HOST_OK);
    ck_assert_uint_eq(value, 0xAAAA0001);
    ck_assert_uint_eq(host_dp_read(&host, 8), 0xAAAA0001); /* RESEND */
    ck_assert_uint_eq(host_dp_read(&host, 12), 0xAAAA0002);
    ck_assert_uint_eq(host_dp_read(&host, 12), 0xAAAA0002);
    ck_assert_uint_eq(control() & 0x40, 0x40);
}

END_TEST

START_TEST(a_bus_fault_is_sticky_until_aborted)
{
    uint32_t value = 0;

    host_ap_write(&host, AP_TAR, 0x30000000);
    ck_assert_uint_eq(host_packet(&host, true, true, AP_DRW, &value), HOST_OK);
    ck_assert_uint_eq(host_packet(&host, false, true, 12, &value), HOST_FAULT);
    ck_assert_uint_eq(host_packet(&host, true, true, AP_DRW, &value), HOST_FAULT);
    ck_assert_uint_eq(host_packet(&host, false, false, 8, &value), HOST_FAULT);
    ck_assert_uint_eq(host_packet(&host, false, true, 0, &value), HOST_OK);
    ck_assert_uint_eq(control() & 0xA2, 0x20);
    host_dp_write(&host, 0, 0x04);
    ck_assert_uint_eq(host_read_word(&host, 0xE000ED00), 0x410CC601);
}

END_TEST

/* The access port. */

START_TEST(the_ap_says_what_it_is)
{
    ck_assert_uint_eq(host_ap_read(&host, 0xFC), 0x04770031);
    ck_assert_uint_eq(host_ap_read(&host, 0xF8), 0xF0000003);
    ck_assert_uint_eq(host_ap_read(&host, 0xF4), 0);
    ck_assert_uint_eq(host_ap_read(&host, AP_CSW), 0x03000042);
    host_dp_write(&host, 8, 0x010000F0); /* AP 1 is not there: reads 0 */
    uint32_t value = 1;
    ck_assert_uint_eq(host_packet(&host, true, true, 12, &value), HOST_OK);
    ck_assert_uint_eq(host_dp_read(&host, 12), 0);
}

END_TEST

START_TEST(the_rom_table_leads_to_the_core)
{
    ck_assert_uint_eq(host_read_word(&host, 0xF0000000), 0xF00FF003); /* + F0000000 = E00FF000 */
    ck_assert_uint_eq(host_read_word(&host, 0xF0000004), 0);
    ck_assert_uint_eq(host_read_word(&host, 0xF0000FE0), 0x60);       /* part 0x460, STM32G07x */
    ck_assert_uint_eq(host_read_word(&host, 0xE00FF000), 0xFFF0F003); /* SCS */
    ck_assert_uint_eq(host_read_word(&host, 0xE00FF00C), 0);
    ck_assert_uint_eq(host_read_word(&host, 0xE00FFFE0), 0xC0); /* part 0x4C0 */
    ck_assert_uint_eq(host_read_word(&host, 0xE000EFE0), 0x08); /* part 0x008 */
    ck_assert_uint_eq(host_read_word(&host, 0xE000EFF4), 0xE0);
}

END_TEST

START_TEST(bytes_and_half_words_use_their_lanes)
{
    host_write_word(&host, RAM, 0x44332211);
    set_access(CSW_BYTE, RAM + 2);
    ck_assert_uint_eq(host_ap_read(&host, AP_DRW), 0x00330000);
    host_ap_write(&host, AP_DRW, 0x12AB3456);
    set_access(CSW_HALF, RAM);
    ck_assert_uint_eq(host_ap_read(&host, AP_DRW), 0x00002211);
    host_ap_write(&host, AP_DRW, 0x1234CDEF);
    set_access(CSW_WORD, RAM);
    ck_assert_uint_eq(host_ap_read(&host, AP_DRW), 0x44ABCDEF);
}

END_TEST

START_TEST(increments_are_single_or_packed)
{
    set_access(CSW_BYTE | CSW_PACKED, RAM);
    host_ap_write(&host, AP_DRW, 0x04030201);
    host_ap_write(&host, AP_DRW, 0x08070605);
    ck_assert_uint_eq(host_ap_read(&host, AP_TAR), RAM + 8);
    set_access(CSW_HALF | CSW_PACKED, RAM);
    ck_assert_uint_eq(host_ap_read(&host, AP_DRW), 0x04030201);
    set_access(CSW_BYTE | CSW_SINGLE, RAM + 4);
    ck_assert_uint_eq(host_ap_read(&host, AP_DRW), 0x00000005);
    ck_assert_uint_eq(host_ap_read(&host, AP_DRW), 0x00000600);
    ck_assert_uint_eq(host_ap_read(&host, AP_TAR), RAM + 6);
}

END_TEST

START_TEST(the_address_wraps_after_a_kilobyte_and_not_before)
{
    set_access(CSW_WORD | CSW_SINGLE, RAM + 0x1FC);
    host_ap_write(&host, AP_DRW, 1);
    ck_assert_uint_eq(host_ap_read(&host, AP_TAR), RAM + 0x200);
    host_ap_write(&host, AP_TAR, RAM + 0x3FC);
    host_ap_write(&host, AP_DRW, 2);
    ck_assert_uint_eq(host_ap_read(&host, AP_TAR), RAM);
}

END_TEST

START_TEST(banked_data_registers_reach_four_words)
{
    host_ap_write(&host, AP_TAR, RAM + 0x104);
    host_ap_write(&host, 0x10, 10);
    host_ap_write(&host, 0x1C, 13);
    ck_assert_uint_eq(host_read_word(&host, RAM + 0x100), 10);
    ck_assert_uint_eq(host_read_word(&host, RAM + 0x10C), 13);
    host_ap_write(&host, AP_TAR, RAM + 0x10C);
    ck_assert_uint_eq(host_ap_read(&host, 0x10), 10);
}

END_TEST

/* Held up by the flash. */

static void start_page_erase(unsigned page)
{
    host_halt(&host);
    host_write_word(&host, FLASH_KEYR, 0x45670123);
    host_write_word(&host, FLASH_KEYR, 0xCDEF89AB);
    host_write_word(&host, FLASH_CR, 1u << 16 | page << 3 | 2);
    ck_assert_uint_eq(host_read_word(&host, FLASH_SR) >> 16 & 1, 1);
}

START_TEST(reading_a_busy_flash_waits_and_then_gives_what_is_there)
{
    uint32_t value = 0;
    unsigned waits = 0;

    uint8_t old[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    mcu_flash_poke(mcu, MCU_FLASH_BASE + 63 * 2048, old, sizeof old);
    ck_assert_uint_eq(host_read_word(&host, MCU_FLASH_BASE + 63 * 2048), 0x04030201);
    start_page_erase(63);
    uint64_t start_ns = host.time_ns;
    host_ap_write(&host, AP_TAR, MCU_FLASH_BASE + 63 * 2048);
    ck_assert_uint_eq(host_packet(&host, true, true, AP_DRW, &value), HOST_OK);
    while (host_packet(&host, false, true, 12, &value) == HOST_WAIT) {
        host.time_ns += 1000000;
        waits++;
        ck_assert_uint_lt(waits, 100);
    }
    ck_assert_uint_eq(value, 0xFFFFFFFF);
    ck_assert_uint_gt(waits, 10);
    ck_assert_uint_gt(host.time_ns - start_ns, 15000000); /* a page takes about 22 ms */
}

END_TEST

START_TEST(an_overrun_is_noted_and_the_data_phase_takes_place)
{
    uint32_t value = 0;

    start_page_erase(63);
    host_dp_write(&host, 4, 0x50000001);
    host.detects_overrun = true;
    host_ap_write(&host, AP_TAR, MCU_FLASH_BASE);
    ck_assert_uint_eq(host_packet(&host, true, true, AP_DRW, &value), HOST_OK);
    ck_assert_uint_eq(host_packet(&host, true, false, AP_DRW, &value), HOST_WAIT);
    ck_assert_uint_eq(host_packet(&host, true, true, AP_DRW, &value), HOST_FAULT);
    ck_assert_uint_eq(control() & 0xA2, 0x02); /* STICKYORUN */
    host_dp_write(&host, 0, 0x10 | 0x01);      /* and DAPABORT frees the AP */
    ck_assert_uint_eq(control() & 0xA2, 0);
    ck_assert_uint_eq(host_read_word(&host, RAM), host_read_word(&host, RAM));
}

END_TEST

/* Halting debug. */

START_TEST(a_halt_needs_the_key_and_debugen)
{
    host_write_word(&host, (uint32_t)DHCSR, 0x12340003);
    ck_assert_uint_eq(dhcsr() & 0x20003, 0);
    host_write_word(&host, (uint32_t)DHCSR, 0xA05F0002);
    ck_assert_uint_eq(dhcsr() & 0x20003, 0);
    host_write_word(&host, (uint32_t)DHCSR, 0xA05F0003);
    ck_assert_uint_eq(dhcsr() & 0x20003, 0x20003);
    uint32_t pc = host_register(&host, 15);
    ck_assert_uint_eq(host_register(&host, 15), pc);
    ck_assert(pc >= CODE && pc <= CODE + 8);
}

END_TEST

START_TEST(reset_and_retirement_bits_clear_when_read)
{
    ck_assert_uint_eq(dhcsr() & 1u << 25, 1u << 25);
    ck_assert_uint_eq(dhcsr() & 3u << 24, 1u << 24);
    host_halt(&host);
    dhcsr();
    ck_assert_uint_eq(dhcsr() & 3u << 24, 0);
}

END_TEST

START_TEST(registers_are_read_and_written)
{
    host_halt(&host);
    for (unsigned number = 0; number < 13; number++) {
        host_set_register(&host, number, 0x1000 + number);
    }
    host_set_register(&host, 17, RAM + 0x803); /* MSP */
    host_set_register(&host, 18, RAM + 0x900); /* PSP */
    host_set_register(&host, 14, 0x55);
    host_set_register(&host, 16, 0x91000000);
    host_set_register(&host, 20, 0x02000001); /* CONTROL, PRIMASK */
    for (unsigned number = 0; number < 13; number++) {
        ck_assert_uint_eq(host_register(&host, number), 0x1000 + number);
    }
    ck_assert_uint_eq(host_register(&host, 13), RAM + 0x900);
    ck_assert_uint_eq(host_register(&host, 14), 0x55);
    ck_assert_uint_eq(host_register(&host, 16), 0x91000000);
    ck_assert_uint_eq(host_register(&host, 17), RAM + 0x800);
    ck_assert_uint_eq(host_register(&host, 20), 0x02000001);
}

END_TEST

START_TEST(a_step_executes_one_instruction_and_halts_again)
{
    host_halt(&host);
    host_set_register(&host, 15, CODE + 2);
    host_set_register(&host, 0, 10);
    host_set_register(&host, 1, 20);
    host_step(&host);
    ck_assert_uint_eq(dhcsr() & 0x20007, 0x20007); /* C_HALT is set again by hardware */
    ck_assert_uint_eq(host_register(&host, 15), CODE + 4);
    ck_assert_uint_eq(host_register(&host, 0), 11);
    ck_assert_uint_eq(host_register(&host, 1), 20);
    ck_assert_uint_eq(host_read_word(&host, (uint32_t)DFSR), 1);
}

END_TEST

START_TEST(a_breakpoint_stops_before_its_instruction_by_half_word)
{
    host_halt(&host);
    host_write_word(&host, (uint32_t)DFSR, 0x1F);
    ck_assert_uint_eq(host_read_word(&host, (uint32_t)BP_CTRL), 0x40); /* four comparators, off */
    host_write_word(
        &host, (uint32_t)BP_COMP0, 1u << 31 | (CODE + 4) | 1); /* upper half: CODE + 6 */
    host_write_word(&host, (uint32_t)BP_CTRL, 3);
    host_set_register(&host, 15, CODE);
    host_set_register(&host, 2, 5);
    host_resume(&host);
    ck_assert_uint_eq(dhcsr() & 0x20003, 0x20003);
    ck_assert_uint_eq(host_read_word(&host, (uint32_t)DFSR), 2);
    ck_assert_uint_eq(host_register(&host, 15), CODE + 6);
    ck_assert_uint_eq(host_register(&host, 2), 5);
    host_write_word(&host, (uint32_t)BP_COMP0, 1u << 30 | (CODE + 4) | 1); /* lower: CODE + 4 */
    host_resume(&host);
    ck_assert_uint_eq(host_register(&host, 15), CODE + 4);
    ck_assert_uint_eq(host_register(&host, 2), 6);
}

END_TEST

START_TEST(a_bkpt_instruction_halts_where_it_stands)
{
    static const uint16_t program[] = {0x2007, 0xBE01, 0x2008, 0xE7FE};

    host_write_word(&host, (uint32_t)DHCSR, 0xA05F0001);
    restart_with(program, 4);
    host_write_word(&host, (uint32_t)DEMCR, 1);
    host_write_word(&host, (uint32_t)DHCSR, 0xA05F0001);
    host_write_word(&host, (uint32_t)AIRCR, 0x05FA0004);
    ck_assert_uint_eq(host_register(&host, 15), CODE);
    host_write_word(&host, (uint32_t)DFSR, 0x1F);
    host_resume(&host);
    ck_assert_uint_eq(dhcsr() & 0x20003, 0x20003);
    ck_assert_uint_eq(host_register(&host, 15), CODE + 2);
    ck_assert_uint_eq(host_register(&host, 0), 7);
    ck_assert_uint_eq(host_read_word(&host, (uint32_t)DFSR), 2);
}

END_TEST

START_TEST(vector_catch_stops_at_reset_and_only_when_asked)
{
    host_write_word(&host, (uint32_t)DHCSR, 0xA05F0001);
    host_write_word(&host, (uint32_t)DEMCR, 1);
    host_write_word(&host, (uint32_t)AIRCR, 0x05FA0004);
    ck_assert_uint_eq(dhcsr() & 0x2020003, 0x2020003);
    ck_assert_uint_eq(host_register(&host, 15), CODE);
    ck_assert_uint_eq(host_register(&host, 13), RAM + 0x1000);
    ck_assert_uint_eq(host_register(&host, 14), 0xFFFFFFFF);
    ck_assert_uint_eq(host_read_word(&host, (uint32_t)DFSR), 8);
    host_write_word(&host, (uint32_t)DEMCR, 0);
    host_write_word(&host, (uint32_t)AIRCR, 0x05FA0004);
    ck_assert_uint_eq(dhcsr() & 0x20003, 1);
}

END_TEST

START_TEST(vector_catch_stops_at_the_first_instruction_of_hard_fault)
{
    static const uint16_t program[] = {0xE7FE, 0xDE00};

    restart_with(program, 2);
    host_halt(&host);
    host_write_word(&host, (uint32_t)DFSR, 0x1F);
    host_write_word(&host, (uint32_t)DEMCR, 1u << 10);
    host_set_register(&host, 15, CODE + 2);
    host_resume(&host);
    ck_assert_uint_eq(dhcsr() & 0x20000, 0x20000);
    ck_assert_uint_eq(host_register(&host, 15), 0x08000140);
    ck_assert_uint_eq(host_register(&host, 16) & 0x3F, 3);
    ck_assert_uint_eq(host_read_word(&host, (uint32_t)DFSR), 8);
}

END_TEST

START_TEST(connect_under_reset_halts_before_the_first_instruction)
{
    mcu_set_nrst(mcu, host.time_ns, true);
    host_connect(&host);
    host_write_word(&host, (uint32_t)DHCSR, 0xA05F0001);
    host_write_word(&host, (uint32_t)DEMCR, 1);
    ck_assert_uint_eq(dhcsr() & 1u << 25, 1u << 25);
    mcu_set_nrst(mcu, host.time_ns, false);
    ck_assert_uint_eq(dhcsr() & 0x20000, 0x20000);
    ck_assert_uint_eq(host_register(&host, 15), CODE);
}

END_TEST

START_TEST(a_watchpoint_stops_after_the_store_it_saw)
{
    /* ldr r1, [pc, #8] (0x20000040); movs r0, #1; str r0, [r1, #4]; str r0, [r1]; nop; b . */
    static const uint16_t program[] = {
        0x4902, 0x2001, 0x6048, 0x6008, 0xBF00, 0xE7FE, 0x0040, 0x2000};

    restart_with(program, 8);
    host_halt(&host);
    host_write_word(&host, (uint32_t)DFSR, 0x1F);
    host_write_word(&host, (uint32_t)DEMCR, 1u << 24);
    host_write_word(&host, (uint32_t)DWT_COMP0, RAM + 0x40);
    host_write_word(&host, (uint32_t)DWT_FUNCTION0, 6); /* write */
    host_write_word(&host, RAM + 0x40, 0);
    host_set_register(&host, 15, CODE);
    host_resume(&host);
    ck_assert_uint_eq(dhcsr() & 0x20000, 0x20000);
    ck_assert_uint_eq(host_register(&host, 15), CODE + 8);
    ck_assert_uint_eq(host_read_word(&host, RAM + 0x40), 1);
    ck_assert_uint_eq(host_read_word(&host, (uint32_t)DFSR), 4);
    ck_assert_uint_eq(host_read_word(&host, (uint32_t)DWT_FUNCTION0), 1u << 24 | 6);
    ck_assert_uint_eq(host_read_word(&host, (uint32_t)DWT_FUNCTION0), 6);
    ck_assert_uint_eq(host_read_word(&host, 0xE0001000), 0x20000000); /* two comparators */
}

END_TEST

START_TEST(software_does_not_see_the_debug_registers)
{
    /* ldr r1, [pc, #4] (DHCSR); ldr r0, [r1]; b . */
    static const uint16_t program[] = {0x4901, 0x6808, 0xE7FE, 0xBF00, 0xEDF0, 0xE000};

    restart_with(program, 6);
    host_halt(&host);
    ck_assert_uint_eq(host_register(&host, 1), 0xE000EDF0);
    ck_assert_uint_eq(host_register(&host, 0), 0);
}

END_TEST

START_TEST(ticks_stand_still_while_halted)
{
    host_write_word(&host, 0xE000E014, 0xFFFFFF);
    host_write_word(&host, 0xE000E018, 0);
    host_write_word(&host, (uint32_t)SYST_CSR, 5);
    host_halt(&host);
    uint32_t first = host_read_word(&host, 0xE000E018);
    host.time_ns += 1000000;
    ck_assert_uint_eq(host_read_word(&host, 0xE000E018), first);
    host_resume(&host);
    host.time_ns += 1000000; /* 16000 cycles at 16 MHz */
    uint32_t second = host_read_word(&host, 0xE000E018);
    ck_assert_uint_ge(first - second, 16000);
    ck_assert_uint_le(first - second, 16000 + 400);
}

END_TEST

START_TEST(a_sleeping_core_can_be_halted_and_goes_on)
{
    static const uint16_t program[] = {0x2001, 0xBF30, 0x2002, 0xE7FE}; /* movs; wfi; movs; b . */

    restart_with(program, 4);
    ck_assert_uint_eq(dhcsr() & 1u << 18, 1u << 18);
    host_halt(&host);
    ck_assert_uint_eq(host_register(&host, 15), CODE + 4);
    ck_assert_uint_eq(host_register(&host, 0), 1);
    host_step(&host);
    ck_assert_uint_eq(host_register(&host, 0), 2);
}

END_TEST

START_TEST(lockup_shows_and_can_be_halted)
{
    static const uint16_t program[] = {0xDE00};

    mcu_set_power(mcu, host.time_ns, false);
    put_image(program, 1);
    mcu_flash_poke(mcu, 0x08000140, (const uint8_t[]){0x00, 0xDE, 0, 0, 0, 0, 0, 0}, 8);
    mcu_set_power(mcu, host.time_ns + 1000, true);
    host.time_ns += 2000;
    host_connect(&host);
    ck_assert_uint_eq(dhcsr() & 1u << 19, 1u << 19);
    host_halt(&host);
    ck_assert_uint_eq(host_register(&host, 15), 0xFFFFFFFE);
}

END_TEST

START_TEST(pads_taken_from_the_debug_port_close_it)
{
    uint32_t value = 0;

    ck_assert_uint_eq(host_read_word(&host, 0x40021034) & 1, 0);
    host_write_word(&host, 0x40021034, 1); /* RCC_IOPENR: port A */
    uint32_t moder = host_read_word(&host, 0x50000000);
    ck_assert_uint_eq(moder, 0xEBFFFFFF);
    host_ap_write(&host, AP_TAR, 0x50000000);
    value = moder | 3u << 26; /* PA13 analog */
    ck_assert_uint_eq(host_packet(&host, true, false, AP_DRW, &value), HOST_OK);
    host_line_reset(&host);
    ck_assert_uint_eq(host_packet(&host, false, true, 0, &value), HOST_NO_ACK);
}

END_TEST

static Suite *debug_suite(void)
{
    Suite *suite = suite_create("mcu debug");
    TCase *wire = tcase_create("wire");
    TCase *port = tcase_create("port");
    TCase *halting = tcase_create("halting");

    tcase_add_checked_fixture(wire, setup, finish);
    tcase_add_test(wire, nothing_is_answered_before_a_line_reset);
    tcase_add_test(wire, a_line_reset_is_fifty_ones_and_two_zeros);
    tcase_add_test(wire, after_a_line_reset_only_dpidr_is_answered);
    tcase_add_test(wire, the_jtag_to_swd_sequence_leads_on);
    tcase_add_test(wire, each_bit_stands_on_its_clock);
    tcase_add_test(wire, a_malformed_request_silences_the_part_until_line_reset);
    tcase_add_test(wire, an_unpowered_part_drives_nothing);
    tcase_add_test(wire, power_requests_are_acknowledged_bit_by_bit);
    tcase_add_test(wire, the_ap_faults_while_debug_power_is_off);
    suite_add_tcase(suite, wire);

    tcase_add_checked_fixture(port, setup_connected, finish);
    tcase_add_test(port, written_data_with_wrong_parity_is_dropped);
    tcase_add_test(port, ap_reads_are_posted_and_can_be_asked_again);
    tcase_add_test(port, a_bus_fault_is_sticky_until_aborted);
    tcase_add_test(port, the_ap_says_what_it_is);
    tcase_add_test(port, the_rom_table_leads_to_the_core);
    tcase_add_test(port, bytes_and_half_words_use_their_lanes);
    tcase_add_test(port, increments_are_single_or_packed);
    tcase_add_test(port, the_address_wraps_after_a_kilobyte_and_not_before);
    tcase_add_test(port, banked_data_registers_reach_four_words);
    tcase_add_test(port, reading_a_busy_flash_waits_and_then_gives_what_is_there);
    tcase_add_test(port, an_overrun_is_noted_and_the_data_phase_takes_place);
    tcase_add_test(port, pads_taken_from_the_debug_port_close_it);
    suite_add_tcase(suite, port);

    tcase_add_checked_fixture(halting, setup_connected, finish);
    tcase_add_test(halting, a_halt_needs_the_key_and_debugen);
    tcase_add_test(halting, reset_and_retirement_bits_clear_when_read);
    tcase_add_test(halting, registers_are_read_and_written);
    tcase_add_test(halting, a_step_executes_one_instruction_and_halts_again);
    tcase_add_test(halting, a_breakpoint_stops_before_its_instruction_by_half_word);
    tcase_add_test(halting, a_bkpt_instruction_halts_where_it_stands);
    tcase_add_test(halting, vector_catch_stops_at_reset_and_only_when_asked);
    tcase_add_test(halting, vector_catch_stops_at_the_first_instruction_of_hard_fault);
    tcase_add_test(halting, connect_under_reset_halts_before_the_first_instruction);
    tcase_add_test(halting, a_watchpoint_stops_after_the_store_it_saw);
    tcase_add_test(halting, software_does_not_see_the_debug_registers);
    tcase_add_test(halting, ticks_stand_still_while_halted);
    tcase_add_test(halting, a_sleeping_core_can_be_halted_and_goes_on);
    tcase_add_test(halting, lockup_shows_and_can_be_halted);
    suite_add_tcase(suite, halting);
    return suite;
}

int main(void)
{
    return support_run(debug_suite());
}
