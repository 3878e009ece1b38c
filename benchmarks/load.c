/* A load generator for chat servers: N members in one process, driven by lines on standard input,
 * one line of JSON on standard output for each.
 *
 *   load --server ADDRESS:PORT --pid PID --members N --at-once N --senders N [--echo]
 *        --message HEX [--step HEX:HEX]...
 *
 *   join                         connect and register all members, wait until all is quiet
 *   window W WARM SECONDS        keep W messages under way
 *   rate R WARM SECONDS          say R messages each second, whatever happens
 *   idle SECONDS                 do nothing
 *
 * Whatever is going on, everything that servers send is read at once. */

#include "crowd.h"
#include "fail.h"
#include "usage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { QUIET_MILLISECONDS = 300, PATIENCE_SECONDS = 60, MOST_LATENCIES = REMEMBERED };

static struct crowd crowd;

/* What one stretch of time cost. */
struct stretch {
    double begin, seconds, load_cpu, machine_cpu;
    struct usage server;
    uint64_t deliveries, completed, bytes;
};

static struct stretch begin_stretch(void)
{
    return (struct stretch) {
        .begin = now(), .load_cpu = own_cpu(), .machine_cpu = machine_cpu(),
        .server = usage_of(crowd.plan.server_pid),
        .deliveries = crowd.deliveries, .completed = crowd.completed, .bytes = crowd.bytes,
    };
}

static struct stretch end_stretch(struct stretch begin)
{
    struct usage server = usage_of(crowd.plan.server_pid);
    return (struct stretch) {
        .seconds = now() - begin.begin, .load_cpu = own_cpu() - begin.load_cpu,
        .machine_cpu = machine_cpu() - begin.machine_cpu,
        .server = { server.cpu - begin.server.cpu, server.user - begin.server.user,
                    server.system - begin.server.system },
        .deliveries = crowd.deliveries - begin.deliveries,
        .completed = crowd.completed - begin.completed, .bytes = crowd.bytes - begin.bytes,
    };
}

static void print_stretch(struct stretch stretch)
{
    printf("\"seconds\": %.6f, \"messages\": %llu, \"deliveries\": %llu, \"bytes\": %llu, "
           "\"server_cpu\": %.6f, \"server_user\": %.2f, \"server_system\": %.2f, "
           "\"load_cpu\": %.6f, \"machine_cpu\": %.2f",
           stretch.seconds, (unsigned long long)stretch.completed,
           (unsigned long long)stretch.deliveries, (unsigned long long)stretch.bytes,
           stretch.server.cpu, stretch.server.user, stretch.server.system, stretch.load_cpu, stretch.machine_cpu);
}

/* Read until nothing has come for a while. */
static void settle(void)
{
    double patience = now() + PATIENCE_SECONDS, quiet = now();
    while (now() < quiet + QUIET_MILLISECONDS * 1e-3) {
        if (crowd_turn(&crowd, QUIET_MILLISECONDS) > 0)
            quiet = now();
        if (now() > patience)
            fail("the server has not stopped sending after %d s", PATIENCE_SECONDS);
    }
}

/* Read until everybody has heard everything. */
static void finish(void)
{
    double patience = now() + PATIENCE_SECONDS;
    while (crowd.completed < crowd.sent) {
        crowd_turn(&crowd, 100);
        if (now() > patience)
            fail("%llu messages of %llu had not reached everybody %d s later",
                 (unsigned long long)(crowd.sent - crowd.completed),
                 (unsigned long long)crowd.sent, PATIENCE_SECONDS);
    }
    settle();
    crowd_check(&crowd);
}

static void join(void)
{
    struct stretch begin = begin_stretch();
    double patience = now() + PATIENCE_SECONDS;
    for (int before = 0; crowd.ready < crowd.plan.members; ) {
        crowd_start_some(&crowd);
        crowd_turn(&crowd, 100);
        if (crowd.ready > before) {
            before = crowd.ready;
            patience = now() + PATIENCE_SECONDS;
        } else if (now() > patience) {
            fail("after %d members nobody could register for %d s", crowd.ready, PATIENCE_SECONDS);
        }
    }
    struct stretch joined = end_stretch(begin);
    settle();
    struct stretch settled = end_stretch(begin);
    printf("{");
    print_stretch(joined);
    printf(", \"settled_seconds\": %.6f, \"settled_server_cpu\": %.6f}\n",
           settled.seconds - QUIET_MILLISECONDS * 1e-3, settled.server.cpu);
}

