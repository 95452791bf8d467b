#define _DEFAULT_SOURCE
#include "harness/cli/progress.h"

#include "harness/base/units.h"
#include "harness/engine/label.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
    BAR_WIDTH = 20,
    LIVE_LINE_MAX = 256
};

static const struct {
    const char *word;
    const char *colour;
} looks[] = {
    [OUTCOME_PASS] = {"pass", "\033[32m"},
    [OUTCOME_FAIL] = {"FAIL", "\033[1;31m"},
    [OUTCOME_ERROR] = {"ERROR", "\033[1;35m"},
    [OUTCOME_ABORTED] = {"ABORTED", "\033[1;33m"},
    [OUTCOME_INTERRUPTED] = {"INTERRUPTED", "\033[1;33m"},
    [OUTCOME_SKIPPED] = {"skipped", "\033[2m"},
};

void progress_init(struct progress *progress, const struct plan *plan, FILE *out, bool is_quiet)
{
    const char *term = getenv("TERM");
    bool is_terminal = isatty(fileno(out)) == 1 && term != NULL && strcmp(term, "dumb") != 0;

    *progress = (struct progress){
        .out = out,
        .is_live = is_terminal,
        .has_colour = is_terminal && getenv("NO_COLOR") == NULL,
        .is_quiet = is_quiet,
        .group_index = SIZE_MAX,
        .plan = plan,
    };
}

static void erase_line(const struct progress *progress)
{
    if (progress->is_live) {
        (void)fputs("\r\033[K", progress->out);
    }
}

/* Columns of the terminal; a line that is longer would wrap, and \r reaches only its last part. */
static size_t columns(const struct progress *progress)
{
    struct winsize size;

    if (ioctl(fileno(progress->out), TIOCGWINSZ, &size) != 0 || size.ws_col == 0) {
        return 80;
    }
    return size.ws_col;
}

/* A line that the next one overwrites. */
__attribute__((format(printf, 2, 3))) static void show_live(
    const struct progress *progress, const char *fmt, ...)
{
    char line[LIVE_LINE_MAX];
    size_t room = columns(progress);
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(line, room < sizeof line ? room : sizeof line, fmt, args);
    va_end(args);
    label_clean(line); /* it may have been cut inside a character */
    erase_line(progress);
    (void)fputs(line, progress->out);
}

static void show_group(struct progress *progress, const struct plan_step *step)
{
    if (step->group_index != progress->group_index) {
        progress->group_index = step->group_index;
        erase_line(progress);
        (void)fprintf(progress->out, "%s\n", progress->plan->groups[step->group_index].name);
    }
}

static void show_bar(const struct progress *progress, const struct run_event *event)
{
    char bar[BAR_WIDTH + 1];
    int full = (int)(event->done * BAR_WIDTH + 0.5);

    full = full < 0 ? 0 : full > BAR_WIDTH ? BAR_WIDTH : full;
    memset(bar, '#', (size_t)full);
    memset(bar + full, '.', (size_t)(BAR_WIDTH - full));
    bar[BAR_WIDTH] = '\0';
    show_live(progress, "  [%2zu/%zu] %s  %s [%s] %3.0f %%", event->step_no, event->step_count,
        event->step->name, event->what, bar, event->done * 100.0);
    (void)fflush(progress->out);
}

static void show_end(const struct progress *progress, const struct run_event *event)
{
    const char *on = progress->has_colour ? looks[event->outcome].colour : "";
    const char *off = progress->has_colour ? "\033[0m" : "";

    erase_line(progress);
    (void)fprintf(progress->out, "  [%2zu/%zu] %s%-7s%s %-40s %8.3f s", event->step_no,
        event->step_count, on, looks[event->outcome].word, off, event->step->name,
        units_ns_to_s(event->bench_ns));
    if (event->measurement_count > 0) {
        (void)fprintf(progress->out, "  %3zu measured", event->measurement_count);
    }
    (void)fputc('\n', progress->out);
    if (event->message[0] != '\0' && event->outcome != OUTCOME_SKIPPED) {
        (void)fprintf(progress->out, "          %s\n", event->message);
    }
}

void progress_show(void *ctx, const struct run_event *event)
{
    struct progress *progress = ctx;

    if (progress->is_quiet) {
        return;
    }
    if (event->kind == RUN_STEP_ENDED && event->outcome == OUTCOME_SKIPPED &&
        !event->step->is_left_out) {
        progress->not_run_count++; /* said once, with the verdict */
        return;
    }
    if (event->kind == RUN_STEP_ENDED && event->step->is_left_out) {
        progress->left_out_count++;
    }
    show_group(progress, event->step);
    switch (event->kind) {
    case RUN_STEP_STARTED:
        if (progress->is_live) {
            show_live(progress, "  [%2zu/%zu] ...     %s", event->step_no, event->step_count,
                event->step->name);
        }
        break;
    case RUN_STEP_PROGRESS:
        if (progress->is_live) {
            show_bar(progress, event);
        }
        break;
    case RUN_STEP_ENDED:
        show_end(progress, event);
        break;
    }
    (void)fflush(progress->out);
}

void progress_verdict(
    struct progress *progress, const char *serial, const struct run_result *result)
{
    const char *on = progress->has_colour ? looks[result->outcome].colour : "";
    const char *off = progress->has_colour ? "\033[0m" : "";

    if (progress->is_quiet) {
        return;
    }
    (void)fprintf(progress->out, "%s%s%s  %s  run %lld, %zu measurements, %.3f s bench time\n", on,
        outcome_name(result->outcome), off, serial, (long long)result->run_id,
        result->measurement_count, units_ns_to_s(result->bench_ns));
    if (result->outcome != OUTCOME_PASS) {
        (void)fprintf(progress->out, "  at \"%s\": %s\n", result->failed_step, result->message);
    }
    if (progress->left_out_count > 0) {
        (void)fprintf(progress->out, "  not the whole plan: %zu step%s left out by request\n",
            progress->left_out_count, progress->left_out_count == 1 ? " was" : "s were");
    }
    if (progress->not_run_count > 0) {
        (void)fprintf(progress->out, "  %zu step%s not run after it\n", progress->not_run_count,
            progress->not_run_count == 1 ? " was" : "s were");
    }
    (void)fflush(progress->out);
}
