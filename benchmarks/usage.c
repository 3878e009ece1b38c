#include "usage.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static double clock_seconds(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return time.tv_sec + time.tv_nsec * 1e-9;
}

double own_cpu(void)
{
    return clock_seconds(CLOCK_PROCESS_CPUTIME_ID);
}

double now(void)
{
    return clock_seconds(CLOCK_MONOTONIC);
}

double machine_cpu(void)
{
    unsigned long long user, nice, system, idle, wait, interrupts, soft, steal;
    FILE *file = fopen("/proc/stat", "r");
    int got = file ? fscanf(file, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &user, &nice,
                            &system, &idle, &wait, &interrupts, &soft, &steal) : 0;
    if (file)
        fclose(file);
    if (got != 8)
        return 0;
    return (double)(user + nice + system + interrupts + soft + steal) / sysconf(_SC_CLK_TCK);
}

/* The sum over the threads; 0 where the kernel keeps no schedstat. */
static double scheduled(int pid)
{
    char path[300];
    unsigned long long total = 0, nanoseconds;
    struct dirent *entry;
    snprintf(path, sizeof path, "/proc/%d/task", pid);
    DIR *tasks = opendir(path);
    if (!tasks)
        return 0;
    while ((entry = readdir(tasks))) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "/proc/%d/task/%.20s/schedstat", pid, entry->d_name);
        FILE *file = fopen(path, "r");
        if (!file)
            continue;
        if (fscanf(file, "%llu", &nanoseconds) == 1)
            total += nanoseconds;
        fclose(file);
    }
    closedir(tasks);
    return total * 1e-9;
}

struct usage usage_of(int pid)
{
    struct usage usage = { 0 };
    char path[64], text[1024];
    unsigned long long user, system;
    double tick = 1.0 / sysconf(_SC_CLK_TCK);
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *file = fopen(path, "r");
    if (!file)
        return usage;
    size_t length = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[length] = 0;
    /* the name, which comes second, may hold anything: begin after its end */
    char *fields = strrchr(text, ')');
    if (fields && sscanf(fields, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu",
                         &user, &system) == 2) {
        usage.user = user * tick;
        usage.system = system * tick;
    }
    usage.cpu = scheduled(pid);
    if (usage.cpu == 0)
        usage.cpu = usage.user + usage.system;
    return usage;
}
