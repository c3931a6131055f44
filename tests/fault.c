/*
 * fault: a library to preload, which has the N-th call of one kind fail, fall short, or be the last
 * that the process makes.
 *
 *	LD_PRELOAD=tests/fault.so EVKIT_FAULT=CALL:N[:HOW] program ...
 *
 * CALL	malloc (calloc, realloc, reallocarray too), open (openat), read (pread), write (writev),
 *	pwrite, fsync (fdatasync, syncfs), rename, close, unlink, ftruncate, flock, mmap, thread
 *	(pthread_create), send, recv; those for 64 bits count as the same
 * N	1, 2, 3 ... in the order of the calls, in all threads; 0: none fails
 * HOW	a name of errno.h (what the list below has; the default is that of the call);
 *	kill: SIGKILL before the call; done: SIGKILL right behind it; short: a write or read of half
 *	the bytes
 *
 * EVKIT_FAULT_COUNT=FILE: how many calls of that kind there were is written there at the end, by
 * exit or _exit. EVKIT_FAULT_PROGRAM=NAME: only a program of that name is meant, of all in a pipe.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { FAIL, KILL, DONE, SHORT };

static const char *const calls[] = {"malloc", "open",	"read",	  "write",  "pwrite",
				    "fsync",  "rename", "close",  "unlink", "ftruncate",
				    "flock",  "mmap",	"thread", "send",   "recv"};
enum {
	MALLOC,
	OPEN,
	READ,
	WRITE,
	PWRITE,
	FSYNC,
	RENAME,
	CLOSE,
	UNLINK,
	FTRUNCATE,
	FLOCK,
	MMAP,
	THREAD,
	SEND,
	RECV,
	CALLS
};
static const int usual[CALLS] = {ENOMEM, EMFILE, EIO,	 ENOSPC, ENOSPC, EIO,	     EACCES,	EIO,
				 EACCES, EIO,	 ENOLCK, ENOMEM, EAGAIN, ECONNRESET, ECONNRESET};

static const struct {
	const char *name;
	int value;
} errors[] = {{"ENOMEM", ENOMEM}, {"EMFILE", EMFILE}, {"EIO", EIO},	  {"ENOSPC", ENOSPC},
	      {"EACCES", EACCES}, {"EINTR", EINTR},   {"EAGAIN", EAGAIN}, {"EDQUOT", EDQUOT},
	      {"ENOLCK", ENOLCK}, {"EROFS", EROFS},   {"ENOENT", ENOENT}, {"EPIPE", EPIPE}};

static int which = -1, how = FAIL, error;
static unsigned long nth;
static atomic_ulong count;
static const char *count_file;

/* Called before main; until then nothing fails. */
__attribute__((constructor)) static void set_up(void)
{
	const char *fault = getenv("EVKIT_FAULT"), *program = getenv("EVKIT_FAULT_PROGRAM");
	const char *colon = fault != NULL ? strchr(fault, ':') : NULL;
	int meant = -1;
	char *end;

	if (colon == NULL ||
	    (program != NULL && strcmp(program, program_invocation_short_name) != 0))
		return;
	for (int i = 0; i < CALLS; i++)
		if (strlen(calls[i]) == (size_t)(colon - fault) &&
		    strncmp(fault, calls[i], strlen(calls[i])) == 0) {
			meant = i;
			error = usual[i];
		}
	nth = strtoul(colon + 1, &end, 10);
	if (meant < 0 || end == colon + 1 || (*end != ':' && *end != '\0')) {
		fprintf(stderr, "fault: EVKIT_FAULT takes CALL:N[:HOW], not %s\n", fault);
		_exit(99);
	}
	if (strcmp(end, ":kill") == 0)
		how = KILL;
	else if (strcmp(end, ":done") == 0)
		how = DONE;
	else if (strcmp(end, ":short") == 0)
		how = SHORT;
	for (size_t i = 0; *end == ':' && i < sizeof errors / sizeof errors[0]; i++)
		if (strcmp(end + 1, errors[i].name) == 0)
			error = errors[i].value;
	count_file = getenv("EVKIT_FAULT_COUNT");
	which = meant;
}

/* By system calls alone, which are not counted. */
static void tell(void)
{
	char text[32];
	int fd;

	if (which < 0 || count_file == NULL)
		return;
	fd = (int)syscall(SYS_openat, AT_FDCWD, count_file, O_WRONLY | O_CREAT | O_TRUNC, 0666);
	snprintf(text, sizeof text, "%lu\n", atomic_load(&count));
	syscall(SYS_write, fd, text, strlen(text));
	syscall(SYS_close, fd);
}

__attribute__((destructor)) static void at_exit(void)
{
	tell();
}

_Noreturn void _exit(int status)
{
	tell();
	for (;;)
		syscall(SYS_exit_group, status);
}

/* Whether this call is the one, and is to fail; dies if it is to be the last. */
static int is_it(int call)
{
	if (call != which || atomic_fetch_add(&count, 1) + 1 != nth)
		return 0;
	if (how == KILL)
		raise(SIGKILL);
	errno = error;
	return 1;
}

static void done(int hit)
{
	if (hit && how == DONE)
		raise(SIGKILL);
}

/* The next definition of the name. */
#define NEXT(name) ((__typeof__(&name))next(#name))

