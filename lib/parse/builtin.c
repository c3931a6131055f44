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

/* A list of times, where several servers were asked, has blanks. */
static const struct ev_field nginx_times[] = {
	NGINX_COMBINED,
	FIELD(" ", "request_time", NUMBER),
	FIELD(" ", "upstream_response_time", TAIL),
	END,
};

const struct ev_lines ev_nginx = {
	.forms = (const struct ev_line_form[]){{"HttpRequest", nginx, false},
					       {"HttpRequest", nginx_times, false},
					       {0}},
	.escape = EV_ESCAPE_HEX,
};

/* Apache: "common", "combined" and "vhost_combined" of its documentation. */
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

const struct ev_lines ev_apache = {
	.forms = (const struct ev_line_form[]){{"HttpRequest", apache, false}, {0}},
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

/*
 * haproxy: "option httplog" and "option tcplog", with what syslog puts in front of a line or
 * without. The names are those of its manual.
 */
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
		FIELD(" ", "http_request", QUOTED), END
#define HAPROXY_TCP                                                                      \
	FIELD(" ", "Tw", NUMBER), FIELD("/", "Tc", NUMBER), FIELD("/", "Tt", NUMBER),    \
		FIELD(" ", "bytes_read", NUMBER), FIELD(" ", "termination_state", WORD), \
		HAPROXY_COUNTS, END
/* "Feb 25 16:19:38 lb haproxy[7": its time and host are those of the line's way to the log. */
#define PASSED_OVER                                                     \
	{                                                               \
		.ahead = "", .kind = EV_FIELD_UNTIL, .member = ",\"\":" \
	}

static const struct ev_field haproxy_http[] = {HAPROXY_HEAD(""), HAPROXY_HTTP};
static const struct ev_field haproxy_tcp[] = {HAPROXY_HEAD(""), HAPROXY_TCP};
static const struct ev_field haproxy_http_syslog[] = {PASSED_OVER, HAPROXY_HEAD("]: "),
						      HAPROXY_HTTP};
static const struct ev_field haproxy_tcp_syslog[] = {PASSED_OVER, HAPROXY_HEAD("]: "), HAPROXY_TCP};

const struct ev_lines ev_haproxy = {
	.forms = (const struct ev_line_form[]){{"HttpRequest", haproxy_http, false},
					       {"HttpRequest", haproxy_http_syslog, false},
					       {"TcpSession", haproxy_tcp, false},
					       {"TcpSession", haproxy_tcp_syslog, false},
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
 * stand in files, nor a tag in every message.
 */
#define RFC3164(layout_)                                                 \
	MAYBE("", "priority", PRIORITY), TIME("", "timestamp", layout_), \
		FIELD(" ", "hostname", WORD)
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
