#!/bin/sh
# Every header of the host's side compiles alone. Usage: headers.sh ROOT BUILD CC
set -u
cd "$1" || exit 2
flags="$(pkg-config --cflags lua5.4 sqlite3 jansson libftdi1 libusb-1.0 check) -I. -I$2/generated"
bad=0
count=0
for header in $(git ls-files -co --exclude-standard 'harness/*.h' 'fixtures/*.h' 'reports/*.h' 'tests/*.h' 'firmware/core/*.h' 'firmware/protocol/*.h'); do
  count=$((count + 1))
  # shellcheck disable=SC2086
  "$3" -std=c17 -fsyntax-only -Wall -Wextra -Wno-unused-function $flags -x c "$header" || bad=$((bad + 1))
done
echo "$count headers, $bad do not compile alone"
[ "$bad" -eq 0 ] && [ "$count" -gt 0 ]
