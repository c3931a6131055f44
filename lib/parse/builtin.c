#include "parse/internal.h"

/* What stands ahead of a field, its name, and what it is. */
#define FIELD(ahead_, name_, kind_)                                                       \
	{                                                                                 \
		.ahead = (ahead_), .ahead_len = sizeof(ahead_) - 1,                       \
		.member = ",\"" name_ "\":", .member_len = sizeof(",\"" name_ "\":") - 1, \
		.kind = EV_FIELD_##kind_,                                                 \
	}
/* The same of one that may lack, with what is ahead. */
#define MAYBE(ahead_, name_, kind_)                                                       \
	{                                                                                 \
		.ahead = (ahead_), .ahead_len = sizeof(ahead_) - 1,                       \
		.member = ",\"" name_ "\":", .member_len = sizeof(",\"" name_ "\":") - 1, \
		.kind = EV_FIELD_##kind_, .may_lack = true,                               \
	}
#define TIME(ahead_, name_, layout_)                                                      \
	{                                                                                 \
		.ahead = (ahead_), .ahead_len = sizeof(ahead_) - 1,                       \
		.member = ",\"" name_ "\":", .member_len = sizeof(",\"" name_ "\":") - 1, \
		.kind = EV_FIELD_TIME, .layout = (layout_),                               \
	}
#define END                                        \
	{                                          \
		.kind = EV_FIELD_END, .ahead = "", \
	}

#define CLF_TIME "%d/%b/%Y:%H:%M:%S %z"

/*
 * nginx: the log_format "combined" that it has built in, and "main" of the nginx.conf that it comes
 * with, which has one field more; behind them the times that its makers recommend to log. The names
 * are nginx's variables.
 */
#define NGINX_COMBINED                                                                     \
	FIELD("", "remote_addr", WORD), FIELD(" - ", "remote_user", UNTIL),                \
		TIME(" [", "time_local", CLF_TIME), FIELD("] ", "request", QUOTED),        \
		FIELD(" ", "status", STATUS), FIELD(" ", "body_bytes_sent", NUMBER),       \
		FIELD(" ", "http_referer", QUOTED), FIELD(" ", "http_user_agent", QUOTED), \
		MAYBE(" ", "http_x_forwarded_for", QUOTED)

static const struct ev_field nginx[] = {
	NGINX_COMBINED,
	MAYBE(" rt=", "request_time", NUMBER),
	MAYBE(" uct=", "upstream_connect_time", QUOTED),
	MAYBE(" uht=", "upstream_header_time", QUOTED),
	MAYBE(" urt=", "upstream_response_time", QUOTED),
	END,
};

static const struct ev_field nginx_times[] = {
	NGINX_COMBINED,
	FIELD(" ", "request_time", SECONDS),
	MAYBE(" ", "upstream_response_time", TIMES),
	END,
};

/* What ingress-nginx, of Kubernetes, logs if nothing else is said. */
static const struct ev_field nginx_ingress[] = {
	NGINX_COMBINED,
	FIELD(" ", "request_length", NUMBER),
	FIELD(" ", "request_time", SECONDS),
	FIELD(" ", "proxy_upstream_name", SQUARE),
	FIELD(" ", "proxy_alternative_upstream_name", SQUARE),
	FIELD(" ", "upstream_addr", LIST),
	FIELD(" ", "upstream_response_length", LIST),
	FIELD(" ", "upstream_response_time", TIMES),
	FIELD(" ", "upstream_status", LIST),
	FIELD(" ", "req_id", WORD),
	END,
};

const struct ev_lines ev_nginx = {
	.forms = (const struct ev_line_form[]){{"HttpRequest", nginx, false},
					       {"HttpRequest", nginx_times, false},
					       {"HttpRequest", nginx_ingress, false},
					       {0}},
	.escape = EV_ESCAPE_HEX,
};

/*
 * Apache: "common", "combined" and "vhost_combined" of its documentation, and "combinedio" of the
 * httpd.conf that it comes with.
 */
#define APACHE_COMMON(ahead)                                                    \
	FIELD(ahead, "remote_host", WORD), FIELD(" ", "remote_logname", WORD),  \
		FIELD(" ", "remote_user", UNTIL), TIME(" [", "time", CLF_TIME), \
		FIELD("] ", "request", QUOTED), FIELD(" ", "status", STATUS),   \
		FIELD(" ", "bytes", NUMBER)

