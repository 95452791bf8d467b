/**
 * A fixture file: Lua that returns what is wired to what (fixtures/cb24/cb24.lua), as plain data.
 */
#ifndef EVENKEEL_HARNESS_LUA_FIXTURE_FILE_H
#define EVENKEEL_HARNESS_LUA_FIXTURE_FILE_H

#include "fixtures/cb24/cb24.h"

enum {
    FIXTURE_NAME_MAX = 24 /* of a chip */
};

struct fixture_file {
    struct cb24_config cb24; /* points into this object: do not copy it */
    struct cb24_card_config cards[CELL_MAX];
    char names[CELL_MAX][3][FIXTURE_NAME_MAX];
};

/**
 * Load and check a file.
 * @param fixture (out) caller's memory; holds nothing that must be freed
 * @retval STATUS_ABSENT, STATUS_SCRIPT, STATUS_USAGE one line: file, card, what is wrong
 */
enum status fixture_file_load(const char *path, struct fixture_file *fixture, struct error *err);

#endif
