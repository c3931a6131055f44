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

for page in day week; do
	for scheme in light dark; do
		is "$page: contrast in the $scheme scheme (WCAG AA)" "$(browse $page.html scheme=$scheme eval='test.contrast()')" ''
	done
	is "$page: headings, landmarks, tables, labels" "$(browse $page.html eval='test.structure()')" ''
	is "$page: nothing is wider than a narrow window" "$(browse $page.html size=320,640 eval='test.wide()')" ''

	# As often as there are places to go, and some more.
	# shellcheck disable=SC2046 # a list of words
	is "$page: Tab reaches everything, and shows where it is" \
		"$(browse $page.html eval='test.watch()' $(printf 'key=Tab %.0s' $(seq 70)) eval='test.unreached()')" ''
done

#
# What the script does
#
is 'the filter shows those that failed' "$(browse day.html eval='test.visibleChecks()' \
	eval='document.querySelector("input[value=fail]").click()' eval='test.visibleChecks()' \
	eval='document.getElementById("checks-count").textContent')" '11
null
2
2 of 11 are shown.'
is 'by keyboard too' "$(browse day.html eval='document.querySelector("input[value=all]").focus()' key=ArrowRight key=ArrowRight \
	eval='test.visibleChecks()' eval='document.querySelectorAll(".column:not([hidden])").length')" 'null
1
1'
is 'the search finds words of an expectation' "$(browse day.html eval='document.getElementById("checks-search").focus()' type=DIFFERENT\ VALUES wait=0.3 \
	eval='test.visibleChecks()')" 'null
1'
is 'and of a column' "$(browse day.html eval='document.getElementById("checks-search").focus()' type=metadata.total wait=0.3 \
	eval='test.visibleChecks()')" 'null
4'
is 'the search finds causes' "$(browse day.html eval='document.getElementById("causes-search").focus()' type=EURO wait=0.3 \
	eval='test.visibleCauses()' eval='document.getElementById("causes-count").textContent')" 'null
1
1 of 7 fit.'
is 'a button opens all records' "$(browse day.html eval='document.getElementById("causes-open").focus()' key=Enter \
	eval='document.querySelectorAll(".cause details[open]").length' key=Space \
	eval='document.querySelectorAll(".cause details[open]").length')" 'null
7
0'
is 'a record is opened by keyboard' "$(browse day.html eval='document.querySelectorAll(".cause summary")[1].focus()' key=Enter \
	eval='document.querySelectorAll(".cause details[open]").length')" 'null
2'
is 'the skip link leads to the content' "$(browse day.html key=Tab eval='document.activeElement.className + " " + (document.activeElement.getBoundingClientRect().left >= 0)' \
	key=Enter eval='document.activeElement.id')" 'skip true
main'

#
# Without script, and on paper
#
is 'without script all of it is there' "$(browse day.html script=off load="$srcdir/tests/browser.js" \
	eval='test.visibleChecks() + " " + test.visibleCauses() + " " + document.querySelectorAll(".tools:not([hidden])").length')" '11 7 0'
is 'on paper there is nothing to click at' "$(browse day.html media=print eval='[...document.querySelectorAll("nav, .tools, summary, .skip")].filter((e) => e.checkVisibility()).length')" 0
is 'contrast on paper' "$(browse day.html scheme=dark media=print eval='test.contrast()')" ''
run browse day.html pdf=day.pdf eval='document.querySelectorAll(".cause details[open]").length'
check 'it prints, and is afterwards as it was' 0 1
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


a bdi body button caption code dd details div dl dt fieldset figcaption figure footer h1 h2 h3 head header html input label legend li main mark meta nav ol p pre rect script section span strong style summary svg table tbody td th thead title tr ul"
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
best=
for i in 1 2 3 4 5; do
	took=$(browse large.html eval='test.loaded()')
	diag "opened in $took ms"
	[ "${best:-99999}" -le "$took" ] || best=$took
	[ "$best" -ge 1000 ] || break
done
ok 'open in less than a second' [ "$best" -lt 1000 ]
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
