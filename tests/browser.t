#!/bin/sh
# The pages of evreport in a real browser: what they load, show and do there.
. "${srcdir:-$(dirname "$0")/..}/tests/tap.sh"

for program in chromium perl jq; do
	command -v $program >/dev/null || skip_all "$program is not installed"
done

[ "${SANITIZE:-no}" = no ] || skip_all 'the pages are those of the other build, which were looked at'

results="$srcdir/tests/evreport_results.pl"

# browse PAGE STEP...: what the page does, and "error: ..." if it cannot be opened. See browser.pl.
browse()
{
	browse_page=$1
	shift
	perl "$srcdir/tests/browser.pl" "$browse_page" load="$srcdir/tests/browser.js" "$@" 2>&1 ||
		echo "error: the browser ended with status $?"
}

for n in 1 2 3 4; do perl "$results" day $n >day$n.json; done
evreport -o day.html day1.json || exit 2
evreport -o week.html day1.json day2.json day3.json day4.json || exit 2

# lines FROM TO: of what the last browse printed
lines()
{
	sed -n "$1,$2p" "$out"
}

. "$srcdir/tests/evreport_batches.sh"

for page in day week clean critical rejected warnings; do
	# Tab as often as there are places to go, and some more.
	# shellcheck disable=SC2046 # a list of words
	run browse $page.html scheme=light eval='test.contrast()' scheme=dark eval='test.contrast()' eval='test.structure()' \
		size=320,640 eval='test.wide()' open=again eval='test.watch()' $(printf 'key=Tab %.0s' $(seq 70)) eval='test.unreached()'
	is "$page: contrast in the light scheme (WCAG AA)" "$(lines 1 1)" ''
	is "$page: contrast in the dark scheme" "$(lines 2 2)" ''
	is "$page: headings, landmarks, tables, labels" "$(lines 3 3)" ''
	is "$page: nothing is wider than a narrow window" "$(lines 4 4)" ''
	is "$page: Tab reaches everything, and shows where it is" "$(lines 5 100)" ''
	is "$page: all was asked" "$(wc -l <"$out")" 6
done

# Who reads from the top finds in the first window whether it was loaded, why not, and who must act; and
# comes by one key to the reason.
run browse critical.html size=1100,700 eval='["h1", ".why", ".facts", ".todo"].map((s) => document.querySelector(s).getBoundingClientRect().bottom < 700)' \
	eval='test.focus(".why a")' key=Enter wait=0.3 eval='location.hash' eval='document.querySelector(location.hash).dataset.verdict' \
	eval='(({top, bottom}) => top >= 0 && bottom <= innerHeight)(document.querySelector(location.hash).getBoundingClientRect())' \
	open=again eval='test.focus(".todo li:nth-child(2) a")' key=Enter wait=0.3 eval='document.querySelector(location.hash + " h3").textContent' \
	media=print eval='getComputedStyle(document.querySelector(".todo")).display + " " + getComputedStyle(document.querySelector("#balance")).display' eval='test.wide()'
is 'the first window has it all' "$(lines 1 1)" '[true,true,true,true]'
is 'the reason is a key away' "$(lines 2 5)" 'focused
#check-1
fail
true'
is 'and so is each cause' "$(lines 6 7)" 'focused
A total must not be negative.'
is 'paper has them as well' "$(lines 8 100)" 'block block'

#
# What the script does
#
run browse day.html \
	eval='test.visibleChecks()' eval='test.press("input[value=fail]")' eval='test.visibleChecks()' eval='test.text("#checks-count")' \
	open=again eval='test.focus("input[value=all]")' key=ArrowRight key=ArrowRight eval='test.visibleChecks()' eval='test.count(".column:not([hidden])")' \
	open=again eval='test.focus("#checks-search")' type='DIFFERENT VALUES' wait=0.3 eval='test.visibleChecks()' eval='test.text("#checks-count")' \
	open=again eval='test.focus("#checks-search")' type=metadata.total wait=0.3 eval='test.visibleChecks()' eval='test.text("#checks-count")' \
	open=again eval='test.focus("#causes-search")' type=EURO wait=0.3 eval='test.visibleCauses()' eval='test.text("#causes-count")' \
	open=again eval='test.focus("#causes-open")' key=Enter eval='test.count(".cause details[open]")' key=Space eval='test.count(".cause details[open]")' \
	open=again eval='test.focus("li:nth-child(2) > details > summary")' key=Enter eval='test.count(".cause details[open]")' \
	open=again key=Tab eval='document.activeElement.className' eval='document.activeElement.getBoundingClientRect().left >= 0' key=Enter eval='document.activeElement.id'
