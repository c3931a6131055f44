#!/bin/sh
# evreport: the page as text, what it redacts, what it refuses, and the page in a real browser.
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"

need perl jq || done_testing

results="$srcdir/tests/evreport_results.pl"

# words PAGE: the text of its body, a line an element.
words()
{
	sed -n '/^<body>/,/^<script>/p' "$1" | sed '/^<script>/d; s/<svg.*<\/svg>//g
		s/<\/\(p\|h[1-6]\|dt\|dd\|li\|th\|td\|caption\|figcaption\|summary\|label\|a\|legend\|button\)>/\n/g
		s/<[^>]*>//g; s/&lt;/</g; s/&gt;/>/g; s/&quot;/"/g; s/&amp;/\&/g' | sed '/^ *$/d'
}

# A result with little in it, and one that a program makes of it.
cat >small.json <<'END'
{"success":false,"results":[
 {"success":false,"expectation_config":{"type":"expect_column_max_to_be_between","kwargs":{"column":"total","max_value":100},"severity":"warning"},"result":{"observed_value":250.10}},
 {"success":true,"expectation_config":{"type":"expect_table_row_count_to_be_between","kwargs":{"min_value":1}},"result":{"observed_value":1000}}],
 "meta":{"evkit":{"format":1,"model":"shop","batch":"2026-03-01","approved":false,
 "counts":{"in":1003,"out":992,"rejected":8,"warning":1,"blank":3},
 "span":{"first":"2026-03-01T00:00:04Z","last":"2026-03-01T23:59:31+01:00"},
 "types":[{"type":"Sale","in":900,"rejected":8},{"type":null,"in":100,"rejected":0}],
 "timeline":{"unit":"hour","buckets":[{"start":"2026-03-01T09:00:00Z","in":400,"rejected":1},{"start":"2026-03-01T10:00:00Z","in":600,"rejected":7}]},
 "causes":[{"code":"schema","type":"Sale","rule":null,"path":"/items/*/price","keyword":"minimum","severity":"critical","explain":null,"records":8,
   "first":{"time":"2026-03-01T09:10:00.5Z","source":"a.log","line":4},"last":{"time":null,"source":"b.log","line":5},
   "sample":{"source":"a.log","line":4,"offset":99,"path":"/items/1/price","message":"-3.0 is less than 0",
    "raw":"{\"user\":{\"email\":\"jane@example.com\",\"n\":1},\"items\":[{\"price\":19.10},{\"price\":-3.0}]}"}}],
 "causes_left_out":0,
 "expectations":[{"verdict":"fail","approximate":false,"error":null,"histogram":null},{"verdict":"pass","approximate":true,"error":"0.8% more or less","histogram":null}]}}}
END
run 'evreport -o small.html small.json'
check 'a small result' 0
words small.html >small.txt
same 'is this page, as text' small.txt - <<'END'
Skip to the content
Data quality · shop · 2026-03-01
Causes
 Expectations
 Words used
99.2% of 1,000 events passed; 8 were set aside; the load was not approved.
Why not: The result does not say why. Whether it was loaded is not known to this page.
Batch 2026-03-01, events from 1 March 2026, 00:00:04 to 1 March 2026, 22:59:31 (UTC). 1 of 2 expectations of the whole failed. Not counted: 3 blank lines.
Events
1,000
Passed
992
Warnings
1
Set aside
8
What to do, and who
The highest total must be at most 100.
 failed, a warning
items[].price: a number that is too low
 8 records set aside