static const struct ev_field apache[] = {
	APACHE_COMMON(""),
	MAYBE(" ", "referer", QUOTED),
	MAYBE(" ", "user_agent", QUOTED),
	END,
};

static const struct ev_field apache_io[] = {
	APACHE_COMMON(""),
	FIELD(" ", "referer", QUOTED),
	FIELD(" ", "user_agent", QUOTED),
	FIELD(" ", "bytes_received", NUMBER),
	FIELD(" ", "bytes_sent", NUMBER),
	END,
};

const struct ev_lines ev_apache = {
	.forms = (const struct ev_line_form[]){{"HttpRequest", apache, false},
					       {"HttpRequest", apache_io, false},
					       {0}},
	.escape = EV_ESCAPE_C,
};

static const struct ev_field apache_vhost[] = {
	FIELD("", "virtual_host", ADDRESS), FIELD(":", "port", NUMBER),	      APACHE_COMMON(" "),
	MAYBE(" ", "referer", QUOTED),	    MAYBE(" ", "user_agent", QUOTED), END,
};

const struct ev_lines ev_apache_vhost = {
	.forms = (const struct ev_line_form[]){{"HttpRequest", apache_vhost, false}, {0}},
	.escape = EV_ESCAPE_C,
};

/* haproxy: "option httplog", "httpslog" and "tcplog". The names are those of its manual. */
#define HAPROXY_HEAD(ahead)                                                           \
	FIELD(ahead, "client_ip", ADDRESS), FIELD(":", "client_port", NUMBER),        \
		TIME(" [", "accept_date", "%d/%b/%Y:%H:%M:%S.%f"),                    \
		FIELD("] ", "frontend_name", WORD), FIELD(" ", "backend_name", UPTO), \
		FIELD("/", "server_name", WORD)
#define HAPROXY_COUNTS                                                                             \
	FIELD(" ", "actconn", NUMBER), FIELD("/", "feconn", NUMBER), FIELD("/", "beconn", NUMBER), \
		FIELD("/", "srv_conn", NUMBER), FIELD("/", "retries", NUMBER),                     \
		FIELD(" ", "srv_queue", NUMBER), FIELD("/", "backend_queue", NUMBER)
#define HAPROXY_HTTP                                                                  \
	FIELD(" ", "TR", NUMBER), FIELD("/", "Tw", NUMBER), FIELD("/", "Tc", NUMBER), \
		FIELD("/", "Tr", NUMBER), FIELD("/", "Ta", NUMBER),                   \
		FIELD(" ", "status_code", NUMBER), FIELD(" ", "bytes_read", NUMBER),  \
		FIELD(" ", "captured_request_cookie", WORD),                          \
		FIELD(" ", "captured_response_cookie", WORD),                         \
		FIELD(" ", "termination_state", WORD), HAPROXY_COUNTS,                \
		MAYBE(" ", "captured_request_headers", BRACED),                       \
		MAYBE(" ", "captured_response_headers", BRACED),                      \
		FIELD(" ", "http_request", QUOTED)
#define HAPROXY_TLS                                                                       \
	FIELD(" ", "fc_err", NUMBER), FIELD("/", "ssl_fc_err", UPTO),                     \
		FIELD("/", "ssl_c_err", NUMBER), FIELD("/", "ssl_c_ca_err", NUMBER),      \
		FIELD("/", "ssl_fc_is_resuming", NUMBER), FIELD(" ", "ssl_fc_sni", UPTO), \
		FIELD("/", "ssl_version", UPTO), FIELD("/", "ssl_ciphers", WORD)
#define HAPROXY_TCP                                                                      \
	FIELD(" ", "Tw", NUMBER), FIELD("/", "Tc", NUMBER), FIELD("/", "Tt", NUMBER),    \
		FIELD(" ", "bytes_read", NUMBER), FIELD(" ", "termination_state", WORD), \
		HAPROXY_COUNTS

/*
 * In front of them may stand what syslog puts there: a priority; or that and all up to a tag, in
 * the manner of RFC 3164; or a header of RFC 5424. Its time and host are those of the line's way to
 * the log.
 */
#define PASS(ahead_, name_, kind_)                                     \
	{                                                              \
		.ahead = (ahead_), .ahead_len = sizeof(ahead_) - 1,    \
		.member = ",\"" name_ "\":", .kind = EV_FIELD_##kind_, \
	}
