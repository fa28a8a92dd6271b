# A world on one machine: provinces with root keys and directories, brokers,
# nodes with officers on duty. Sourced by scripts/demo; needs $bin, $data,
# $world (folders) and jq. Everything is done with the product's own programs.

declare -A office_title=() on_duty=() broker_pid=() node_pid=() watch_pid=()

die() {
    echo "demo: $*" >&2
    exit 1
}

# The official name of an office, as the directory shows it: a county's bureau
# has been a branch of the city's since 2018 (清徐县 → 太原市生态环境局清徐分局).
official_name() {
    local code=$1 name level parent short
    IFS=$'\t' read -r name level parent < <(
        awk -F, -v c="$code" '$1 == c { print $2 "\t" $3 "\t" $4 }' "$data/divisions.csv")
    [ -n "$name" ] || die "$code is in no table of divisions"
    case $level in
    province) case $name in *省) echo "${name}生态环境厅" ;; *市) echo "${name}生态环境局" ;; *) echo "${name}生态环境厅" ;; esac ;;
    city) echo "${name}生态环境局" ;;
    county)
        short=$name
        [ "${#name}" -gt 2 ] && short=${name%[县区市]}
        if [ "${parent:2:2}" = 01 ] && [ "${parent:0:2}" = 11 ]; then
            echo "北京市${name}生态环境局"
        else
            echo "$(awk -F, -v c="$parent" '$1 == c { print $2 }' "$data/divisions.csv")生态环境局${short}分局"
        fi
        ;;
    esac
}

# The brokers of each province: Shanxi has two, so that one may be lost.
brokers_of() {
    case $1 in
    14) echo "sx-1 sx-2" ;;
    13) echo "he-1" ;;
    *) echo "p$1-1" ;;
    esac
}

