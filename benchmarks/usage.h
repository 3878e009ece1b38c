/* What a process has used, from /proc, in seconds. */

#ifndef USAGE_H
#define USAGE_H

struct usage {
    double cpu;             /* to the nanosecond; up to a tick old while the process runs */
    double user, system;    /* to the tick */
};

struct usage usage_of(int pid);

double own_cpu(void);
double machine_cpu(void);   /* what everything on this machine used, to the tick */
double now(void);           /* of the monotonic clock */

#endif
