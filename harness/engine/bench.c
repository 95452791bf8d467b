#include "harness/engine/bench.h"

#include "fixtures/virtual/bench.h"
#include "harness/link/link_ftdi.h"

#include <stdio.h>
#include <string.h>

enum {
    SPI_CHANNEL = 0,
    DEBUG_CHANNEL = 1,
    UART_CHANNEL = 2,
    SWD_HZ = 10000000
};

static const char usb_prefix[] = "usb:";

bool bench_name_is_virtual(const char *name)
{
    return strcmp(name, "virtual") == 0;
}

static enum status open_model(
    struct bench *bench, const struct bench_config *config, struct error *err)
{
    struct virtual_bench_config model = {
        .product = config->product,
        .seed = config->seed,
        .faults = config->faults,
        .fault_count = config->fault_count,
        .firmware_folder = bench->firmware_folder,
        .log = &bench->log,
    };

    TRY(virtual_bench_create(&model, &bench->model, err));
    bench->clock = virtual_bench_clock(bench->model);
    bench->is_virtual = true;
    return STATUS_OK;
}

static enum status choose_side(
    struct bench *bench, const struct bench_config *config, struct error *err)
{
    if (bench_name_is_virtual(config->name)) {
        return open_model(bench, config, err);
    }
    if (strncmp(config->name, usb_prefix, strlen(usb_prefix)) != 0) {
        return error_set(err, STATUS_USAGE,
            "bench \"%s\" is neither \"virtual\" nor \"usb:SERIAL\"", config->name);
    }
    if (config->fault_count > 0) {
        return error_set(err, STATUS_USAGE,
            "faults can be injected on the virtual bench only, not on %s", config->name);
    }
    clock_monotonic_init(&bench->steel_clock);
    bench->clock = &bench->steel_clock.base;
    return STATUS_OK;
}

static enum status open_bare_link(
    struct bench *bench, unsigned channel, struct link **link, struct error *err)
{
    if (bench->model != NULL) {
        return virtual_bench_open_link(bench->model, VIRTUAL_BENCH_SERIAL, channel, link, err);
    }
    return link_ftdi_open(
        bench->name + strlen(usb_prefix), channel, bench->clock, &bench->log, link, err);
}

static enum status open_link(
    struct bench *bench, unsigned channel, struct link **link, struct error *err)
{
    const struct bench_hooks *hooks = bench->hooks;

    TRY(open_bare_link(bench, channel, link, err));
    if (hooks == NULL || hooks->wrap_link == NULL) {
        return STATUS_OK;
    }
    enum status status = hooks->wrap_link(hooks->ctx, link, err);
    if (status != STATUS_OK) {
        link_close(*link);
    }
    return status;
}

static enum status open_mpsse(
    struct bench *bench, unsigned channel, struct mpsse **mpsse, struct error *err)
{
    struct link *link;

    TRY(open_link(bench, channel, &link, err));
    enum status status = mpsse_open(link, mpsse, err);
    if (status != STATUS_OK) {
        link_close(link);
    }
    return status;
}

static enum status open_uart(struct bench *bench, struct error *err)
{
    struct link *link;

    TRY(open_link(bench, UART_CHANNEL, &link, err));
    enum status status = uart_open(link, NEEY_BAUD, UART_PARITY_NONE, &bench->uart, err);
    if (status != STATUS_OK) {
        link_close(link);
    }
    return status;
}

static enum status switch_cells_off(void *ctx, struct error *err)
{
    return cell_rack_off(ctx, err);
}

static enum status open_parts(
    struct bench *bench, const struct bench_config *config, struct error *err)
{
    TRY(open_mpsse(bench, SPI_CHANNEL, &bench->spi, err));
    TRY(cb24_open(config->cb24, bench->spi, &bench->log, &bench->cells, err));
    safe_push(&bench->safe, "switching the cells off", switch_cells_off, bench->cells);
    TRY(open_mpsse(bench, DEBUG_CHANNEL, &bench->debug, err));
    bench->swd = swd_create(bench->debug, SWD_HZ);
    bench->target = target_create(bench->swd, config->progress, config->progress_ctx);
    TRY(open_uart(bench, err));
    bench->unit = neey_client_create(bench->uart);
    return STATUS_OK;
}

enum status bench_open(struct bench *bench, const struct bench_config *config, struct error *err)
{
    struct error ignored;

    bench->hooks = config->hooks;
    (void)snprintf(bench->name, sizeof bench->name, "%s", config->name);
    (void)snprintf(
        bench->firmware_folder, sizeof bench->firmware_folder, "%s", config->firmware_folder);
    enum status status = choose_side(bench, config, err);
    if (status == STATUS_OK) {
        bench->log.clock = bench->clock;
        status = open_parts(bench, config, err);
    }
    if (status != STATUS_OK) {
        (void)bench_close(bench, &ignored);
    }
    return status;
}

enum status bench_close(struct bench *bench, struct error *err)
{
    enum status status = safe_unwind(&bench->safe, err);

    neey_client_destroy(bench->unit);
    uart_close(bench->uart);
    target_destroy(bench->target);
    swd_destroy(bench->swd);
    mpsse_close(bench->debug);
    cell_rack_close(bench->cells);
    mpsse_close(bench->spi);
    if (bench->model != NULL && bench->hooks != NULL && bench->hooks->on_closing != NULL) {
        bench->hooks->on_closing(bench->hooks->ctx, bench->model);
    }
    virtual_bench_destroy(bench->model);
    bench->log.clock = NULL;
    bench->clock = NULL;
    bench->unit = NULL;
    bench->uart = NULL;
    bench->target = NULL;
    bench->swd = NULL;
    bench->debug = NULL;
    bench->cells = NULL;
    bench->spi = NULL;
    bench->model = NULL;
    return status;
}
