/*
 * internal: what the files of frame share: a cutter's side of it. Floor 4.
 *
 *   frame.c   reads bytes, asks a cutter where the record ends, hands it out
 *   json.c    cuts JSON values
 *   csv.c     cuts rows
 *   joined.c  cuts lines with those that continue them
 *   halves.c  cuts a container's lines, and puts halves together
 *   counted.c cuts messages of syslog that say how long they are
 */
#ifndef EV_FRAME_INTERNAL_H
#define EV_FRAME_INTERNAL_H

#include "frame/frame.h"

enum ev_cut_is {
	EV_CUT_RECORD, /* record is set, and the first `taken` bytes are done with */
	EV_CUT_PASS,   /* they are done with, and no record */
	/*
	 * There is no end in these bytes. at is set: so many are of the record, which is handed out
	 * in parts once they are more than max and a CR.
	 */
	EV_CUT_MORE,
	EV_CUT_FAIL, /* an error */
};

/* What a cutter is shown, and what it says. */
struct ev_cut {
	const char *p; /* the bytes of the file that are not done with */
	size_t len;
	size_t at;	       /* where the cutter goes on; it moves with the bytes */
	uint64_t line, offset; /* of p[0] */
	const char *source;
	size_t max;    /* bytes of a record */
	bool ended;    /* no more bytes will follow in this file */
	bool quiet;    /* they are not to be waited for, if what is there may be a record */
	bool in_parts; /* the record is longer than max, and a part of it was handed out already */

	size_t taken;
	struct ev_line record; /* p, len, number, offset, cut */
};

struct ev_cutter {
	bool waits; /* a record waits for the line behind it */
	/* Asked until it wants more; at the end of a file too, with what is left, maybe nothing. */
	enum ev_cut_is (*cut)(void *how, struct ev_cut *c, struct ev_error *err);
	void (*begin)(void *how, const struct ev_cut *c); /* a new file begins */
	void (*free)(void *how);
};

struct ev_frames {
	const struct ev_cutter *cutter;
	void *how;
	struct ev_in *in;
	size_t max_line;

	char *buf; /* cap + EV_IN_SLACK bytes; [from, to) is not done with */
	size_t cap, from, to;
	char *behind, saved; /* the byte behind the record handed out, and what stood there */
	struct ev_cut cut;
	struct ev_line part; /* the record that is handed out in parts */
	bool all;	     /* the last file has ended */
};

/* how: the cutter's own. */
struct ev_frames *ev_frames_new(const struct ev_cutter *cutter, void *how);

/* The record is [from, to) of the bytes; returns EV_CUT_RECORD. */
enum ev_cut_is ev_cut_record(struct ev_cut *c, size_t from, size_t to, size_t taken);
/* The length of a line without the CRs at its end; but all of one that is too long. */
size_t ev_cut_line(const struct ev_cut *c, size_t len);
/* Where no bytes are left: the end of a record in parts, if the file ends; else more are wanted. */
enum ev_cut_is ev_cut_none(struct ev_cut *c);
/* Returns EV_CUT_PASS. */
enum ev_cut_is ev_cut_pass(struct ev_cut *c, size_t taken);

#endif