static void window(uint64_t width, double warm, double seconds)
{
    struct stretch stretch = begin_stretch();
    uint64_t before = crowd.completed;
    bool measuring = false;
    double until = stretch.begin + warm, patience = until + PATIENCE_SECONDS;
    crowd_say(&crowd, width);
    for (;;) {
        crowd_turn(&crowd, 100);
        double time = now();
        if (time > patience)
            fail("no message reached everybody for %d s", PATIENCE_SECONDS);
        uint64_t completed = crowd.completed - before;
        if (!completed)
            continue;
        /* Both ends of what is measured are moments when messages have just reached everybody. */
        if (time >= until && measuring)
            break;
        if (time >= until) {
            measuring = true;
            stretch = begin_stretch();
            until = stretch.begin + seconds;
        }
        before = crowd.completed;
        patience = time + PATIENCE_SECONDS;
        crowd_say(&crowd, completed);
    }
    stretch = end_stretch(stretch);
    finish();
    printf("{");
    print_stretch(stretch);
    printf("}\n");
}

static struct {
    uint64_t first;             /* the number of the first message */
    uint64_t warm;              /* how many of them do not count */
    double begin, interval;
    double latencies[MOST_LATENCIES];
    uint64_t count;
} schedule;

static void note_latency(uint64_t number)
{
    uint64_t place = number - schedule.first;
    if (place < schedule.warm)
        return;
    schedule.latencies[schedule.count++] = now() - (schedule.begin + place * schedule.interval);
}

/* The latency of a message counts from when it was due: a generator that is kept from speaking
 * does not make the server look better. */
static void rate(double each_second, double warm, double seconds)
{
    uint64_t total = (warm + seconds) * each_second, said = 0;
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    double interval = 1 / each_second, late = 0, patience;
    struct itimerspec times = {
        .it_interval = { 0, interval * 1e9 }, .it_value = { 0, interval * 1e9 },
    };
    if (total > MOST_LATENCIES || interval >= 1)
        fail("this rate is not possible");
    schedule.first = crowd.sent;
    schedule.warm = warm * each_second;
    schedule.interval = interval;
    schedule.count = 0;
    schedule.begin = now() + interval;
    crowd.on_completed = note_latency;
    timerfd_settime(timer, 0, &times, NULL);
    crowd_watch(&crowd, timer, TIMER);
    struct stretch stretch = begin_stretch();
    while (said < total) {
        uint64_t rings;
        crowd_turn(&crowd, 1000);
        if (crowd.timer_rang && read(timer, &rings, sizeof rings) == sizeof rings) {
            double due = schedule.begin + said * interval, time = now();
            if (said >= schedule.warm && time - due > late)
                late = time - due;
            if (said + rings > total)
                rings = total - said;
            if (said < schedule.warm && said + rings >= schedule.warm)
                stretch = begin_stretch();
            crowd_say(&crowd, rings);
            said += rings;
        }
        crowd.timer_rang = false;
    }
    close(timer);
    for (patience = now() + PATIENCE_SECONDS; crowd.completed < crowd.sent; )
        if (crowd_turn(&crowd, 100) == 0 && now() > patience)
            break;
    stretch = end_stretch(stretch);
    finish();
    crowd.on_completed = NULL;
    printf("{");
    print_stretch(stretch);
    printf(", \"late\": %.6f, \"latencies\": [", late);
    for (uint64_t i = 0; i < schedule.count; i++)
        printf("%s%.6f", i ? ", " : "", schedule.latencies[i]);
    printf("]}\n");
}

static void idle(double seconds)
{
    struct stretch stretch = begin_stretch();
    while (now() < stretch.begin + seconds)
        crowd_turn(&crowd, 10);
    stretch = end_stretch(stretch);
    printf("{");
    print_stretch(stretch);
    printf("}\n");
}

static void obey(const char *command)
{
    int width;
    double warm, seconds, each_second;
    if (strcmp(command, "join") == 0)
        join();
    else if (sscanf(command, "window %d %lf %lf", &width, &warm, &seconds) == 3)
        window(width, warm, seconds);
    else if (sscanf(command, "rate %lf %lf %lf", &each_second, &warm, &seconds) == 3)
        rate(each_second, warm, seconds);
    else if (sscanf(command, "idle %lf", &seconds) == 1)
        idle(seconds);
    else
        fail("unknown command: %s", command);
    fflush(stdout);
}

int main(int count, char **words)
{
    static char line[256];
    size_t length = 0;
    crowd.plan = read_plan(count, words);
    crowd_prepare(&crowd);
    crowd_watch(&crowd, STDIN_FILENO, COMMANDS);
    for (;;) {
        char *end = memchr(line, '\n', length);
        if (end) {
            *end++ = 0;
            obey(line);
            length -= end - line;
            memmove(line, end, length);
            continue;
        }
        crowd_turn(&crowd, 1000);
        if (!crowd.command_waits)
            continue;
        crowd.command_waits = false;
        ssize_t got = read(STDIN_FILENO, line + length, sizeof line - length);
        if (got <= 0)
            return 0;
        length += got;
    }
}
