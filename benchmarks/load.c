/* A load generator for chat servers: N members in one process, driven by lines on standard input,
 * each answered by one line of JSON on standard output.
 *
 *   load --server ADDRESS:PORT... --pid PID --members N --at-once N --senders N [--echo]
 *        --message HEX [--step HEX:HEX]...
 *
 *   join                         connect and register all members, wait until nothing more comes
 *   window W WARM SECONDS        keep W messages in flight
 *   rate R WARM SECONDS          send R messages a second, on schedule
 *   idle SECONDS                 send nothing
 *
 * WARM is how many seconds to send before the measurement begins. In all of them, everything that the
 * server sends is read at once. */

#include "members.h"
#include "fail.h"
#include "usage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { QUIET_MILLISECONDS = 300, TIMEOUT_SECONDS = 60, MAX_LATENCIES = MAX_IN_FLIGHT };

static struct members group;

/* What happened and what it cost, from one moment to another. */
struct interval {
    double begin, seconds, load_cpu, machine_cpu;
    struct usage server;
    uint64_t deliveries, completed, bytes;
};

static struct interval begin_interval(void)
{
    return (struct interval) {
        .begin = now(), .load_cpu = own_cpu(), .machine_cpu = machine_cpu(),
        .server = usage_of(group.plan.server_pid),
        .deliveries = group.deliveries, .completed = group.completed, .bytes = group.bytes,
    };
}

static struct interval end_interval(struct interval begin)
{
    struct usage server = usage_of(group.plan.server_pid);
    return (struct interval) {
        .seconds = now() - begin.begin, .load_cpu = own_cpu() - begin.load_cpu,
        .machine_cpu = machine_cpu() - begin.machine_cpu,
        .server = { server.cpu - begin.server.cpu, server.user - begin.server.user,
                    server.system - begin.server.system },
        .deliveries = group.deliveries - begin.deliveries,
        .completed = group.completed - begin.completed, .bytes = group.bytes - begin.bytes,
    };
}

static void print_interval(struct interval interval)
{
    printf("\"seconds\": %.6f, \"messages\": %llu, \"deliveries\": %llu, \"bytes\": %llu, "
           "\"server_cpu\": %.6f, \"server_user\": %.2f, \"server_system\": %.2f, "
           "\"load_cpu\": %.6f, \"machine_cpu\": %.2f",
           interval.seconds, (unsigned long long)interval.completed,
           (unsigned long long)interval.deliveries, (unsigned long long)interval.bytes,
           interval.server.cpu, interval.server.user, interval.server.system, interval.load_cpu, interval.machine_cpu);
}

/* Read until nothing has come for QUIET_MILLISECONDS. */
static void settle(void)
{
    double deadline = now() + TIMEOUT_SECONDS, quiet = now();
    while (now() < quiet + QUIET_MILLISECONDS * 1e-3) {
        if (members_poll(&group, QUIET_MILLISECONDS) > 0)
            quiet = now();
        if (now() > deadline)
            fail("the server has not stopped sending after %d s", TIMEOUT_SECONDS);
    }
}

/* Read until every message has reached every member. */
static void finish(void)
{
    double deadline = now() + TIMEOUT_SECONDS;
    while (group.completed < group.sent) {
        members_poll(&group, 100);
        if (now() > deadline)
            fail("%llu messages of %llu had not reached all members %d s later",
                 (unsigned long long)(group.sent - group.completed),
                 (unsigned long long)group.sent, TIMEOUT_SECONDS);
    }
    settle();
    members_check_counts(&group);
}

static void join(void)
{
    struct interval begin = begin_interval();
    double deadline = now() + TIMEOUT_SECONDS;
    for (int before = 0; group.ready < group.plan.members; ) {
        members_start_some(&group);
        members_poll(&group, 100);
        if (group.ready > before) {
            before = group.ready;
            deadline = now() + TIMEOUT_SECONDS;
        } else if (now() > deadline) {
            fail("after %d members no other one could register for %d s", group.ready, TIMEOUT_SECONDS);
        }
    }
    struct interval joined = end_interval(begin);
    settle();
    struct interval settled = end_interval(begin);
    printf("{");
    print_interval(joined);
    printf(", \"settled_seconds\": %.6f, \"settled_server_cpu\": %.6f}\n",
           settled.seconds - QUIET_MILLISECONDS * 1e-3, settled.server.cpu);
}

