#include "io/foreign.h"
#include "base/buf.h"

#include <string.h>

struct kind {
	const char *magic;
	size_t at, len;		    /* where the magic stands, and its bytes */
	bool printable;		    /* so that other bytes must show that it is no text */
	const char *what;	    /* as in "is zstd" */
	const char *before, *after; /* the command: what stands around the file's name */
	const char *pipe;	    /* the same behind a pipe; NULL: it must be a file */
};

#define MAGIC(text)	(text), 0, sizeof(text) - 1, false
#define LETTERS(text)	(text), 0, sizeof(text) - 1, true
#define UNPACK(command) command " ", "", command
#define ICONV(from)	UNPACK("iconv -f " from " -t UTF-8")
/* A zip archive, by the name of the first file in it. */
#define OFFICE(first)                                               \
	(first), 30, sizeof(first) - 1, true, "an office document", \
		"libreoffice --headless --convert-to csv ", "", NULL

static const struct kind kinds[] = {
	{MAGIC("\x1f\x8b"), "gzip", UNPACK("gzip -dc")},
	{MAGIC("\x1f\x9d"), "compress", UNPACK("gzip -dc")},
	{MAGIC("\x28\xb5\x2f\xfd"), "zstd", UNPACK("zstd -dc")},
	{MAGIC("\x50\x2a\x4d\x18"), "zstd", UNPACK("zstd -dc")}, /* a frame that is skipped first */
	{MAGIC("\xfd\x37zXZ\0"), "xz", UNPACK("xz -dc")},
	{MAGIC("]\0\0"), "lzma", UNPACK("xz -dc")},
	{MAGIC("LZIP\1"), "lzip", UNPACK("lzip -dc")},
	{MAGIC("BZh11AY&SY"), "bzip2", UNPACK("bzip2 -dc")},
	{MAGIC("\x04\x22\x4d\x18"), "lz4", UNPACK("lz4 -dc")},
	{MAGIC("\x02\x21\x4c\x18"), "lz4", UNPACK("lz4 -dc")},
	{MAGIC("\xff\x06\0\0sNaPpY"), "snappy", UNPACK("snzip -dc")},
	{OFFICE("[Content_Types].xml")},
	{OFFICE("_rels/.rels")},
	{OFFICE("docProps/")},
	{OFFICE("mimetypeapplication/vnd.oasis.")},
	{MAGIC("PK\3\4"), "a zip archive", "unzip -p ", "", "funzip"},
	{MAGIC("PK\5\6"), "an empty zip archive", "unzip -p ", "", "funzip"},
	{MAGIC("7z\xbc\xaf\x27\x1c"), "a 7z archive", "7z x -so ", "", NULL},
	{MAGIC("Rar!\x1a\x07"), "a rar archive", "unrar p -inul ", "", NULL},
	{"ustar", 257, 5, true, "a tar archive", "tar -xOf ", "", "tar -xOf -"},
	{LETTERS("070701"), "a cpio archive", "cpio -i --to-stdout <", "", "cpio -i --to-stdout"},
	{LETTERS("PAR1"), "parquet", "duckdb -jsonlines -c \"FROM read_parquet('", "')\"", NULL},
	{LETTERS("ORC"), "ORC", "orc-contents ", "", NULL},
	{MAGIC("Obj\1"), "avro", "avro cat ", "", NULL},
	{MAGIC("\xff\xfe\0\0"), "UTF-32", ICONV("UTF-32")},
	{MAGIC("\0\0\xfe\xff"), "UTF-32", ICONV("UTF-32")},
	{MAGIC("\xff\xfe"), "UTF-16", ICONV("UTF-16")},
	{MAGIC("\xfe\xff"), "UTF-16", ICONV("UTF-16")},
};

