#!/bin/sh
# Units in names and the lifetime of TODO: what a search can find. Usage: words.sh ROOT
set -u
cd "$1" || exit 2
bad=0
refuse() { # TEXT PATTERN FILES...
  text=$1
  pattern=$2
  shift 2
  found=$(git grep -nE "$pattern" -- "$@" ':!tests/lint/words.sh')
  if [ -n "$found" ]; then
    printf '%s:\n%s\n' "$text" "$found"
    bad=1
  fi
}
refuse 'TODO needs an issue number' 'TODO([^(]|$)' '*.c' '*.h' '*.lua'
refuse 'only the clock sleeps' '\b(sleep|usleep|nanosleep)\(' 'harness/*.c' 'fixtures/*.c' ':!harness/base/clock.c'
refuse 'the virtual bench knows no host clock' '\b(clock_gettime|gettimeofday|time)\(' 'fixtures/*.c'
refuse 'sqlite3.h belongs to the store' 'include <sqlite3\.h>' 'harness/*.c' 'harness/*.h' 'fixtures/*.c' ':!harness/store/*'
refuse 'malloc belongs to base/mem' '\b(malloc|calloc|realloc)\(' 'harness/*.c' 'fixtures/*.c' 'reports/*.c' \
  ':!harness/base/mem.c' ':!harness/lua/sandbox.c'
refuse 'firmware has no heap' '\b(malloc|calloc|realloc|free)\(' 'firmware/core/*.c' 'firmware/hal/*.c' 'firmware/protocol/*.c'
refuse 'a path of somebody'"'"'s machine' '/(home|root|Users)/[a-z]' '*.c' '*.h' '*.lua' '*.md' '*.cmake' '*.txt' '*.sql'
[ "$bad" -eq 0 ] && echo 'words are fine'
exit $bad
