# The figures of the bench programs as a table and, into the file `json`, as JSON.
# A target is a bound in the figure's own unit, or a multiple of the floor.

function target(name, bound, times, what) {
  order[++targets] = name
  bounds[name] = bound
  multiples[name] = times
  whats[name] = what
}

# So many digits as say something.
function number(value) {
  return value >= 1000 ? sprintf("%.0f", value) : value >= 10 ? sprintf("%.1f", value) : sprintf("%.2f", value)
}

function judge(name, value) {
  if (multiples[name])
    return value <= multiples[name] * figure["floor_ms"] ? "met" : "missed"
  if (name == "floor_ms")
    return ""
  if (name == "loops_per_s")
    return value >= bounds[name] ? "met" : "missed"
  return value <= bounds[name] ? "met" : "missed"
}

function bound_text(name) {
  if (multiples[name])
    return "<= " multiples[name] " x floor"
  if (name == "floor_ms")
    return ""
  return (name == "loops_per_s" ? ">= " : "<= ") bounds[name]
}

function quote(text) {
  gsub(/\\/, "\\\\", text)
  gsub(/"/, "\\\"", text)
  return "\"" text "\""
}

function print_table(   i, name, ratio) {
  printf "%-24s %10s  %-13s %-7s %9s  %s\n", "figure", "measured", "target", "", "/ floor", "what it is"
  for (i = 1; i <= targets; i++) {
    name = order[i]
    if (!(name in figure))
      continue
    ratio = multiples[name] ? sprintf("%.1f", figure[name] / figure["floor_ms"]) : ""
    printf "%-24s %10s  %-13s %-7s %9s  %s\n", name, number(figure[name]), bound_text(name),
      judge(name, figure[name]), ratio, whats[name]
  }
  if (beside["floor_rested_ms"])
    printf "\nWith the rest of a quiet system before each, the floor itself is %.2f ms: one way %.1f, loop %.1f times that.\n",
      beside["floor_rested_ms"], figure["one_way_p50_ms"] / beside["floor_rested_ms"],
      figure["loop_p50_ms"] / beside["floor_rested_ms"]
  printf "\nbeside them:"
  for (i = 1; i <= besides; i++)
    printf "%s%s %s", (i % 4 == 1 ? "\n  " : "  "), beside_order[i], number(beside[beside_order[i]])
  printf "\n\nmachine: %s cores, %s, kernel %s, %s, commit p50 %.3f ms; build %s %s; load %s; %d s\n",
    cores, cpu, kernel, disk, beside["floor_commit_ms"], kind, revision, load, took
}

function print_json(   i, name, missed) {
  printf "{\n" > json
  for (i = 1; i <= targets; i++) {
    name = order[i]
    if (!(name in figure))
      continue
    printf "  %s: %s,\n", quote(name), figure[name] > json
    if (judge(name, figure[name]) == "missed")
      missed = missed (missed == "" ? "" : ", ") quote(name)
  }
  printf "  \"missed\": [%s],\n  \"beside\": {", missed > json
  for (i = 1; i <= besides; i++)
    printf "%s\n    %s: %s", (i > 1 ? "," : ""), quote(beside_order[i]), beside[beside_order[i]] > json
  printf "\n  },\n  \"machine\": {\"cores\": %s, \"cpu\": %s, \"kernel\": %s, \"disk\": %s, \"commit_p50_ms\": %s,", \
    cores, quote(cpu), quote(kernel), quote(disk), beside["floor_commit_ms"] > json
  printf " \"build\": %s, \"revision\": %s, \"load\": %s, \"seconds\": %d}\n}\n", quote(kind), quote(revision),
    quote(load), took > json
}

BEGIN {
  target("floor_ms", 0, 0, "1 signing, 2 verifications, 3 commits, 2 CURVE hops")
  target("one_way_p50_ms", 0, 5, "request read to COMMIT at the last of 5 recipients")
  target("loop_p50_ms", 0, 8, "request read to COMMIT of the last receipt at the sender")
  target("loop_p99_ms", 30, 0, "the same, of 100 the slowest but one")
  target("loops_per_s", 500, 0, "64 in flight, 3 recipients, 1 broker")
  target("broker_bytes_per_office", 65536, 0, "memory of the broker for each connected office")
  target("reconnect_s", 20, 0, "all offices back and up to date after an outage")
  target("catchup_first_s", 2, 0, "back after long: newest actual notice shown")
  target("catchup_all_s", 60, 0, "the same: everything stored and receipted")
  target("node_rss_mib", 16, 0, "memory of a node at rest")
  target("restart_s", 1, 0, "kill -9 to ready with that ledger, cache warm")
}

$1 == "figure" { figure[$2] = $3 }
$1 == "beside" { if (!($2 in beside)) beside_order[++besides] = $2; beside[$2] = $3 }

END {
  print_table()
  if (json != "")
    print_json()
}
