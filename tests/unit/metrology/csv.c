#include "tests/unit/metrology/csv.h"

#include <check.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static FILE *open_data(const char *path)
{
    char full[1024];

    (void)snprintf(full, sizeof full, "%s/metrology/%s", KEEL_SHARED_DATA, path);
    return fopen(full, "r");
}

size_t csv_read(const char *path, double *first, double *second, size_t capacity)
{
    char line[512];
    size_t count = 0;
    FILE *file = open_data(path);

    if (file == NULL || fgets(line, sizeof line, file) == NULL) {
        return 0;
    }
    while (count < capacity && fgets(line, sizeof line, file) != NULL) {
        char *end = line;
        first[count] = strtod(line, &end);
        if (end == line) {
            continue;
        }
        if (second != NULL) {
            ck_assert_msg(*end == ',', "%s: one column in \"%s\"", path, line);
            second[count] = strtod(end + 1, NULL);
        }
        count++;
    }
    (void)fclose(file);
    return count;
}

static void drop_quotes(char *line)
{
    char *to = line;

    for (const char *from = line; *from != '\0'; from++) {
        if (*from != '"') {
            *to++ = *from;
        }
    }
    *to = '\0';
}

double csv_find(const char *path, const char *key, unsigned column)
{
    char line[512];
    size_t key_len = strlen(key);
    double value = 0.0;
    int is_found = 0;
    FILE *file = open_data(path);

    ck_assert_msg(file != NULL, "%s is not there", path);
    while (!is_found && fgets(line, sizeof line, file) != NULL) {
        drop_quotes(line);
        if (strncmp(line, key, key_len) == 0 && line[key_len] == ',') {
            const char *at = line;
            for (unsigned i = 0; i < column && at != NULL; i++) {
                at = strchr(at, ',');
                at = at == NULL ? NULL : at + 1;
            }
            ck_assert_msg(at != NULL, "%s: no column %u in the row %s", path, column, key);
            value = strtod(at, NULL);
            is_found = 1;
        }
    }
    (void)fclose(file);
    ck_assert_msg(is_found, "%s: no row %s", path, key);
    return value;
}

double csv_digits(double got, double certified)
{
    double error = fabs(got - certified);

    if (certified != 0.0) {
        error /= fabs(certified);
    }
    return error > 1e-15 ? -log10(error) : 15.0;
}