What was set aside stands whole in the rejects file. When its cause is mended it can be sent again.
Set aside by hour. The most: 7, on 1 March 2026, 10:00 (1.2% of the events then).
1 March 2026, 09:001 March 2026, 10:00
The same in figures
Events and those set aside, by time (UTC)
From
Events
Set aside
Share
1 March 2026, 09:00
400
1
0.3%
1 March 2026, 10:00
600
7
1.2%
Set aside, by type of event
Type
Events
Set aside
Share of the type
Share of all set aside
Sale
900
8
0.9%
100%
1 type without any
100
0
0%
0%
Why records were set aside
1 cause.
Search the causes 
Show all records
items[].price: a number that is too low
8 records 100% of those set aside, 0.8% of all
Type of event
Sale
Field
items[].price
First seen
1 March 2026, 09:10:00
Last seen
b.log, line 5
One such record
-3.0 is less than 0 (a.log, line 4)
{
  "user": {"email":"jane@example.com","n":1},
  "items": [
    {"price":19.10},
    {
      "price": -3.0
    }
  ]
}
What was expected of the whole
1 of 2 expectations passed.
Show expectations
All 2
Failed 1
Cannot tell 0
Search the expectations 
total
1 expectation, 1 failed
✕ FailedThe highest total must be at most 100. warning
Found: 250.10.
The batch as a whole
1 expectation
✓ PassedThe number of records must be at least 1.
Found: ~1,000. How exact: 0.8% more or less.
Words used
Set aside
The record did not keep to what was agreed. It stands whole in the rejects file and can be mended and sent again; nothing is lost.
Approved
The batch as a whole was good enough to load.
Expectation
Something that must hold for a batch as a whole, such as the number of its events or the range of a value.
Cannot tell
The value is known only about, and the limit lies inside the range in which it may be. It is neither passed nor failed.
~
About: counted in a way that needs little memory, with a small error that is stated beside it.
Made by evreport from 1 result of evvalidate. Times are in UTC. This page needs no network.
END
is 'the bad value is marked' "$(grep -c '&quot;price&quot;: <mark>-3.0</mark>' small.html)" 1
# digest ELEMENT: of what stands in it
digest()
{
	perl -MDigest::SHA=sha256_base64 -0777 -ne 'm{<'"$1"'>(.*)</'"$1"'>}s and print sha256_base64($1)' small.html
}
is 'the style and the script are allowed by their digests, and nothing else is' \
	"$(sed -n 's/.*content="\(default-src[^"]*\)".*/\1/p' small.html)" \
	"default-src 'none'; style-src 'sha256-$(digest style)='; script-src 'sha256-$(digest script)='; base-uri 'none'; form-action 'none'"

#
# The same page from anywhere
#
same_page() { run "$2"; check "$1" 0 @small.html; }
same_page 'standard input' 'evreport <small.json'
same_page 'standard input as -' 'evreport - <small.json'
same_page 'gzip' 'gzip -c small.json | evreport'
same_page 'another zone and language' 'TZ=Asia/Kathmandu LC_ALL=de_DE.UTF-8 evreport small.json'
same_page 'line ends and white space of another kind' "sed 's/^/\t /; s/\$/ \r/' small.json >spaced.json; evreport spaced.json"
run 'evreport --title "<Q> & A" small.json'
check '--title' 0 '~<title>&lt;Q&gt; &amp; A</title>'
run "evreport --title '$(printf '\377')' small.json"
check '--title that is no text' 2 '' '~^evreport: --title takes text in UTF-8, and .*xff. is none$'

#
# Shares and counts
#
# says IN OUT: the sentence of a result with these counts
says()
{
	jq -c --argjson in "$1" --argjson out "$2" '.meta.evkit |= (.counts = {in: $in, out: $out, rejected: ($in - $out), warning: 0, blank: 0}
		| .causes = [] | .types = [] | .timeline.buckets = [] | .approved = true)' small.json | evreport | words /dev/stdin | grep 'set aside;'
}
is 'none' "$(says 0 0)" 'No events came in; 0 were set aside; the load was approved.'
is 'one' "$(says 1 1)" '100% of 1 event passed; 0 were set aside; the load was approved.'
is 'few: no false precision' "$(says 7 4)" '57% of 7 events passed; 3 were set aside; the load was approved.'
is 'many' "$(says 1200000 1190400)" '99.2% of 1.2 million events passed; 9,600 were set aside; the load was approved.'
is 'nearly all is not all' "$(says 1000000 999999)" '99.9999% of 1 million events passed; 1 was set aside; the load was approved.'
is 'nor beyond what is told' "$(says 1000000000000 999999999999)" \
	'more than 99.9999% of 1 trillion events passed; 1 was set aside; the load was approved.'
is 'nearly none is not none' "$(says 1000000 3)" '0.0003% of 1 million events passed; 999,997 were set aside; the load was approved.'

#
# Sentences: type, arguments, what must be said
#
cat >sentences <<'END'
column_values_to_be_between {"column":"a","min_value":0,"max_value":10000}	Every value of a must be between 0 and 10,000.
column_values_to_be_between {"column":"a","min_value":0.10,"mostly":0.995}	At least 99.5% of the values of a must be at least 0.10.
column_values_to_be_between {"column":"a","min_value":0,"max_value":5,"strict_min":true}	Every value of a must be more than 0 and at most 5.
column_values_to_be_between {"column":"a","max_value":5,"strict_max":true}	Every value of a must be less than 5.
column_values_to_be_between {"column":"a","min_value":5,"max_value":5.0}	Every value of a must be exactly 5.
column_values_to_be_between {"column":"a","min_value":1999}	Every value of a must be at least 1999.
column_values_to_be_between {"column":"a"}	Every value of a must be anything, for no limit is given.
column_values_to_be_in_set {"column":"a","value_set":["x","y",3]}	Every value of a must be one of “x”, “y” and 3.
column_values_to_be_in_set {"column":"a","value_set":[1,2,3,4,5,6,7,8,9,10,11,12,13,14]}	Every value of a must be one of 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 and 2 more.
column_values_to_not_be_in_set {"column":"a","value_set":[]}	Every value of a must be none of nothing.
column_values_to_be_null {"column":"a"}	In every record, a must be empty.
column_values_to_not_be_null {"column":"a","mostly":0.9}	In at least 90% of the records, a must be filled in.
column_values_to_be_of_type {"column":"a","type_":"int"}	Every value of a must be of the type int.
column_values_to_be_in_type_list {"column":"a","type_list":["int","float"]}	Every value of a must be of one of the types “int” and “float”.
column_values_to_match_regex {"column":"a","regex":"^x"}	Every value of a must match the pattern ^x.
column_values_to_not_match_regex {"column":"a","regex":"^x"}	Every value of a must not match the pattern ^x.
column_values_to_match_regex_list {"column":"a","regex_list":["x","y"],"match_on":"any"}	Every value of a must match any of the patterns “x” and “y”.
column_values_to_match_regex_list {"column":"a","regex_list":["x"]}	Every value of a must match the patterns “x”.
column_values_to_not_match_regex_list {"column":"a","regex_list":["x"]}	Every value of a must match none of the patterns “x”.
column_values_to_match_like_pattern {"column":"a","like_pattern":"x%"}	Every value of a must match the LIKE pattern x%.
column_values_to_not_match_like_pattern {"column":"a","like_pattern":"x%"}	Every value of a must not match the LIKE pattern x%.
column_values_to_match_like_pattern_list {"column":"a","like_pattern_list":["x%"],"match_on":"all"}	Every value of a must match all of the LIKE patterns “x%”.
column_values_to_not_match_like_pattern_list {"column":"a","like_pattern_list":["x%"]}	Every value of a must match none of the LIKE patterns “x%”.
column_values_to_be_dateutil_parseable {"column":"a"}	Every value of a must be a date or a time.
column_values_to_be_json_parseable {"column":"a"}	Every value of a must be JSON.
column_values_to_match_json_schema {"column":"a","json_schema":{}}	Every value of a must fit its JSON Schema.
column_values_to_match_strftime_format {"column":"a","strftime_format":"%Y"}	Every value of a must be a time written as %Y.
column_value_lengths_to_be_between {"column":"a","min_value":1,"max_value":3}	Every value of a must have a length that is between 1 and 3 characters.
column_value_lengths_to_equal {"column":"a","value":3}	Every value of a must have a length of exactly 3 characters.
column_values_to_be_increasing {"column":"a"}	Every value of a must be higher than the one before it, or equal.
column_values_to_be_decreasing {"column":"a","strictly":true}	Every value of a must be lower than the one before it.
column_values_to_be_unique {"column":"a"}	Every value of a must occur only once.
compound_columns_to_be_unique {"column_list":["a","b"]}	In every record, a and b together must be unlike those of any other record.
select_column_values_to_be_unique_within_record {"column_list":["a","b"]}	In every record, a and b must all differ from each other.
multicolumn_values_to_be_equal {"column_list":["a","b","c"]}	In every record, a, b and c must all be equal.
multicolumn_sum_to_equal {"column_list":["a","b"],"sum_total":10}	In every record, the sum of a and b must be 10.
column_pair_values_a_to_be_greater_than_b {"column_A":"a","column_B":"b"}	In every record, a must be greater than b.
column_pair_values_a_to_be_greater_than_b {"column_A":"a","column_B":"b","or_equal":true}	In every record, a must be greater than b or equal to it.
column_pair_values_to_be_equal {"column_A":"a","column_B":"b"}	In every record, a must equal b.
column_pair_values_to_be_in_set {"column_A":"a","column_B":"b","value_pairs_set":[[1,2],["x","y"]]}	In every record, a and b must be one of the pairs [1,2] and ["x","y"].
table_row_count_to_be_between {"min_value":1,"max_value":2000}	The number of records must be between 1 and 2,000.
table_row_count_to_equal {"value":20000}	The number of records must be 20,000.
table_row_count_to_equal_other_table {"other_table_name":"t"}	The number of records must be that of t.
table_column_count_to_be_between {"min_value":1}	The number of fields must be at least 1.
table_column_count_to_equal {"value":3}	The number of fields must be 3.
table_columns_to_match_set {"column_set":["a"]}	The fields must be these: “a”.
table_columns_to_match_ordered_list {"column_list":["a","b"]}	The fields must be these, in this order: “a” and “b”.
column_to_exist {"column":"a"}	The field a must exist.
column_min_to_be_between {"column":"a","min_value":-1}	The lowest a must be at least −1.
column_max_to_be_between {"column":"a","max_value":1e400}	The highest a must be at most 1e400.
column_sum_to_be_between {"column":"a","max_value":9007199254740993}	The sum of all a must be at most 9,007,199,254,740,993.
column_mean_to_be_between {"column":"a","max_value":1}	The average a must be at most 1.
column_median_to_be_between {"column":"a","max_value":1}	The middle a (the median) must be at most 1.
column_stdev_to_be_between {"column":"a","max_value":1}	The spread of a (its standard deviation) must be at most 1.
column_quantile_values_to_be_between {"column":"a","quantile_ranges":{"quantiles":[0.5,0.9],"value_ranges":[[1,2],[null,9]]}}	The quantiles of a must lie in their ranges: 0.5: 1 to 2; 0.9: anything to 9.
column_quantile_values_to_be_between {"column":"a","quantile_ranges":{"quantiles":[0.5],"value_ranges":[[]]}}	The quantiles of a must lie in their ranges: 0.5: nothing.
column_proportion_of_non_null_values_to_be_between {"column":"a","min_value":0.9}	The share of records in which a is filled in must be at least 0.9.
column_unique_value_count_to_be_between {"column":"a","min_value":2}	The number of different values of a must be at least 2.
column_proportion_of_unique_values_to_be_between {"column":"a","min_value":0.2}	The share of different values among those of a must be at least 0.2.
column_most_common_value_to_be_in_set {"column":"a","value_set":["x"]}	The most common value of a must be one of “x”.
column_distinct_values_to_be_in_set {"column":"a","value_set":["x"]}	No other values than “x” may occur in a.
column_distinct_values_to_contain_set {"column":"a","value_set":["x"]}	Each of “x” must occur in a.
column_distinct_values_to_equal_set {"column":"a","value_set":["x"]}	The values that occur in a must be exactly these: “x”.
column_kl_divergence_to_be_less_than {"column":"a","threshold":0.1}	The values of a must be spread as usual: their divergence (Kullback-Leibler) must be less than 0.1.
column_kl_divergence_to_be_less_than {"column":"a"}	The values of a must be spread as usual.
column_chisquare_test_p_value_to_be_greater_than {"column":"a","p":0.05}	The values of a must be spread as usual: the p-value of the chi-square test must be more than 0.05.
column_values_to_be_unique {"column":"a","row_condition":".b > 1"}	Every value of a must occur only once, in the records where .b > 1 holds.
column_values_to_be_in_set {"column":"a"}	Every value of a must be one of (not given).
column_values_to_be_of_type {"column":["a",{"b":1}],"type_":{"c":[]}}	Every value of a and {"b":1} must be of the type {"c":[]}.
column_to_be_odd {"column":"a","by":{"x":[1,null]},"off":null}	Column to be odd: column “a”, by {"x":[1,null]}, off null
END
tab=$(printf '\t')
while IFS="$tab" read -r what sentence; do
	jq -c --arg type "expect_${what%% *}" '.results = [.results[0]] | .meta.evkit.expectations = [.meta.evkit.expectations[0]]
		| .results[0].expectation_config = {type: $type, kwargs: "KWARGS"}' small.json |
		perl -pe 'BEGIN { $kwargs = shift } s/"KWARGS"/$kwargs/' "${what#* }" | evreport >page
	is "$what" "$(words page | sed -n 's/^✕ Failed//p')" "$sentence"
done <sentences

# found KEY-VALUES: what is said of a result with them
found()
{
	jq -c --argjson result "$1" --arg type "${2:-expect_column_values_to_be_between}" \
		'.results[0].result = $result | .results[0].expectation_config.type = $type' small.json | evreport >page
	words page | sed -n '/^✕ Failed/,/^The batch/p' | sed '1d; $d'
}
is 'the share is of those that are there' "$(found '{"element_count":1200,"missing_count":200,"unexpected_count":3,"partial_unexpected_list":[-1,-1,"x"]}')" \
	'3 of 1,000 values did not: 0.3% of those present. 200 were missing and do not count.
Such as: −1, −1, “x”'
is 'values with their counts' "$(found '{"element_count":5000,"missing_count":0,"unexpected_count":3001,"partial_unexpected_counts":[{"value":-1,"count":3000},{"value":null,"count":1}]}')" \
	'3,001 of 5,000 values did not: 60.0%.
Such as: −1 (3,000 times), null'
is 'nulls count for not_be_null' "$(found '{"element_count":10,"missing_count":4,"unexpected_count":4}' expect_column_values_to_not_be_null)" \
	'4 of 10 records did not: 40%.'
is 'nothing to check' "$(found '{"element_count":3,"missing_count":3,"unexpected_count":0}')" \
	'There was nothing to hold to it. 3 were missing and do not count.'
is 'counts that cannot be are not believed' "$(found '{"element_count":3,"missing_count":4,"unexpected_count":9,"observed_value":"7"}')" 'Found: “7”.'
is 'no value' "$(found '{}')" 'No value was found.'
is 'quantiles' "$(found '{"observed_value":{"quantiles":[0.5,0.9],"values":[19.5,25000]}}' expect_column_quantile_values_to_be_between)" 'Found: 0.5: 19.5; 0.9: 25,000.'
is 'a list' "$(found '{"observed_value":["a","b"]}' expect_column_distinct_values_to_be_in_set)" 'Found: “a” and “b”.'
run 'jq -c ".results[0].exception_info = {raised_exception: true, exception_message: \"no column total\"}" small.json | evreport >page'
is 'an exception' "$(words page | sed -n 's/^It could/&/p')" 'It could not be checked: no column total'

# A distribution with its limits
run "jq -c '.results[0].expectation_config.kwargs = {column: \"total\", min_value: 0, max_value: 15} | .meta.evkit.expectations[0].histogram = {edges: [0, 10, 20], counts: [1, 4]}' small.json | evreport"
check 'a distribution' 0 '~<svg class="bars".*<path class="bar" d="M0 76h500V100H0zM500 4h500V100H500z"/><line class="limit" x1="0" y1="0" x2="0" y2="100"/><line class="limit" x1="750" y1="0" x2="750" y2="100"/></svg>'

# Times without events have their place in the timeline
run "jq -c '.meta.evkit.timeline.buckets[1].start = \"2026-03-01T12:00:00Z\"' small.json | evreport"
check 'a timeline with a gap' 0 '~d="M18\.75 85\.71h212\.5V100H18\.75zM768\.75 0h212\.5V100H768\.75z"'
for unit in 'minute 2026-03-01T09:00:59Z 2026-03-01T09:02:00Z 1 March 2026, 09:00' 'day 2026-02-27T00:00:00Z 2026-03-01T00:00:00Z 27 February 2026' \
	'hour 1960-01-01T00:00:00Z 1960-01-01T02:00:00Z 1 January 1960, 00:00' 'month 2025-12-01T00:00:00Z 2026-02-01T00:00:00Z December 2025' 'year 1969-01-01T00:00:00Z 1971-01-01T00:00:00Z 1969' \
	'century 1800-01-01T00:00:00Z 2000-01-01T00:00:00Z 1800'; do
	# shellcheck disable=SC2086 # words
	set -- $unit
	jq -c --arg unit "$1" --arg first "$2" --arg last "$3" '.meta.evkit.timeline |= (.unit = $unit | .buckets[0].start = $first | .buckets[1].start = $last)' \
		small.json | evreport >page
	shift 3
	is "three of that unit: $unit" "$(grep -c 'M25 85.71h283.33V100H25zM691.67 0h283.33V100H691.67z' page) $(words page | grep -cF "$*")" '1 2'
done
is 'times that are none have one place each' "$(jq -c '.meta.evkit.timeline.buckets[1].start = "soon"' small.json | evreport | grep -c 'M37.5 85.71h425V')" 1
is 'so have those out of order' "$(jq -c '.meta.evkit.timeline.buckets[1].start = "2026-02-01T00:00:00Z"' small.json | evreport | grep -c 'M37.5 85.71h425V')" 1
is 'and those too far apart' "$(jq -c '.meta.evkit.timeline.buckets[1].start = "2027-02-01T00:00:00Z"' small.json | evreport | grep -c 'M37.5 85.71h425V')" 1

# What else a result can say of a cause
is 'a warning' "$(jq -c '.meta.evkit.causes[0] |= (.severity = "warning" | .records = 1)' small.json | evreport | words /dev/stdin | sed -n '/^Why records/,$p' | grep -A 1 'price: a' | tr '\n' ' ')" \
	'items[].price: a number that is too low passed, with a warning 1 record 100% of all warnings, 0.1% of all '
is 'a remark' "$(jq -c '.meta.evkit.causes[0] |= (.severity = "info" | .records = 5)' small.json | evreport | words /dev/stdin | sed -n '/^Why records/,$p' | grep -A 1 'price: a' | tr '\n' ' ')" \
	'items[].price: a number that is too low passed, with a remark 5 records 0.5% of all '
is 'causes that were left out' "$(jq -c '.meta.evkit.causes_left_out = 1200' small.json | evreport | words /dev/stdin | grep -o 'The rarest.*')" \
	'The rarest causes are left out, 1,200 records in all.'
is 'a line too long' "$(jq -c '.meta.evkit.causes[0].sample.raw = ""' small.json | evreport | words /dev/stdin | grep 'too long')" \
	'The record is too long to be shown here. The rejects file has it whole.'
is 'bytes that are no text' "$(jq -c '.meta.evkit.causes[0].sample |= (del(.raw) | .raw_base64 = "/v8=")' small.json | evreport | words /dev/stdin | grep 'not UTF')" \
	'The record is not UTF-8 text, so it cannot be shown here. The rejects file has it whole.'

is 'a wide bin is as high as it is dense' "$(jq -c '.meta.evkit.expectations[0].histogram = {edges: [0, 10, 50], counts: [2, 4]}' small.json | evreport | grep -o 'd="M0[^"]*"' | tail -n 1)" \
	'd="M0 4h100V100H0zM100 52h400V100H100z"'

#
# Several results
#
for n in 1 2 3 4; do perl "$results" day $n >day$n.json; done
run 'evreport -o week.html day1.json day2.json day3.json day4.json'
check 'several results' 0
words week.html >week.txt
is 'the sentence sums them' "$(grep 'set aside;' week.txt)" \
	'98.8% of 4.9 million events passed; 58,780 were set aside; 3 of 4 loads were approved.'
run 'evreport day3.json day1.json day4.json day2.json'
check 'the order of the files does not matter' 0 @week.html
is 'the latest batch is the first of the table' "$(sed -n '/^The batches/,$p' week.txt | sed -n '9,15p' | tr '\n' ' ')" \
	'2026-03-04 not approved 1,251,000 97.5% 31,480 31 3 '
is 'a cause is summed' "$(grep -A 2 '^A price must' week.txt | tail -n 2)" \
	'26,389 records 44.9% of those set aside, 0.5% of all
In 4 of 4 batches'
is 'also one that not all have' "$(grep -A 2 '^A voucher was' week.txt | tail -n 1)" 'In 3 of 4 batches'
is 'and an expectation followed' "$(sed -n '/^What was expected/,$p' week.txt | grep -A 5 'must be filled in' | sed -n '2,4p')" \
	'5,120 of 1,251,000 records did not: 0.4%.
Did not keep to it, by batch: from 0% to 0.4%.
Failed in 1 of 4 batches.'

#
# Redaction
#
# shown PATH...: how often the page has the redacted texts of the sample
shown()
{
	jq -c '.results[0].expectation_config.kwargs.column = "user.email" | .results[0].result = {observed_value: "zz@example.com", partial_unexpected_list: ["yy@example.com"]}' \
		small.json >personal.json
	# shellcheck disable=SC2046 # options
	evreport $(printf ' --redact %s' "$@") personal.json >page
	grep -o '[a-z]*@example.com' page | tr '\n' ' '
}
is 'nothing is redacted unasked' "$(shown .nothing)" 'jane@example.com zz@example.com yy@example.com '
for path in user.email .user.email .user '.["user"]'; do
	is "--redact $path" "$(shown "$path")" ''
done
is 'a path below leaves the scalar, but not the column around it' "$(shown .user.email.deeper)" 'jane@example.com '
is 'two paths' "$(shown items user)" ''
is 'a redacted value is marked as the bad one' "$(evreport --redact 'items[].price' small.json | grep -c '<mark><span class="redacted">redacted</span></mark>')" 1
is 'and its message is not told' "$(evreport --redact 'items[].price' small.json | grep -c 'is less than')" 0
is 'nor by an index' "$(evreport --redact 'items[-1].price' small.json | grep -c -e '-3.0')" 0
is 'what stands beside it stays' "$(evreport --redact 'items[0].sku' small.json | grep -c -e '-3.0 is less')" 1
is 'a message that quotes it elsewhere is not told' \
	"$(jq -c '.meta.evkit.causes[0].sample.message = "jane@example.com has -3.0"' small.json | evreport --redact user.email | grep -c 'jane')" 0
is 'a name that stands twice is redacted twice' \
	"$(sed 's/\\"email\\":/\\"email\\":\\"ann@example.com\\",\\"email\\":/' small.json | evreport --redact user.email | grep -c '@example')" 0
is 'a record that is no JSON is redacted whole' \
	"$(jq -c '.meta.evkit.causes[0].sample.raw |= .[1:]' small.json | evreport --redact x.y | grep -c '@example')" 0
is 'so is one that was cut' \
	"$(jq -c '.meta.evkit.causes[0].sample.cut = true' small.json | evreport --redact x.y | grep -c '@example')" 0
is 'names inside are redacted' \
	"$(jq -c '.meta.evkit.causes[0] |= (.path = "/by/ann@x/n" | .sample.path = .path)' small.json | evreport --redact by | grep -c 'ann@')" 0
# around KEYWORD: how often the message of a fault in the object around the redacted field is told
around()
{
	jq -c --arg keyword "$1" '.meta.evkit.causes[0] |= (.path = "/user" | .sample.path = .path | .keyword = $keyword | .sample.message = "told")' \
		small.json | evreport --redact user.email | grep -c told
}
is 'the message about an object around it is redacted' "$(around oneOf)" 0
is 'unless it only names fields' "$(around required)" 1
is 'the message of a rule is redacted' \
	"$(jq -c '.meta.evkit.causes[0] |= (.code = "rule" | .path = null | .sample.path = null | .sample.message = "cannot be told: secret")' small.json |
		evreport --redact by | grep -c 'secret')" 0
is 'the page says what is redacted' "$(evreport --redact user small.json | words /dev/stdin | grep '^Left out')" \
	'Left out because it may be personal data. Redacted are: .user.'
try '--redact of no path' 2 "evreport --redact 'a b' small.json" <<'END'
! evreport: --redact: 'a b' is no path: ' b' is not understood
! Try 'evreport --help'.
END
run "evreport $(printf ' --redact a%.0s' $(seq 64)) small.json"
check '64 paths can be redacted' 0 any
run "evreport $(printf ' --redact a%.0s' $(seq 65)) small.json"
check 'but not 65' 2 '' '~--redact can be given 64 times'

#
# What is no result
#
# broken JQ WANT: small.json changed so is refused
broken()
{
	jq -c "$1" small.json >broken.json
	run 'evreport -o page.html broken.json'
	check "$1" 2 '' "~^evreport: broken\.json:1:[0-9]+: $2\$"
}
e=meta.evkit
broken '[]' 'the result: is no JSON object'
broken 'del(.meta)' 'meta: is missing: give a result that evvalidate wrote'
broken 'del(.meta.evkit)' 'meta\.evkit: is missing: give a result that evvalidate wrote'
broken ".$e.format = 2" "$e.format: is not 1, the one that this version reads"
broken ".$e.counts.in = -1" "$e.counts.in: is no count: it must be a whole number from 0 to 10\^15"
broken ".$e.counts.in = 1.5" "$e.counts.in: is no count: .*"
broken ".$e.counts.in = 1e400" "$e.counts.in: is no count: .*"
broken ".$e.counts.in = 1004" "$e.counts.in: is not the sum of out, rejected, dropped and blank"
broken ".$e.types[1].rejected = 101" "$e.types\[1\]\.rejected: is more than came in"
broken ".$e.timeline.unit = \"week\"" "$e.timeline.unit: must be minute, hour, day, month, year or century"
broken ".$e.timeline.buckets = [range(401) | {start: \"x\", in: 1, rejected: 0}]" "$e.timeline.buckets: are more than 400"
broken ".$e.causes[0].severity = \"bad\"" "$e.causes\[0\]\.severity: must be critical, warning or info"
broken ".$e.causes[0].records = 1001" "$e.causes: has one of more records than came in"
broken ".$e.causes[0].sample.message = null" "$e.causes\[0\]\.sample\.message: is of the kind null, not string"
broken ".$e.expectations[1].verdict = \"maybe\"" "$e.expectations\[1\]\.verdict: must be pass, fail or inconclusive"
broken "del(.$e.expectations[1])" "$e.expectations: are not as many as the results"
broken ".$e.expectations[0].histogram = {edges: [1, 2], counts: [1, 2]}" "$e.expectations\[0\]\.histogram\.edges: must be one more than counts"
broken ".$e.expectations[0].histogram = {edges: [1, \"x\"], counts: [1]}" "$e.expectations\[0\]\.histogram\.edges: must be numbers"
broken '.results[0].expectation_config.kwargs = []' 'results\[0\]\.expectation_config\.kwargs: is of the kind array, not object'
ok 'a result that is refused leaves no page' [ ! -e page.html ]
try 'no JSON' 2 'printf "{\n \"a\":\n}" | evreport' <<'END'
! evreport: standard input:3:1: is no JSON: a value is missing here: give a result that evvalidate wrote
END
try 'nothing' 2 'evreport </dev/null' <<'END'
! evreport: standard input:1:1: is no JSON: a value is missing at the end: give a result that evvalidate wrote
END
run "sed 's/\"format\":1/\"format\":1,\"format\":1/' small.json | evreport"
check 'a name that stands twice' 2 '' '~stands twice in one object'
run 'evreport nosuch.json'
check 'no file' 2 '' '~^evreport: nosuch.json: cannot be opened: No such file'

# Each part of a result taken out or put as another kind: a page, or one line of error.
jq -c '. as $r | paths as $p | $r | delpaths([$p]), (null, true, 7, -1.5, "x", "", [], {}, [[]], 1e999 | . as $v | $r | setpath($p; $v))' \
	small.json >mutants
n=0 wrong=
while IFS= read -r mutant; do
	n=$((n + 1))
	printf '%s\n' "$mutant" | evreport --redact user.email >page 2>told
	status=$?
	case $status in
	0) [ -s told ] || ! tail -n 1 page | grep -qx '</html>' && wrong="$wrong $n" ;;
	2) [ -s page ] || [ "$(wc -l <told)" -ne 1 ] && wrong="$wrong $n" ;;
	*) wrong="$wrong $n" ;;
	esac
