/** Columns of numbers out of the reference data, for tests. */
#ifndef EVENKEEL_TESTS_UNIT_METROLOGY_CSV_H
#define EVENKEEL_TESTS_UNIT_METROLOGY_CSV_H

#include <stddef.h>

/**
 * Read up to two columns of @p path (below KEEL_SHARED_DATA/metrology), one header line first.
 * @param second  NULL: one column
 * @return rows read; 0 when the file is absent
 */
size_t csv_read(const char *path, double *first, double *second, size_t capacity);

/**
 * The number in column @p column (0 is the first) of the row whose leading cells are @p key, as
 * "Norris,B0"; quotes are ignored. Fails the test when there is none.
 */
double csv_find(const char *path, const char *key, unsigned column);

/** Digits in which @p got agrees with @p certified: -log10 of the relative error, at most 15. */
double csv_digits(double got, double certified);

#endif
