#!/bin/sh
# All C is as clang-format leaves it. Usage: format.sh ROOT
set -u
cd "$1" || exit 2
git ls-files -co --exclude-standard '*.c' '*.h' | xargs clang-format --dry-run -Werror
