/*
 * pipe: room in pipes. Floor 1.
 */
#ifndef EV_PIPE_H
#define EV_PIPE_H

enum { EV_PIPE_ROOM = 1024 * 1024 };

/*
 * Raises the room of a pipe to EV_PIPE_ROOM bytes, so that both its ends work in long turns. It is
 * a hint: what is no pipe, or may not grow, stays as it is.
 */
void ev_pipe_widen(int fd);

#endif