/* Text without a byte order mark: characters of ASCII, each in so many bytes. */
static const struct {
	size_t width, at; /* bytes of a character, and which of them is not 0 */
	struct kind kind;
} wide[] = {
	{4, 0, {.what = "UTF-32LE", ICONV("UTF-32LE")}},
	{4, 3, {.what = "UTF-32BE", ICONV("UTF-32BE")}},
	{2, 0, {.what = "UTF-16LE", ICONV("UTF-16LE")}},
	{2, 1, {.what = "UTF-16BE", ICONV("UTF-16BE")}},
};

bool ev_gzip_begins(const char *p, size_t len)
{
	return len >= 2 && memcmp(p, "\x1f\x8b", 2) == 0;
}

bool ev_foreign_is_open(const char *p, size_t len)
{
	const char *lf = len > 0 ? memchr(p, '\n', len) : NULL;

	if (len >= EV_FOREIGN_HEAD || ev_gzip_begins(p, len))
		return false;
	return lf == NULL || (p[0] != '\0' && memchr(p, '\0', (size_t)(lf - p)) != NULL);
}

static bool is_text(unsigned char c)
{
	return (c >= ' ' && c != 0x7f) || c == '\t' || c == '\n' || c == '\r' || c == '\f' ||
	       c == '\x1b';
}

static bool all_text(const char *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!is_text((unsigned char)p[i]))
			return false;
	return true;
}

static bool is_kind(const struct kind *k, const char *p, size_t len)
{
	char level[10];

	if (len < k->at + k->len || (k->printable && all_text(p, len)))
		return false;
	if (k->magic[0] == 'B') { /* bzip2 has its level in it */
		memcpy(level, p, sizeof level);
		if (level[3] >= '1' && level[3] <= '9')
			level[3] = '1';
		p = level;
	}
	return memcmp(p + k->at, k->magic, k->len) == 0;
}

static bool is_wide(const char *p, size_t len, size_t width, size_t at)
{
	len -= len % width;
	for (size_t i = 0; i < len; i++)
		if (i % width == at
			    ? p[i] == '\0' || (p[i] & 0x80) != 0 || !is_text((unsigned char)p[i])
			    : p[i] != '\0')
			return false;
	return len >= 4;
}

static const struct kind *kind_of(const char *p, size_t len)
{
	if (len > EV_FOREIGN_HEAD)
		len = EV_FOREIGN_HEAD;
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (is_kind(&kinds[i], p, len))
			return &kinds[i];
	if (len > 16)
		len = 16;
	for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++)
		if (is_wide(p, len, wide[i].width, wide[i].at))
			return &wide[i].kind;
	return NULL;
}

/* A name that a shell, and the quotes of SQL, take as it is; or a word that stands for it. */
static const char *name_to_show(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789/._-+:=@%,";

	return name[0] != '-' && strspn(name, letters) == strlen(name) ? name : "FILE";
}

/* The command that makes lines of it. */
static void put_command(const struct kind *k, const char *name, bool inflated, struct ev_buf *b)
{
	bool standard = strcmp(name, "-") == 0;
	const char *shown = standard ? "FILE" : name_to_show(name);

	if (!inflated && (!standard || k->pipe == NULL)) {
		ev_buf_printf(b, "%s%s%s", k->before, shown, k->after);
		return;
	}
	if (inflated) {
		ev_buf_puts(b, "gzip -dc");
		if (!standard)
			ev_buf_printf(b, " %s", shown);
	}
	if (inflated && k->pipe == NULL)
		ev_buf_printf(b, " >UNPACKED; %sUNPACKED%s", k->before, k->after);
	else
		ev_buf_printf(b, "%s%s", inflated ? " | " : "", k->pipe);
}

enum ev_status ev_foreign_check(const char *name, bool inflated, const char *p, size_t len,
				struct ev_error *err)
{
	const struct kind *k = kind_of(p, len);
	struct ev_buf command = {0};

	if (k == NULL)
		return EV_OK;
	put_command(k, name, inflated, &command);
	ev_fail(err, "%s: is %s%s, not lines of text: make lines of it with: %s", name, k->what,
		inflated ? " within gzip" : "", ev_buf_str(&command));
	ev_buf_free(&command);
	return EV_FATAL;
}