# each FUNCTION: call it for every office, a few at a time; die if one fails.
each() {
    local code pids=() pid
    for code in "${offices[@]}"; do
        "$@" "$code" &
        pids+=($!)
        if [ ${#pids[@]} -ge 8 ]; then
            for pid in "${pids[@]}"; do wait "$pid" || exit 1; done
            pids=()
        fi
    done
    for pid in "${pids[@]}"; do wait "$pid" || exit 1; done
}

# Wait until a command succeeds, at most $1 seconds.
until_true() {
    local seconds=$1 end=$((SECONDS + $1 + 1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $end ] || return 1
        sleep 0.05
    done
}

start_broker() {
    local name=$1 prefix=$2 folder=$world/brokers/$1 p comma=
    mkdir -p "$world/brokers"
    mkdir -m 700 "$folder" || die "cannot make $folder"
    {
        printf '[broker]\nname = %s\nlisten = tcp://127.0.0.1:0\ndata = %s\n' "$name" "$folder"
        printf 'link_key = %s/link.key\nsign_key = %s/sign.key\n\n[roots]\n' "$folder" "$folder"
        for p in "${prefixes[@]}"; do printf '%s = %s\n' "$p" "${root_of[$p]}"; done
        printf '\n[directories]\nfile ='
        for p in "${prefixes[@]}"; do printf '%s\n    %s/%s.directory' "$comma" "$world" "$p"; comma=,; done
        echo
    } >"$folder/broker.conf"
    "$bin/tongbao-broker" --config "$folder/broker.conf" --init >"$folder/public.json" ||
        die "broker $name could not be made"
    "$bin/tongbao-broker" --config "$folder/broker.conf" >"$folder/log" 2>&1 &
    broker_pid[$name]=$!
    until_true 20 test -s "$folder/endpoint" || die "broker $name did not start: $folder/log"
    "$bin/tongbao" directory broker --draft "$world/$prefix.draft" --name "$name" \
        --sign "$(jq -r .sign "$folder/public.json")" --link "$(jq -r .link "$folder/public.json")" \
        --endpoint "$(cat "$folder/endpoint")" >/dev/null || die "broker $name is not admitted"
}

make_roots() {
    local p
    declare -gA root_of=()
    for p in "${prefixes[@]}"; do
        "$bin/tongbao" directory root --prefix "$p" --key "$world/$p.root" --unprotected \
            >"$world/$p.root.txt" || die "root key of $p could not be made"
        root_of[$p]=$(tr -d ' \n' <"$world/$p.root.txt" | grep -oE '[0-9a-f]{64}' | head -1)
    done
}

make_office() {
    local code=$1 prefix=${1:0:2} args=() p b
    for p in "${prefixes[@]}"; do args+=(--root "$p=${root_of[$p]}"); done
    for b in $(brokers_of "$prefix"); do args+=(--broker "$b"); done
    "$bin/tongbao" init --office "$code" --name "${office_title[$code]}" --dir "$world/$code" \
        --phone "值班=0000-$code" "${args[@]}" >/dev/null || die "office $code could not be made"
}

admit_offices() {
    local p
    for p in "${prefixes[@]}"; do
        "$bin/tongbao" directory admit --draft "$world/$p.draft" --yes \
            "$world/$p"????"/$p"????.request >/dev/null || die "the offices of $p are not admitted"
    done
}

sign_directories() {
    local p name
    for p in "${prefixes[@]}"; do
        "$bin/tongbao" directory rivers --draft "$world/$p.draft" --from "$data" >/dev/null ||
            die "the rivers do not pass their checks"
        "$bin/tongbao" directory sign --draft "$world/$p.draft" --key "$world/$p.root" \
            --out "$world/$p.directory" >/dev/null || die "the directory of $p could not be signed"
    done
    for name in "${!broker_pid[@]}"; do kill -HUP "${broker_pid[$name]}"; done
}

node() {
    local code=$1
    shift
    "$bin/tongbao" --node "$world/$code" "$@"
}

start_node() {
    local code=$1
    "$bin/tongbao-node" --config "$world/$code/node.conf" >"$world/$code/log" 2>&1 &
    node_pid[$code]=$!
}

# Its own province's directory comes to an office by hand; those of the other
# provinces, and every later version, come over the links.
give_directory() {
    local code=$1
    until_true 30 node "$code" status --json || die "node $code did not start: $world/$code/log"
    node "$code" directory take "$world/${code:0:2}.directory" >/dev/null ||
        die "$code did not take its province's directory"
}

# Every directory is there and every broker that it needs is linked.
linked() {
    [ "$(node "$1" status --json | jq '(.links | length) > 0 and all(.links[]; .up)')" = true ] &&
        [ "$(node "$1" directory --json | jq '.directories | length')" = ${#prefixes[@]} ]
}

wait_for_links() {
    until_true 30 linked "$1" || die "node $1 is not linked to its brokers: $world/$1/log"
}

# An officer with an account of his own and an open duty session.
put_on_duty() {
    local code=$1 name=$2
    [ "${on_duty[$code]-}" != "$name" ] || return 0
    on_duty[$code]=$name
    printf '%s\n' "$code-$name" >"$world/$code/password-$name"
    node "$code" officers add "$name" --number "$code" --password-file "$world/$code/password-$name" \
        >/dev/null || die "$code: officer $name could not be added"
    node "$code" duty open --officer "$name" --password-file "$world/$code/password-$name" \
        >/dev/null || die "$code: officer $name could not go on duty"
}

start_watch() {
    local code=$1
    node "$code" watch --after 0 --json >"$world/$code/stream.jsonl" 2>/dev/null &
    watch_pid[$code]=$!
}

stop_world() {
    local pid
    for pid in "${watch_pid[@]}" "${node_pid[@]}" "${broker_pid[@]}"; do kill "$pid" 2>/dev/null; done
    for pid in "${watch_pid[@]}" "${node_pid[@]}" "${broker_pid[@]}"; do wait "$pid" 2>/dev/null; done
}
