/* Figures of the virtual bench: core, idling, the EK image's sleep, the circuit. */
#define _GNU_SOURCE
#include "tests/measure/measure.h"

#include "fixtures/virtual/bench.h"
#include "harness/base/mem.h"
#include "harness/target/image.h"

#if MEASURE_HAS_UNICORN
#include <unicorn/unicorn.h>
#endif

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    MODEL_RUNS = 5,
    LOOP_LEN = 20 /* bytes of the loop below */
};

/*
 * A loop of the kind that firmware spends its time in: loads, adds, shifts, a store, a branch.
 *   0x100: ldr r2,[r0]; adds r2,r2,r1; lsls r3,r2,#3; eors r3,r2; str r3,[r0]; adds r1,#1;
 *          lsrs r2,r3,#5; ands r2,r1; orrs r3,r2; b 0x100
 */
static const uint16_t loop_code[LOOP_LEN / 2] = {
    0x6802, 0x1852, 0x00D3, 0x4053, 0x6003, 0x3101, 0x095A, 0x400A, 0x4313, 0xE7F5};

enum {
    IMAGE_LEN = 0x140,
    CODE_OFFSET = 0x100
};

/* Vectors, and before the loop: ldr r0,=0x20000100 by movs/lsls/adds. */
static void make_loop_image(uint8_t image[IMAGE_LEN])
{
    static const uint16_t entry[] = {0x2020, 0x0600, 0x30FF, 0x3001}; /* r0 = 0x20000100 */

    memset(image, 0xFF, IMAGE_LEN);
    bytes_put_le32(image, 0x20001000);
    for (uint32_t vector = 1; vector < 48; vector++) {
        bytes_put_le32(image + 4 * vector, (MCU_FLASH_BASE + CODE_OFFSET) | 1u);
    }
    for (size_t i = 0; i < 4; i++) {
        bytes_put_le16(image + CODE_OFFSET + 2 * i, entry[i]);
    }
    for (size_t i = 0; i < LOOP_LEN / 2; i++) {
        bytes_put_le16(image + CODE_OFFSET + 8 + 2 * i, loop_code[i]);
    }
}

static struct mcu *start_mcu(const uint8_t *image, size_t len)
{
    static const struct mcu_board board = {.vdda_v = 3.3};
    static const uint8_t unique_id[12] = {1};
    struct mcu *mcu = mcu_create(&board, unique_id, 1);

    mcu_flash_poke(mcu, MCU_FLASH_BASE, image, len);
    mcu_set_power(mcu, 0, true);
    return mcu;
}

static double own_mips(const uint8_t *image)
{
    struct mcu *mcu = start_mcu(image, IMAGE_LEN);
    struct mcu_stats before, after;

    mcu_advance(mcu, 100000000);
    mcu_stats(mcu, &before);
    double start_s = measure_now_s();
    mcu_advance(mcu, 3100000000u); /* three seconds of a 16 MHz core */
    double time_s = measure_now_s() - start_s;
    mcu_stats(mcu, &after);
    mcu_destroy(mcu);
    return (double)(after.instructions - before.instructions) / time_s * 1e-6;
}

#if MEASURE_HAS_UNICORN
static double unicorn_mips(const uint8_t *image)
{
    enum {
        COUNT = 30000000
    };

    uc_engine *engine;
    double mips = (double)NAN;

    if (uc_open(UC_ARCH_ARM, UC_MODE_THUMB | UC_MODE_MCLASS, &engine) != UC_ERR_OK) {
        return mips;
    }
    uc_err mapped = uc_mem_map(engine, MCU_FLASH_BASE, 0x1000, UC_PROT_ALL);
    mapped |= uc_mem_map(engine, MCU_SRAM_BASE, 0x2000, UC_PROT_ALL);
    mapped |= uc_mem_write(engine, MCU_FLASH_BASE, image, IMAGE_LEN);
    if (mapped == UC_ERR_OK) {
        double start_s = measure_now_s();
        uc_err ran = uc_emu_start(engine, (MCU_FLASH_BASE + CODE_OFFSET) | 1u, 0, 0, COUNT);
        double time_s = measure_now_s() - start_s;
        mips = ran == UC_ERR_OK ? COUNT / time_s * 1e-6 : (double)NAN;
    }
    (void)uc_close(engine);
    return mips;
}
#endif

