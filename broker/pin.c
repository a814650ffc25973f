/* See pin.h. */
#include "broker/pin.h"

#include <errno.h>
#include <sched.h>

int brk_pin(unsigned index)
{
    cpu_set_t may, one;
    if (sched_getaffinity(0, sizeof may, &may) != 0)
        return errno;
    index %= (unsigned)CPU_COUNT(&may);
    int cpu = 0;
    while (!CPU_ISSET(cpu, &may) || index-- > 0)
        cpu++;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    return sched_setaffinity(0, sizeof one, &one) == 0 ? 0 : errno;
}
