/* Where the program's own files are. */
#define _GNU_SOURCE
#include "harness/base/mem.h"
#include "harness/cli/cli.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_there(const char *path)
{
    return access(path, R_OK) == 0;
}

/* ".../bin/keel" -> ".../share/evenkeel"; NULL when the program does not lie in a bin folder. */
static char *installed_share(void)
{
    char path[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", path, sizeof path - 1);

    if (len <= 0) {
        return NULL;
    }
    path[len] = '\0';
    char *slash = strrchr(path, '/');
    if (slash == NULL) {
        return NULL;
    }
    *slash = '\0';
    char *share = mem_printf("%s/../share/evenkeel", path);
    if (!is_there(share)) {
        free(share);
        return NULL;
    }
    return share;
}

static char *resource(const char *built_folder, const char *installed_name)
{
    char *share = installed_share();

    if (share == NULL) {
        return mem_text(built_folder);
    }
    char *folder = mem_printf("%s/%s", share, installed_name);
    free(share);
    return folder;
}

char *cli_script_path(const char *name)
{
    char *folder = resource(KEEL_BUILT_SCRIPTS, "scripts");
    char *path = name[0] != '\0' ? mem_printf("%s/%s", folder, name) : mem_text(folder);

    free(folder);
    return path;
}

char *cli_firmware_folder(void)
{
    return resource(KEEL_BUILT_FIRMWARE, "firmware");
}

char *cli_fixture_path(const char *name)
{
    char *folder = resource(KEEL_BUILT_FIXTURES, "fixtures");
    char *path = mem_printf("%s/%s/%s.lua", folder, name, name);

    free(folder);
    return path;
}

char *cli_plan_path(const char *plan)
{
    size_t len = strlen(plan);

    if (is_there(plan) || (len > 4 && strcmp(plan + len - 4, ".lua") == 0)) {
        return mem_text(plan);
    }
    char *name = mem_printf("%s.lua", plan);
    char *path = cli_script_path(name);
    free(name);
    return path;
}

static void make_folders(char *path)
{
    for (char *at = path + 1; *at != '\0'; at++) {
        if (*at == '/') {
            *at = '\0';
            (void)mkdir(path, 0777);
            *at = '/';
        }
    }
}

char *cli_database_path(bool is_virtual)
{
    const char *data = getenv("XDG_DATA_HOME");
    const char *home = getenv("HOME");
    const char *name = is_virtual ? "virtual.sqlite3" : "line.sqlite3";
    char *path;

    if (data != NULL && data[0] == '/') {
        path = mem_printf("%s/evenkeel/%s", data, name);
    } else if (home != NULL && home[0] != '\0') {
        path = mem_printf("%s/.local/share/evenkeel/%s", home, name);
    } else {
        return mem_text(name);
    }
    make_folders(path);
    return path;
}