void measure_mips(const struct figure_row *row, struct figure *figure)
{
    uint8_t image[IMAGE_LEN];
    double own[MODEL_RUNS];

    (void)row;
    make_loop_image(image);
    for (size_t i = 0; i < MODEL_RUNS; i++) {
        own[i] = own_mips(image);
    }
    figure->value = measure_median(own, MODEL_RUNS);
    figure->runs = MODEL_RUNS;
#if MEASURE_HAS_UNICORN
    double peer[MODEL_RUNS];
    for (size_t i = 0; i < MODEL_RUNS; i++) {
        peer[i] = unicorn_mips(image);
    }
    figure->peer = "Unicorn, same loop";
    figure->peer_value = measure_median(peer, MODEL_RUNS);
#endif
}

/* SysTick at 1 kHz from 16 MHz, WFI for ever: what an idle unit costs. */
void measure_idle(const struct figure_row *row, struct figure *figure)
{
    /* ldr r0,=0xE000E010; ldr r1,=15999; str r1,[r0,#4]; movs r1,#0; str r1,[r0,#8]; movs r1,#7;
     * str r1,[r0]; wfi; b .-2; pool; the SysTick handler is bx lr */
    static const uint16_t code[] = {0x4804, 0x4905, 0x6041, 0x2100, 0x6081, 0x2107, 0x6001, 0xBF30,
        0xE7FD, 0x4770, 0xE010, 0xE000, 0x3E7F, 0x0000};
    uint8_t image[IMAGE_LEN];
    double times_ms[MODEL_RUNS];

    (void)row;
    make_loop_image(image);
    for (size_t i = 0; i < sizeof code / sizeof code[0]; i++) {
        bytes_put_le16(image + CODE_OFFSET + 2 * i, code[i]);
    }
    bytes_put_le32(image + 4 * 15, (MCU_FLASH_BASE + CODE_OFFSET + 18) | 1u);
    for (size_t i = 0; i < MODEL_RUNS; i++) {
        struct mcu *mcu = start_mcu(image, IMAGE_LEN);
        struct mcu_stats stats;
        double start_s = measure_now_s();
        mcu_advance(mcu, 60000000000u);
        times_ms[i] = (measure_now_s() - start_s) * 1e3;
        mcu_stats(mcu, &stats);
        if (stats.sleep_ps < 59000000000000u || stats.instructions < 60000) {
            measure_not(figure, "the idle image did not sleep: %llu instructions",
                (unsigned long long)stats.instructions);
        }
        mcu_destroy(mcu);
    }
    figure->value = measure_median(times_ms, MODEL_RUNS);
    figure->runs = MODEL_RUNS;
}

/* ---- the EK image on its board ---- */

static enum status poke_image(struct mcu *mcu, const char *name, struct error *err)
{
    struct image image;
    char *path = mem_printf("%s/%s", measure_paths()->firmware, name);
    enum status status = image_load(path, &image, err);

    free(path);
    TRY(status);
    for (size_t i = 0; i < image.segment_count; i++) {
        const struct image_segment *segment = &image.segments[i];
        size_t len = (segment->bytes.len + 7) / 8 * 8;
        uint8_t *padded = mem_alloc(len, 1);
        memset(padded, 0xFF, len);
        memcpy(padded, segment->bytes.data, segment->bytes.len);
        mcu_flash_poke(mcu, segment->address, padded, len);
        free(padded);
    }
    image_finish(&image);
    return STATUS_OK;
}

/* Cells are set straight in the circuit: the figure is the unit's, not the fixture's. */
static void set_cells(struct circuit *circuit, double cell_v)
{
    for (int n = 1; n <= 24; n++) {
        char name[16];
        (void)snprintf(name, sizeof name, "V_CARD%02d", n);
        circuit_set_value(circuit, circuit_find(circuit, name), cell_v);
    }
}

static enum status open_unit(struct virtual_bench **bench, struct error *err)
{
    static const struct virtual_bench_config config = {
        .product = "ek-24s4eb", .seed = 1, .firmware_folder = MEASURE_FIRMWARE};