static void *next(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

/* A call that fails by FAILED, with a wrapper of the same parameters. */
#define WRAP(call, type, failed, name, parameters, arguments)                                      \
	type name parameters                                                                       \
	{                                                                                          \
		int hit = is_it(call);                                                             \
		type result;                                                                       \
                                                                                                   \
		if (hit && how == FAIL)                                                            \
			return failed;                                                             \
		result = NEXT(name) arguments;                                                     \
		done(hit);                                                                         \
		return result;                                                                     \
	}

/* One that moves LEN bytes, and can be short. */
#define WRAP_SIZED(call, name, parameters, arguments, len)                                         \
	ssize_t name parameters                                                                    \
	{                                                                                          \
		int hit = is_it(call);                                                             \
		ssize_t result;                                                                    \
                                                                                                   \
		if (hit && how == FAIL)                                                            \
			return -1;                                                                 \
		if (hit && how == SHORT && len > 1)                                                \
			len /= 2;                                                                  \
		result = NEXT(name) arguments;                                                     \
		done(hit);                                                                         \
		return result;                                                                     \
	}

/* dlsym itself may allocate. */
void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);

static int no_memory(void)
{
	int hit = is_it(MALLOC);

	return hit && how == FAIL;
}

void *malloc(size_t size)
{
	return no_memory() ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	return no_memory() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t size)
{
	return no_memory() ? NULL : __libc_realloc(p, size);
}

#define MODE                                                                                       \
	mode_t mode = 0;                                                                           \
	va_list ap;                                                                                \
	int fd, hit;                                                                               \
                                                                                                   \
	va_start(ap, flags);                                                                       \
	if ((flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE)                            \
		mode = va_arg(ap, mode_t);                                                         \
	va_end(ap);                                                                                \
	if ((hit = is_it(OPEN)) != 0 && how == FAIL)                                               \
		return -1;

#define WRAP_OPEN(name)                                                                            \
	int name(const char *path, int flags, ...)                                                 \
	{                                                                                          \
		MODE                                                                               \
		fd = NEXT(name)(path, flags, mode);                                                \
		done(hit);                                                                         \
		return fd;                                                                         \
	}

#define WRAP_OPENAT(name)                                                                          \
	int name(int folder, const char *path, int flags, ...)                                     \
	{                                                                                          \
		MODE                                                                               \
		fd = NEXT(name)(folder, path, flags, mode);                                        \
		done(hit);                                                                         \
		return fd;                                                                         \
	}

WRAP_OPEN(open)
WRAP_OPEN(open64)
WRAP_OPENAT(openat)
WRAP_OPENAT(openat64)
WRAP_SIZED(READ, read, (int fd, void *p, size_t len), (fd, p, len), len)
WRAP_SIZED(READ, pread, (int fd, void *p, size_t len, off_t at), (fd, p, len, at), len)
WRAP_SIZED(READ, pread64, (int fd, void *p, size_t len, off64_t at), (fd, p, len, at), len)
WRAP_SIZED(WRITE, write, (int fd, const void *p, size_t len), (fd, p, len), len)
WRAP(WRITE, ssize_t, -1, writev, (int fd, const struct iovec *v, int n), (fd, v, n))
WRAP_SIZED(PWRITE, pwrite, (int fd, const void *p, size_t len, off_t at), (fd, p, len, at), len)
WRAP_SIZED(PWRITE, pwrite64, (int fd, const void *p, size_t len, off64_t at), (fd, p, len, at), len)
WRAP(FSYNC, int, -1, fsync, (int fd), (fd))
WRAP(FSYNC, int, -1, fdatasync, (int fd), (fd))
WRAP(FSYNC, int, -1, syncfs, (int fd), (fd))
WRAP(RENAME, int, -1, rename, (const char *from, const char *to), (from, to))
WRAP(UNLINK, int, -1, unlink, (const char *path), (path))
WRAP(FTRUNCATE, int, -1, ftruncate, (int fd, off_t len), (fd, len))
WRAP(FTRUNCATE, int, -1, ftruncate64, (int fd, off64_t len), (fd, len))
WRAP(FLOCK, int, -1, flock, (int fd, int operation), (fd, operation))
WRAP(MMAP, void *, MAP_FAILED, mmap, (void *p, size_t len, int prot, int flags, int fd, off_t at),
     (p, len, prot, flags, fd, at))
WRAP(THREAD, int, error, pthread_create,
     (pthread_t * thread, const pthread_attr_t *a, void *(*start)(void *), void *ctx),
     (thread, a, start, ctx))

/* A connection on which one fails is gone. */
#define WRAP_SOCKET(call, name, type)                                                              \
	ssize_t name(int fd, type *p, size_t len, int flags)                                       \
	{                                                                                          \
		int hit = is_it(call);                                                             \
		ssize_t result;                                                                    \
                                                                                                   \
		if (hit && how == FAIL) {                                                          \
			shutdown(fd, SHUT_RDWR);                                                   \
			errno = error;                                                             \
			return -1;                                                                 \
		}                                                                                  \
		result = NEXT(name)(fd, p, len, flags);                                            \
		done(hit);                                                                         \
		return result;                                                                     \
	}

WRAP_SOCKET(SEND, send, const void)
WRAP_SOCKET(RECV, recv, void)

/* A close that fails has closed all the same, as on Linux. */
int close(int fd)
{
	int hit = is_it(CLOSE), result = NEXT(close)(fd);

	done(hit);
	if (hit && how == FAIL) {
		errno = error;
		return -1;
	}
	return result;
}
