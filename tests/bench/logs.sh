#!/bin/sh
#
# logs.sh: text logs and a table for the benchmark, a line for each line of the events.
#
#     logs.sh nginx|haproxy|w3c|cloudfront|syslog|logfmt|csv <EVENTS >LOG
#
# What varies does so by the number of the line, so they are the same bytes on every machine.
set -eu

awk -v kind="$1" '
BEGIN {
	split("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0|" \
		"Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1|" \
		"curl/7.88.1|-", agent, "|")
	split("GET POST GET GET HEAD", method, " ")
	split("200 200 304 404 302 500", status, " ")
	if (kind == "csv")
		print "order,time,user,event,tickets,total,note"
	if (kind == "w3c" || kind == "cloudfront")
		print "#Version: 1.0"
	if (kind == "w3c")
		print "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken"
	if (kind == "cloudfront")
		print "#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version fle-status fle-encrypted-fields"
	OFS = "\t"
}
{
	n = NR * 7919 % 1000003
	clock = sprintf("%02d:%02d:%02d", NR / 36000 % 24, NR / 600 % 60, NR / 10 % 60)
	if (kind == "nginx")
		printf "192.0.2.%d - %s [01/Mar/2026:%s +0100] \"%s /events/%d/seats?row=%d&q=caf%%C3%%A9 HTTP/1.1\" %s %d \"https://shop.example/list/%d\" \"%s\"\n",
			n % 256, n % 9 ? "-" : "user" n, clock, method[n % 5 + 1], n, n % 40,
			status[n % 6 + 1], n % 60000, n % 997, agent[n % 4 + 1]
	else if (kind == "haproxy")
		printf "Mar  1 %s lb1 haproxy[812]: 192.0.2.%d:%d [01/Mar/2026:%s.%03d] https~ shop/web%d 0/0/1/%d/%d %s %d - - ---- %d/%d/2/1/0 0/0 \"%s /events/%d/seats?row=%d HTTP/1.1\"\n",
			clock, n % 256, n % 65536, clock, n % 1000, n % 8, n % 90, n % 90 + 1,
			status[n % 6 + 1], n % 60000, n % 99, n % 99, method[n % 5 + 1], n, n % 40
	else if (kind == "w3c" || kind == "cloudfront") {
		words = agent[n % 4 + 1]
		gsub(" ", kind == "w3c" ? "+" : "%20", words)
		if (kind == "w3c")
			printf "2026-03-01 %s 192.0.2.7 %s /events/%d/seats row=%d 443 %s 192.0.2.%d %s https://shop.example/list/%d %s 0 0 %d\n",
				clock, method[n % 5 + 1], n, n % 40, n % 9 ? "-" : "user" n, n % 256,
				words, n % 997, status[n % 6 + 1], n % 3000
		else
			print "2026-03-01", clock, "FRA" n % 60 "-C1", n % 60000, "192.0.2." n % 256,
				method[n % 5 + 1], "d1.shop.example", "/events/" n "/seats",
				status[n % 6 + 1], "https://shop.example/list/" n % 997, words,
				"row=" n % 40, "-", n % 3 ? "Hit" : "Miss",
				sprintf("%08x%08x==", n * 7, n * 13), "shop.example", "https",
				n % 900, sprintf("0.%03d", n % 1000), "-", "TLSv1.3",
				"TLS_AES_128_GCM_SHA256", n % 3 ? "Hit" : "Miss", "HTTP/2.0", "-", "-"
	} else if (kind == "syslog")
		printf "<%d>1 2026-03-01T%s.%06d+01:00 web%d.shop.example checkout %d ID%d [order@32473 id=\"%d\" total=\"%d.%02d\"] order %d paid, %d tickets sent to the customer\n",
			n % 192, clock, n % 1000000, n % 16, n % 65536, n % 50, n, n % 300, n % 100, n, n % 8
	else if (kind == "csv")
		printf "%d,2026-03-01T%s.%03dZ,user%d,%s,%d,%d.%02d,%s\n",
			n, clock, n % 1000, n % 5000, n % 3 ? "Tom live" : "\"Tom \"\"the cat\"\", live\"",
			n % 8, n % 300, n % 100, n % 50 ? "" : "\"on two\nlines\""
	else
		printf "time=2026-03-01T%s.%03dZ level=info msg=\"order paid\" order=%d user=user%d total=%d.%02d currency=EUR tickets=%d event=\"Tom \\\"the cat\\\" live\" ok\n",
			clock, n % 1000, n, n % 5000, n % 300, n % 100, n % 8
}'
