/*
 * frame: records out of the bytes of the inputs, where a record is not a line. Floor 4.
 *
 * The room lib/frame finds where a record begins and ends, and no more: what it means, and whether
 * it is right, is for its reader. Every byte that is not between two records (white space, commas,
 * brackets of a list, a header, an envelope) is in one of them, so nothing is passed over.
 *
 * A record comes as a line does (scan/lines.h): its bytes, file, number of the line in which it
 * begins, and offset; but it may hold line ends, and has no index. One that is longer than max_line
 * comes in parts. A record that the end of its file cuts off is marked `cut`; where a list, or the
 * object around it, is not closed though its last element was whole, a record of no bytes stands
 * for what is missing.
 *
 * Where records are cut depends on the bytes alone, never on how they arrive. A record is handed
 * out when its last byte is there; but see ev_frames_joined.
 *
 * Memory: what is read and not handed out yet: one record of at most max_line bytes, and 256 KiB;
 * for halves as much again a stream.
 */
#ifndef EV_FRAME_H
#define EV_FRAME_H

#include "base/buf.h"
#include "regex/regex.h"
#include "scan/lines.h"

struct ev_frames;

/*
 * JSON values, with anything between them that is white space or a comma: pretty-printed, one
 * behind the other, or elements of an array at the top, which is opened. list: NULL, or the name of
 * the member in an object at the top whose array is opened likewise, while what stands around it is
 * passed over; an object without that member is a record itself. The text is borrowed.
 *
 * A value ends where its brackets balance. One whose brackets or quotes do not match goes on to the
 * next line that begins a value as far to the left, or to its list's end.
 */
struct ev_frames *ev_frames_json(const char *list);

/*
 * The rows of CSV (RFC 4180), whose first row in each file is its header. header: NULL, or that
 * header, where the files have none. A row with a quote that is not closed, or closed in the middle
 * of a field, ends before the next line that is a row of as many fields as the header has. A blank
 * line is a record of no bytes.
 */
struct ev_frames *ev_frames_csv(char separator, const char *header);
/* The names of the columns in the file of the record last handed out; valid until the next one. */
struct ev_frame_columns {
	const struct ev_frame_column {
		const char *p; /* UTF-8; no two are the same */
		size_t len;
	} * list;
	size_t n;
	char separator;
	uint64_t header; /* a number of its own for each header that was read */
};
const struct ev_frame_columns *ev_frames_columns(const struct ev_frames *f);

/*
 * Lines, and those that continue them: a line that begins with a blank, or, with an expression, one
 * in which that is not found. A record waits for the line behind it. Takes the expression, or NULL.
 */
struct ev_frames *ev_frames_joined(struct ev_regex *begins);

/* Lines of a container's log, of which several may hold one line of the program. */
enum ev_frame_halves {
	EV_HALVES_DOCKER, /* {"log":"half","stream":"stdout",...}: no LF ends the log of a half */
	EV_HALVES_CRI,	  /* TIME stdout P half: F in place of P ends it */
};
/*
 * The lines that hold one line, joined by LF, and as long as they are of one stream, whatever
 * stands between. The place is that of the first.
 */
struct ev_frames *ev_frames_halves(enum ev_frame_halves kind);
/* Whether the tag of such a line of containerd stands at p. */
bool ev_cri_tag(const char *p, const char *end);

/*
 * Messages of syslog as they come over TCP (RFC 6587), each behind the number of its bytes, which
 * is between two records, or up to its line end.
 */
struct ev_frames *ev_frames_counted(void);

/* in: borrowed, and read by bytes; max_line: of a record. Before the first is asked for, once. */
void ev_frames_begin(struct ev_frames *f, struct ev_in *in, size_t max_line);
/*
 * Whether a record is held that is whole, unless the next line belongs to it. It is handed out if
 * the input is quiet (ev_in_before_block).
 */
bool ev_frames_hold(const struct ev_frames *f);
/*
 * EV_OK with a record, EV_EOF, or EV_FATAL. A byte behind the record is NUL. Valid until the next
 * call.
 */
enum ev_status ev_frames_next(struct ev_frames *f, struct ev_line *line, struct ev_error *err);
void ev_frames_free(struct ev_frames **f);

#endif
