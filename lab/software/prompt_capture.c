/*
 * Preloaded into softflowd 1.1.0, which opens its capture with a timeout of 0. libpcap from 1.10
 * on takes that as "hand over no packet before a block of the ring is full": a quiet port's
 * packets then wait for minutes and are lost when softflowd ends. A tenth of a second is what a
 * program that wants its packets would have asked for. Nothing that softflowd sends is touched.
 */
#define _GNU_SOURCE
#include <dlfcn.h>

enum { PROMPTLY_MS = 100 };

typedef int set_timeout(void *capture, int milliseconds);

int pcap_set_timeout(void *capture, int milliseconds)
{
    set_timeout *real = (set_timeout *)dlsym(RTLD_NEXT, "pcap_set_timeout");

    return real(capture, milliseconds > 0 ? milliseconds : PROMPTLY_MS);
}