    TRY(virtual_bench_create(&config, bench, err));
    return poke_image(board_mcu(virtual_bench_board(*bench)), "ek-24s4eb.elf", err);
}

void measure_sleep_share(const struct figure_row *row, struct figure *figure)
{
    enum {
        SECONDS = 20
    };
    struct virtual_bench *bench = NULL;
    struct mcu_stats before, after;
    struct error err;

    (void)row;
    if (open_unit(&bench, &err) != STATUS_OK) {
        measure_not(figure, "%s", err.text);
        virtual_bench_destroy(bench);
        return;
    }
    struct mcu *mcu = board_mcu(virtual_bench_board(bench));
    set_cells(virtual_bench_circuit(bench), 3.3);
    clock_sleep_ns(virtual_bench_clock(bench), NS_PER_S);
    mcu_stats(mcu, &before);
    clock_sleep_ns(virtual_bench_clock(bench), (uint64_t)SECONDS * NS_PER_S);
    mcu_stats(mcu, &after);
    double asleep = (double)(after.sleep_ps - before.sleep_ps);
    double awake = (double)(after.awake_ps - before.awake_ps);
    figure->value = 100.0 * asleep / (asleep + awake);
    figure->runs = SECONDS * 2; /* scans looked at */
    if (after.resets != before.resets || !(awake > 0.0)) {
        measure_not(figure, "the unit was reset while it was watched");
    }
    virtual_bench_destroy(bench);
}

/* ---- the circuit ---- */

/* The results of each pass are thrown away: kept, they would make ngspice slower and slower. */
static double ngspice_op_us(const char *netlist)
{
    enum {
        OPS = 400
    };

    double times_s[2];
    char *deck = mem_printf("%s/board.cir", measure_paths()->work);
    char *command = mem_printf("ngspice -b %s >/dev/null 2>&1", deck);
    const char *end = strstr(netlist, ".end");

    for (int pass = 0; pass < 2; pass++) {
        FILE *file = fopen(deck, "w");
        if (file == NULL || end == NULL) {
            times_s[pass] = (double)NAN;
            continue;
        }
        (void)fprintf(file, "%.*s.control\nrepeat %d\nop\ndestroy all\nend\nquit\n.endc\n.end\n",
            (int)(end - netlist), netlist, pass == 0 ? 1 : 1 + OPS);
        (void)fclose(file);
        double start_s = measure_now_s();
        int result = system(command); /* NOLINT(cert-env33-c): a fixed command of our own */
        times_s[pass] = result == 0 || result == 256 ? measure_now_s() - start_s : (double)NAN;
    }
    free(command);
    free(deck);
    return (times_s[1] - times_s[0]) / OPS * 1e6;
}

void measure_solve(const struct figure_row *row, struct figure *figure)
{
    enum {
        SOLVES = 5000
    };

    double times_us[MODEL_RUNS];
    struct virtual_bench *bench = NULL;
    struct error err;

    (void)row;
    if (open_unit(&bench, &err) != STATUS_OK) {
        measure_not(figure, "%s", err.text);
        virtual_bench_destroy(bench);
        return;
    }
    struct circuit *circuit = virtual_bench_circuit(bench);
    int tap = circuit_find(circuit, "SW_TAP07");
    set_cells(circuit, 3.3);
    for (size_t i = 0; i < MODEL_RUNS; i++) {
        double start_s = measure_now_s();
        for (int n = 0; n < SOLVES; n++) {
            circuit_set_closed(circuit, tap, n % 2 == 0);
            (void)circuit_solve(circuit, &err);
        }
        times_us[i] = (measure_now_s() - start_s) * 1e6 / SOLVES;
    }
    figure->value = measure_median(times_us, MODEL_RUNS);
    figure->runs = MODEL_RUNS;
    char *netlist = circuit_to_spice(circuit, "EK board");
    double peer_us = ngspice_op_us(netlist);
    if (isfinite(peer_us) && peer_us > 0.0) {
        figure->peer = "ngspice op";
        figure->peer_value = peer_us;
    }
    free(netlist);
    virtual_bench_destroy(bench);
}