done <mutants
ok 'there are mutants' [ $n -gt 1000 ]
is 'each mutant is a page or an error' "$wrong" ''

# Every result that evvalidate writes, of one batch or of merged states, is one that evreport reads.
# A model that evvalidate refuses is none to test, and few are.
mkdir random && cd random || exit 2
n=0 refused=0 wrong='' merged=''
while [ $n -lt "${REPORT_MODELS:-40}" ]; do
	n=$((n + 1))
	perl "$srcdir/tests/evreport_random.pl" $n
	rm -f result.* state.*
	for i in 1 2; do
		evvalidate -r rejects --batch "b<$i>é" --result result.$i --state-out state.$i $i.jsonl >passed.$i 2>told || [ $? = 1 ] || break
	done
	if [ ! -e result.2 ]; then
		grep -q '^evvalidate: evkit.yaml:' told && refused=$((refused + 1)) || wrong="$wrong $n:$(tail -n 1 told)"
		continue
	fi
	evvalidate --merge --result result.3 state.1 state.2 >/dev/null 2>told || [ $? = 1 ] || wrong="$wrong $n:$(tail -n 1 told)"
	evvalidate -r rejects --batch "b<1>é..b<2>é" --result result.4 1.jsonl 2.jsonl >/dev/null 2>told || [ $? = 1 ] || wrong="$wrong $n:$(tail -n 1 told)"
	grep -q expect_column_values_to_be_increasing evkit.yaml || cmp -s result.3 result.4 || merged="$merged $n"
	for i in 1 2 3 4; do
		evreport -o page.html result.$i 2>told && [ ! -s told ] || wrong="$wrong $n:$(cat told)"
	done
	evreport -o page.html result.[12] 2>told || wrong="$wrong $n:$(cat told)"
done
cd ..
is "of $n random models and batches, each result is read" "$wrong" ''
is 'merged states give the result of all of it in one run' "$merged" ''
ok 'and few models were none' [ $((refused * 4)) -lt $n ]

done_testing
