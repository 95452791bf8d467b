#!/bin/sh
# Every folder that holds code has a README. Usage: readmes.sh ROOT
set -u
cd "$1" || exit 2
bad=0
for folder in $(git ls-files -co --exclude-standard 'harness/*' 'fixtures/*' 'firmware/*' 'scripts/*' 'db/*' 'reports/*' 'tests/*' |
  grep -vE '/corpus/|tests/unit/[a-z_]+/|/golden/.*/|db/(migrations|queries)/|scripts/(products|eol|lib|examples)/|tests/bench/plans/|/README' |
  sed 's|/[^/]*$||' | sort -u); do
  if [ ! -f "$folder/README.md" ]; then
    echo "$folder: no README.md (its map, its one rule, how to add one more)"
    bad=1
  fi
done
exit $bad
