# The object of result.jq as a table for a terminal.

def left($n): tostring | . + " " * ([$n - length, 0] | max) // .;
def right($n): tostring | (" " * ([$n - length, 0] | max) // "") + .;
def thousands: if . == null then "-" else round | tostring | [while(length > 0; .[:-3]) | .[-3:]] | reverse | join(",") end;
def fixed: if . == null then "-" else . * 100 | round | tostring | if length < 3 then ("000" + .)[-3:] else . end | "\(.[:-2]).\(.[-2:])" end;
# What happened in how many of the rounds; of different numbers, the last.
def trouble: [.[] | strings] as $t | if $t == [] then "" elif ($t | length) < length then "\($t | length) of \(length) rounds: \($t[-1])" else $t[-1] end;

"\(.processor), \(.processors) processor\(if .processors == 1 then "" else "s" end), Linux \(.kernel); medians of \(.rounds) rounds of \(.seconds_each) s",
(.rounds as $rounds | .cases[] | select($rounds > 0) | "",
    "\("\(.associations) association\(if .associations == 1 then "" else "s" end), \(.size) B" | left(25))   msg/s   of direct (rounds from - to)",
    (.candidates[] | "  \(.name | left(15))  \(.rate | thousands | right(12))   \(
        if .name == "direct" then "    "
        elif .ratio == null then "-"
        else "\(.ratio | fixed) (\(.ratio_from | fixed) - \(.ratio_to | fixed))" end)   \(.trouble | trouble)")),
if .keeps == [] then empty else "",
    "\("What it keeps" | left(15))  \("streams" | left(14)) \("PPIDs" | left(14)) \("20 kB messages" | left(22)) when the receiver pauses",
    (.keeps[] | "  \(.name | left(15)) " + (map_values(if . == true then "yes" else . // "-" end)
        | "\(.streams | left(14)) \(.ppids | left(14)) \(.large | left(22)) \(.pause)")) end