is 'the filter shows those that failed' "$(lines 1 4)" '11
clicked
2
2 of 11 are shown.'
is 'by keyboard too' "$(lines 5 7)" 'focused
1
1'
is 'the search finds words of an expectation' "$(lines 8 10)" 'focused
1
1 of 11 are shown.'
is 'and all of a column' "$(lines 11 13)" 'focused
4
4 of 11 are shown.'
is 'the search finds causes' "$(lines 14 16)" 'focused
1
1 of 7 fit.'
is 'a button opens all records, and closes them' "$(lines 17 19)" 'focused
7
0'
is 'a record is opened by keyboard' "$(lines 20 21)" 'focused
2'
is 'the skip link shows itself and leads to the content' "$(lines 22 30)" 'skip
true
main'

#
# Without script, and on paper
#
run browse day.html script=off eval='test.visibleChecks()' eval='test.visibleCauses()' eval='test.count(".tools:not([hidden])")' \
	script=on scheme=dark media=print eval='test.contrast()' \
	eval='[...document.querySelectorAll("nav, .tools, summary, .skip")].filter((e) => e.checkVisibility()).length' \
	media=screen pdf=day.pdf eval='test.count(".cause details[open]")'
is 'without script all of it is there, and nothing that needs it' "$(lines 1 3)" '11
7
0'
is 'contrast on paper' "$(lines 4 4)" ''
is 'on paper there is nothing to click at' "$(lines 5 5)" 0
is 'it prints, and is afterwards as it was' "$(lines 6 9)" 1
ok 'several pages' [ "$(grep -ac '/Type /Page$' day.pdf)" -ge 3 ]

#
# Hostile text
#
if data blns; then
	jq -c '["</script><script>document.title=\"owned\"</script>", "<!--", "<!-- <script>", "]]>", "<img src=x onerror=document.title=1>",
		"</style></title></textarea><b>", "\u202eevil\u202c \u2066x\u2069", "\u001b[31mred\u001b[0m\u0007", "\u0000nul", "<bdi>",
		"&lt;&amp;&#60;", "\" onfocus=\"document.title=1\" autofocus=\"", "\u200f\u200b\ufeff", "%s%n"] + .' "$data/blns.json" >hostile.json
	perl "$results" hostile hostile.json >result.json
	run 'evreport --title "A title" -o hostile.html result.json'
	check 'a page of hostile strings' 0
	run browse hostile.html wait=0.5 eval=document.title eval='test.steering()' eval='test.wide()' eval='test.elements()'
	check 'nothing runs, nothing is loaded, nothing steers' 0 \
		"A title


a bdi body button caption code dd details div dl dt fieldset figcaption figure footer h1 h2 h3 head header html input label legend li main mark meta nav ol p path pre script section span strong style summary svg table tbody td th thead title tr ul"
	is 'each string is shown' "$(browse hostile.html eval='document.querySelectorAll(".cause").length + " " + document.querySelectorAll("script").length + " " +
		document.body.textContent.includes("</script><script>document.title=\"owned\"</script>") + " " +
		document.body.textContent.includes("\\u{1b}[31mred") + " " + document.body.textContent.includes("\\u{202e}evil")')" \
		"$(jq '[.[] | select(. != "")] | unique | length' hostile.json) 1 true true true"
fi

#
# Large
#
perl "$results" large 100000 3000 >result.json
run 'evreport -o large.html result.json'
check '100,000 causes and 3,000 expectations' 0
# A second of a machine that reads a table of 100,000 rows in half of one. A slower or busier one, by
# its own measure of that, has as much longer.
opened=no
for _ in 1 2 3 4 5; do
	# shellcheck disable=SC2046 # two numbers
	set -- $(browse large.html eval='test.loaded()' eval='test.pace()')
	limit=$(($2 > 500 ? 2 * $2 : 1000))
	diag "opened in $1 ms of $limit"
	[ "$1" -ge $limit ] && continue
	opened=yes
	break
done
is 'open in less than a second' $opened yes
is 'the filter and the search work there' "$(browse large.html eval='document.querySelector("input[value=fail]").click()' \
	eval='test.visibleChecks()' eval='document.getElementById("causes-search").focus()' type=-99999 wait=0.6 \
	eval='document.getElementById("causes-count").textContent' eval='document.querySelector("tbody").textContent' \
	eval='test.visibleCauses()')" 'null
75
null
1 of 100,000 fit.
2Type199metadata.field99999-99999 is less than 02026-03-01T23:58:41Z
0'
is 'the list opens in slices' "$(browse large.html eval='document.querySelector("#more-causes summary").focus()' key=Enter wait=0.3 \
	eval='document.querySelectorAll("tbody tr").length + " " + document.activeElement.textContent' key=Enter eval='document.querySelectorAll("tbody tr").length + " " + document.querySelector("tbody").closest("table").caption.textContent')" 'null
200 Show 200 more
400 Rarer causes: 400 of 99,000'

done_testing
