# The results of all runs of the load generator, one file each, as the one object of `bench/peers/run --json`:
#
#   version        1; it changes when a member is removed or changes its meaning
#   time, kernel, processor, processors, rounds, seconds_each, drain
#   cases          of each: associations, size, and candidates: of each its name and
#     rates          messages a second, of each round; null: not counted, because it failed
#     ratios         the same as a share of the direct rate of the round
#     rate, ratio    their medians; null if no round counts; ratio_from, ratio_to: smallest and largest ratio
#     trouble        of each round: null, or what was wrong
#   keeps          of each candidate but the direct one: its name, and true, what was wrong, or null if it was not tried, of
#     streams, ppids the number and the PPID with which a message was sent
#     large          messages of 20,000 bytes
#     pause          all messages when the receiver pauses

def median: sort | if length == 0 then null
    elif length % 2 == 1 then .[(length - 1) / 2]
    else (.[length / 2 - 1] + .[length / 2]) / 2 end;
def rounded: if . == null then null else . * 1000 | round / 1000 end;

# A result of the load generator: its last run, which an error has not.
def run: .runs[-1] // {};
def late: run | (.lost // 0) + (.in_send_buffers // 0);
def coming: (run.series.flows[0].delivered // [])[-2:] | add // 0 | . > 0;
def trouble: run as $r | [
    .error // empty,
    ($r.associations // {} | select(.failed > 0) | "\(.failed) of \(.failed + .up) associations refused"),
    ($r.associations // {} | select(.lost > 0) | "\(.lost) of \(.up) associations lost"),
    ("misordered", "duplicated", "corrupt", "foreign" | select(($r[.] // 0) > 0) | "\($r[.]) \(.)"),
    ($r.stream_changed // 0 | select(. > 0) | "\(.) on another stream"),
    (late | select(. > 0) | "\(.) of \($r.sent) not there after \($drain) s"),
    if $r.generator.kept_schedule == false then $r.generator.why else empty end
    ] | if length > 0 then join(", ") else null end;
# Whether the rate says anything: it does when nothing is wrong but that the relay is not done yet with what it holds.
def counts: run | ((.lost // 0) == 0 or (. as $r | {runs: [$r]} | coming)) and (.delivered // 0) > 0 and .messages_per_second != null and
    ((.misordered // 0) + (.duplicated // 0) + (.corrupt // 0) + (.foreign // 0)) == 0 and (.associations | .failed + .lost) == 0;

def case_of($all; $cases; $number): ($cases[$number] | split(" ")) as $c
    | [$all[] | select(.file[0] == "rate" and .file[1] == "\($number)")] as $runs
    | [$runs[] | select(.file[3] == "direct") | {(.file[2]): (.load | if counts then run.messages_per_second else null end)}] | add as $direct
    | {associations: ($c[0] | tonumber), size: ($c[1] | tonumber), candidates: [
        $candidates | split(" ")[] | . as $name | [$runs[] | select(.file[3] == $name)] | sort_by(.file[2] | tonumber)
        | {name: $name,
           rates: map(.load | if counts then run.messages_per_second | round else null end),
           ratios: map(.file[2] as $round | .load | if counts and $direct[$round] then run.messages_per_second / $direct[$round] | rounded else null end),
           trouble: map(.load | trouble)}
        | . + {rate: ([.rates[] | numbers] | median), ratio: ([.ratios[] | numbers] | median | rounded),
               ratio_from: ([.ratios[] | numbers] | min), ratio_to: ([.ratios[] | numbers] | max)}]};

def whole($count): if . == null then null
    elif (run.delivered // 0) < $count then "\(run.delivered // 0) of \($count) arrived"
    else trouble // true end;
def keeps_of($all; $name): [$all[] | select(.file[0] != "rate" and .file[1] == $name) | {(.file[0]): .load}] | add // empty
    | . as $loads | (.streams | run) as $streams
    | {name: $name,
       streams: (if .streams == null then null elif ($streams.delivered // 0) == 0 then "nothing arrived" elif $streams.stream_changed == 0 then true else "all are 0" end),
       ppids: (if .streams == null then null elif ($streams.delivered // 0) == 0 then "nothing arrived" elif $streams.wrong_ppid == 0 then true else "all are 0" end),
       large: (if (.large | run.foreign // 0) > 0 then "cut to pieces" else .large | whole(64) end),
       pause: (.pause | whole(6000))};

[inputs | {file: (input_filename | split("/")[-1] | rtrimstr(".json") | split(",")), load: .}] as $all
| ($case_lines | split("\n") | map(select(length > 0))) as $cases
| {version: 1, time: (now | todate), kernel: $kernel, processor: $processor, processors: $processors, rounds: $rounds,
   seconds_each: $seconds_each, drain: $drain,
   cases: [range($cases | length) | case_of($all; $cases; .)],
   keeps: [$candidates | split(" ")[] | keeps_of($all; .)]}
