/*
 * Writes what people and golden tests look at:
 *
 *     store_sample_main record FILE.sqlite3 RUN.json    the golden record of the current schema
 *     store_sample_main report pass|fail|error FOLDER   a unit report, FOLDER/KIND.html
 */
#include "harness/base/mem.h"
#include "reports/unit_report.h"
#include "tests/unit/store/sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "wb");

    if (file == NULL) {
        perror(path);
        return EXIT_FAILURE;
    }
    (void)fputs(text, file);
    return fclose(file) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int write_run_json(struct store *store, int64_t run_id, const char *path)
{
    struct error err = {0};
    char *json = NULL;

    if (store_run_json(store, run_id, NULL, &json, &err) != STATUS_OK) {
        (void)fprintf(stderr, "%s\n", err.text);
        return EXIT_FAILURE;
    }
    int code = write_text(path, json);
    free(json);
    return code;
}

static int write_record(const char *path, const char *json_path)
{
    struct store *store = sample_open(path, STORE_WRITE);
    struct error err = {0};
    char head[65] = "";
    int64_t link = 0;

    (void)sample_run(store, "EK-26-000417", SAMPLE_PASS, 2, 3, true);
    (void)sample_run(store, "EK-26-000417", SAMPLE_ERROR, 3, 3, false);
    int code = write_run_json(store, 1, json_path);
    if (store_head(store, head, &link, &err) != STATUS_OK) {
        code = EXIT_FAILURE;
    }
    store_close(store);
    (void)printf("%s link %lld\n", head, (long long)link);
    return code;
}

static int write_report(const char *kind_name, const char *folder)
{
    enum sample_kind kind = strcmp(kind_name, "fail") == 0    ? SAMPLE_FAIL
                            : strcmp(kind_name, "error") == 0 ? SAMPLE_ERROR
                                                              : SAMPLE_PASS;
    char *record = mem_printf("%s/%s.sqlite3", folder, kind_name);
    char *page = mem_printf("%s/%s.html", folder, kind_name);
    struct store *store = sample_open(record, STORE_WRITE);
    struct error err = {0};
    char *json = NULL;
    char *html = NULL;
    int code = EXIT_FAILURE;

    int64_t run_id = sample_run(store, "EK-26-000417", kind, 8, 24, true);
    if (store_run_json(store, run_id, NULL, &json, &err) != STATUS_OK ||
        report_render_html(json, &html, &err) != STATUS_OK) {
        (void)fprintf(stderr, "%s\n", err.text);
    } else {
        code = write_text(page, html);
    }
    free(html);
    free(json);
    store_close(store);
    free(page);
    free(record);
    return code;
}

int main(int argc, char **argv)
{
    if (argc == 4 && strcmp(argv[1], "record") == 0) {
        return write_record(argv[2], argv[3]);
    }
    if (argc == 4 && strcmp(argv[1], "report") == 0) {
        return write_report(argv[2], argv[3]);
    }
    (void)fprintf(stderr, "usage: %s record FILE RUN.json | report pass|fail|error FOLDER\n",
        argc > 0 ? argv[0] : "store_sample_main");
    return EXIT_FAILURE;
}
