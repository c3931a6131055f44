#include "io/pipe.h"

#include <errno.h>
#include <fcntl.h>

void ev_pipe_widen(int fd)
{
	int before = errno;

#ifdef F_SETPIPE_SZ
	int room = fcntl(fd, F_GETPIPE_SZ);

	if (room >= 0 && room < EV_PIPE_ROOM)
		fcntl(fd, F_SETPIPE_SZ, EV_PIPE_ROOM);
#endif
	errno = before;
}