static void window(uint64_t width, double warm, double seconds)
{
    struct interval interval = begin_interval();
    uint64_t before = group.completed;
    bool measuring = false;
    double until = interval.begin + warm, deadline = until + TIMEOUT_SECONDS;
    members_send(&group, width);
    for (;;) {
        members_poll(&group, 100);
        double time = now();
        if (time > deadline)
            fail("no message reached all members for %d s", TIMEOUT_SECONDS);
        uint64_t completed = group.completed - before;
        if (!completed)
            continue;
        /* The measurement begins and ends when a message has just reached all members. */
        if (time >= until && measuring)
            break;
        if (time >= until) {
            measuring = true;
            interval = begin_interval();
            until = interval.begin + seconds;
        }
        before = group.completed;
        deadline = time + TIMEOUT_SECONDS;
        members_send(&group, completed);
    }
    interval = end_interval(interval);
    finish();
    printf("{");
    print_interval(interval);
    printf("}\n");
}

static struct {
    uint64_t first;             /* the first message's number */
    uint64_t warm;              /* how many messages are not measured */
    double begin, period;
    double latencies[MAX_LATENCIES];
    uint64_t count;
} schedule;

static void note_latency(uint64_t number)
{
    uint64_t position = number - schedule.first;
    if (position < schedule.warm)
        return;
    schedule.latencies[schedule.count++] = now() - (schedule.begin + position * schedule.period);
}

/* The latency of a message counts from when it was due, so that a generator that runs late does not
 * make the server look faster (no coordinated omission). */
static void rate(double per_second, double warm, double seconds)
{
    uint64_t total = (warm + seconds) * per_second, sent = 0;
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    double period = 1 / per_second, late = 0, deadline;
    struct itimerspec times = {
        .it_interval = { 0, period * 1e9 }, .it_value = { 0, period * 1e9 },
    };
    if (total > MAX_LATENCIES || period >= 1)
        fail("this rate is not possible");
    schedule.first = group.sent;
    schedule.warm = warm * per_second;
    schedule.period = period;
    schedule.count = 0;
    schedule.begin = now() + period;
    group.on_completed = note_latency;
    timerfd_settime(timer, 0, &times, NULL);
    members_watch(&group, timer, TIMER);
    struct interval interval = begin_interval();
    while (sent < total) {
        uint64_t due_now;
        members_poll(&group, 1000);
        if (group.timer_expired && read(timer, &due_now, sizeof due_now) == sizeof due_now) {
            double due = schedule.begin + sent * period, time = now();
            if (sent >= schedule.warm && time - due > late)
                late = time - due;
            if (sent + due_now > total)
                due_now = total - sent;
            if (sent < schedule.warm && sent + due_now >= schedule.warm)
                interval = begin_interval();
            members_send(&group, due_now);
            sent += due_now;
        }
        group.timer_expired = false;
    }
    close(timer);
    for (deadline = now() + TIMEOUT_SECONDS; group.completed < group.sent; )
        if (members_poll(&group, 100) == 0 && now() > deadline)
            break;
    interval = end_interval(interval);
    finish();
    group.on_completed = NULL;
    printf("{");
    print_interval(interval);
    printf(", \"late\": %.6f, \"latencies\": [", late);
    for (uint64_t i = 0; i < schedule.count; i++)
        printf("%s%.6f", i ? ", " : "", schedule.latencies[i]);
    printf("]}\n");
}

static void idle(double seconds)
{
    struct interval interval = begin_interval();
    while (now() < interval.begin + seconds)
        members_poll(&group, 10);
    interval = end_interval(interval);
    printf("{");
    print_interval(interval);
    printf("}\n");
}

static void execute(const char *command)
{
    int width;
    double warm, seconds, per_second;
    if (strcmp(command, "join") == 0)
        join();
    else if (sscanf(command, "window %d %lf %lf", &width, &warm, &seconds) == 3)
        window(width, warm, seconds);
    else if (sscanf(command, "rate %lf %lf %lf", &per_second, &warm, &seconds) == 3)
        rate(per_second, warm, seconds);
    else if (sscanf(command, "idle %lf", &seconds) == 1)
        idle(seconds);
    else
        fail("unknown command: %s", command);
    fflush(stdout);
}

int main(int count, char **arguments)
{
    static char line[256];
    size_t length = 0;
    group.plan = read_plan(count, arguments);
    members_prepare(&group);
    members_watch(&group, STDIN_FILENO, COMMANDS);
    for (;;) {
        char *end = memchr(line, '\n', length);
        if (end) {
            *end++ = 0;
            execute(line);
            length -= end - line;
            memmove(line, end, length);
            continue;
        }
        members_poll(&group, 1000);
        if (!group.command_ready)
            continue;
        group.command_ready = false;
        ssize_t got = read(STDIN_FILENO, line + length, sizeof line - length);
        if (got <= 0)
            return 0;
        length += got;
    }
}
