#include "parse/internal.h"

/*
 * The log_format "combined" that nginx has built in, and "main" of the nginx.conf that it comes
 * with, which has one field more. The names are nginx's variables.
 */
#define QUOTED "[^\"\\\\]*(?:\\\\.[^\"\\\\]*)*"

const struct ev_builtin ev_builtin_nginx = {
	.type = "HttpRequest",
	.pattern = "^(?<remote_addr>\\S+) - (?<remote_user>.*?) "
		   "\\[(?<time_local>"
		   "\\d\\d/[A-Z][a-z][a-z]/\\d{4}:\\d\\d:\\d\\d:\\d\\d [+-]\\d{4})\\] "
		   "\"(?<request>" QUOTED ")\" (?<status>\\d{3}) (?<body_bytes_sent>\\d+) "
		   "\"(?<http_referer>" QUOTED ")\" \"(?<http_user_agent>" QUOTED ")\""
		   "(?: \"(?<http_x_forwarded_for>" QUOTED ")\")?$",
	.time = "time_local",
	.numbers = (const char *const[]){"status", "body_bytes_sent", NULL},
};
