/*
 * compiler: attributes of GCC and Clang beyond C17. Floor 0.
 *
 * The only place of lib and cmd that names an attribute. C17's own _Noreturn is used as it is.
 */
#ifndef EV_COMPILER_H
#define EV_COMPILER_H

/* The arguments at these places, counted from 1, are those of printf; args is 0 for a va_list. */
#define EV_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/* A slow path, kept out of the loop that calls it. */
#define EV_NOINLINE __attribute__((noinline))

/* A loop's body that stands once for several variants of the loop. */
#define EV_ALWAYS_INLINE inline __attribute__((always_inline))

#define EV_UNUSED	 __attribute__((unused))

/* Compiled for a processor with these features, whatever the others are compiled for. */
#define EV_TARGET(features) __attribute__((target(features)))

/* On a typedef: so many bytes of the type as one value, by the processor's vectors. */
#define EV_VECTOR(bytes)  __attribute__((vector_size(bytes)))
#define EV_ALIGNED(bytes) __attribute__((aligned(bytes)))

#endif
