#!/bin/sh
# Recompute the hash chain of a record with nothing but sqlite3 and sha256sum:
#
#     sh db/audit.sh RECORD [FIRST_LINK [LAST_LINK]]
#
# Writes the canonical text of each link (db/README.md) into a file named by the link's number and
# lets sha256sum compare. Ends with 0 when all links match. Rows that no link speaks of are not
# looked for; `keel verify` does that too.
set -eu

[ $# -ge 1 ] || { echo "usage: sh audit.sh RECORD [FIRST_LINK [LAST_LINK]]" >&2; exit 2; }
record=$1
first=${2:-1}
last=${3:-9223372036854775807}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# SQL for the netstring of each argument, one after the other; NULL is the empty one.
fields() {
    separator=""
    for value in "$@"; do
        printf "%scoalesce(length(CAST(%s AS BLOB)) || ':' || %s || ',', '0:,')" \
            "$separator" "$value" "$value"
        separator=" || "
    done
}

text() {
    printf '(SELECT text FROM text WHERE id = %s)' "$1"
}

# The 16 hexadecimal digits of IEEE 754 binary64.
real() {
    printf 'lower(hex(ieee754_to_blob(%s)))' "$1"
}

previous="coalesce((SELECT lower(hex(hash)) FROM chain AS b WHERE b.link = chain.link - 1),
    '0000000000000000000000000000000000000000000000000000000000000000')"

run=$(fields "'run'" run.link run.id "$(text serial)" "$(text product)" "$(text plan)" \
    "$(text plan_revision)" "$(text plan_kind)" "$(text station)" "$(text operator)" \
    "$(text bench)" is_virtual seed "$(text fault)" "$(text without)" "$(text plan_sha256)" \
    "$(text limits_sha256)" "$(text image_sha256)" "$(text program_version)" "$(text cards)" \
    started_unix_ms)

step=$(fields "'step'" step.link step.id step.run "$(text group_name)" "$(text step.name)" \
    "$(text claims)" attempt outcome message start_ns end_ns \
    "(SELECT count(*) FROM measurement WHERE step = step.id)")

measurement=$(fields no "$(text measurement_name)" "$(text unit)" "$(text rule)" "$(real low)" \
    "$(real high)" is_comparison "$(real value)" "$(real raw)" "$(real reference)" is_pass)

run_end=$(fields "'run_end'" run_end.link run_end.run outcome message "$(text failed_step)" \
    bench_ns ended_unix_ms unit_id is_first_verdict)

sqlite3 -readonly "$record" > /dev/null <<SQL
SELECT writefile('$folder/' || chain.link, $(fields "$previous") || CASE kind
    WHEN 0 THEN (SELECT $run FROM run WHERE run.id = row_id)
    WHEN 1 THEN (SELECT $step || coalesce(
        (SELECT group_concat($measurement, '') FROM (
            SELECT measurement.*, measurement.name AS measurement_name, unit, rule, low, high,
                is_comparison
            FROM measurement LEFT JOIN spec ON spec.id = spec WHERE step = row_id ORDER BY no)),
        '') FROM step WHERE step.id = row_id)
    WHEN 2 THEN (SELECT $run_end FROM run_end WHERE run_end.run = row_id)
    END)
FROM chain WHERE chain.link BETWEEN $first AND $last;
SQL

sqlite3 -readonly "$record" "SELECT lower(hex(hash)) || '  ' || link FROM chain
    WHERE link BETWEEN $first AND $last ORDER BY link" > "$folder/hashes"
gaps=$(sqlite3 -readonly "$record" "SELECT coalesce(max(link), 0) - count(*) FROM chain")
[ "$gaps" -eq 0 ] || { echo "$record: $gaps link numbers are missing" >&2; exit 1; }

(cd "$folder" && { [ ! -s hashes ] || sha256sum --check --quiet hashes; })
echo "$record: $(wc -l < "$folder/hashes" | tr -d ' ') links, all match"