#define BARE                                \
	{                                   \
		.ahead = "",                \
		.member = ",\"priority\":", \
		.kind = EV_FIELD_PRIORITY,  \
		.may_lack = true,           \
	},                                  \
		HAPROXY_HEAD("")
#define TAGGED PASS("", "tag", UNTIL), HAPROXY_HEAD(": ")
#define RFC5424                                                           \
	PASS("", "priority", PRIORITY), PASS("1 ", "timestamp", WORD),    \
		PASS(" ", "hostname", WORD), PASS(" ", "app_name", WORD), \
		PASS(" ", "procid", WORD), PASS(" ", "msgid", WORD),      \
		PASS(" ", "structured_data", DATA), HAPROXY_HEAD(" ")
#define FIELDS(...)               \
	(const struct ev_field[]) \
	{                         \
		__VA_ARGS__, END  \
	}

const struct ev_lines ev_haproxy = {
	.forms =
		(const struct ev_line_form[]){
			{"HttpRequest", FIELDS(BARE, HAPROXY_HTTP), false},
			{"HttpRequest", FIELDS(TAGGED, HAPROXY_HTTP), false},
			{"HttpRequest", FIELDS(RFC5424, HAPROXY_HTTP), false},
			{"TcpSession", FIELDS(BARE, HAPROXY_TCP), false},
			{"TcpSession", FIELDS(TAGGED, HAPROXY_TCP), false},
			{"TcpSession", FIELDS(RFC5424, HAPROXY_TCP), false},
			{"HttpRequest", FIELDS(BARE, HAPROXY_HTTP, HAPROXY_TLS), false},
			{"HttpRequest", FIELDS(TAGGED, HAPROXY_HTTP, HAPROXY_TLS), false},
			{"HttpRequest", FIELDS(RFC5424, HAPROXY_HTTP, HAPROXY_TLS), false},
			{0}},
	.escape = EV_ESCAPE_HASH,
};

/* syslog: RFC 5424. */
static const struct ev_field rfc5424[] = {
	FIELD("", "priority", PRIORITY),
	TIME("1 ", "timestamp", NULL),
	FIELD(" ", "hostname", WORD),
	FIELD(" ", "app_name", WORD),
	FIELD(" ", "procid", WORD),
	FIELD(" ", "msgid", WORD),
	FIELD(" ", "structured_data", DATA),
	MAYBE(" ", "message", REST),
	END,
};

/*
 * RFC 3164, with its time or that of RFC 3339, as relays and files have it. A priority does not
 * stand in files, nor a tag in every message, nor a host in what a program sends to its own
 * machine.
 */
#define RFC3164(layout_)                                                 \
	MAYBE("", "priority", PRIORITY), TIME("", "timestamp", layout_), \
		MAYBE(" ", "hostname", HOST)
#define TAG FIELD(" ", "app_name", TAG), MAYBE("", "procid", SQUARE)

static const struct ev_field rfc3164_tag[] = {RFC3164("%b %e %T"), TAG,
					      FIELD(": ", "message", REST), END};
static const struct ev_field rfc3164_tag_close[] = {RFC3164("%b %e %T"), TAG,
						    FIELD(":", "message", REST), END};
static const struct ev_field rfc3164[] = {RFC3164("%b %e %T"), FIELD(" ", "message", REST), END};
static const struct ev_field rfc3339_tag[] = {RFC3164(NULL), TAG, FIELD(": ", "message", REST),
					      END};
static const struct ev_field rfc3339_tag_close[] = {RFC3164(NULL), TAG, FIELD(":", "message", REST),
						    END};
static const struct ev_field rfc3339[] = {RFC3164(NULL), FIELD(" ", "message", REST), END};

const struct ev_lines ev_syslog = {
	.forms = (const struct ev_line_form[]){{"SyslogMessage", rfc5424, false},
					       {"SyslogMessage", rfc3164_tag, false},
					       {"SyslogMessage", rfc3164_tag_close, false},
					       {"SyslogMessage", rfc3164, true},
					       {"SyslogMessage", rfc3339_tag, true},
					       {"SyslogMessage", rfc3339_tag_close, true},
					       {"SyslogMessage", rfc3339, true},
					       {0}},
	.escape = EV_ESCAPE_NONE,
};
