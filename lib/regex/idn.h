/*
 * idn: host names, internationalised ones too: IDNA2008 (RFC 5890 to 5893). The door to libidn2.
 * Floor 3.
 */
#ifndef EV_IDN_H
#define EV_IDN_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Whether this is a host name by RFC 1123, section 2.1, of at most 253 bytes. A label that begins
 * with xn-- has to be an A-label, whatever the case of its letters.
 */
bool ev_idn_ascii_hostname(const char *p, size_t len);
/*
 * The same of one whose labels may be U-labels as well: valid UTF-8, in any normalisation form. Of
 * these it is the A-labels that must not be too long. U+3002, U+FF0E and U+FF61 are dots as well.
 */
bool ev_idn_hostname(const char *p, size_t len);

#endif
