#define _GNU_SOURCE
#include "members.h"

#include "fail.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS = 4096, READ_BYTES = 1 << 18, STREAM_BYTES = 1 << 16 };

static char *stream;            /* the message, repeated */
static size_t stream_length;

static int number_of(struct members *group, struct member *member)
{
    return (int)(member - group->all);
}

static void fail_member(struct members *group, struct member *member, const char *what)
{
    fail("%s: member %d of %d, at step %d of %d of its registration; the last bytes it received: %.*s",
         what, number_of(group, member), group->plan.members, member->step,
         group->plan.step_count, member->last_length, member->last);
}

static void watch_member(struct members *group, struct member *member, int operation, bool writing)
{
    struct epoll_event event = {
        .events = EPOLLIN | (writing ? EPOLLOUT : 0),
        .data.u64 = (uint64_t)number_of(group, member),
    };
    if (epoll_ctl(group->epoll, operation, member->fd, &event) != 0)
        fail("epoll_ctl: %s", strerror(errno));
}

void members_watch(struct members *group, int fd, int source)
{
    struct epoll_event event = { .events = EPOLLIN, .data.u64 = (uint64_t)(int64_t)source };
    if (epoll_ctl(group->epoll, EPOLL_CTL_ADD, fd, &event) != 0)
        fail("epoll_ctl: %s", strerror(errno));
}

void members_prepare(struct members *group)
{
    size_t length = group->plan.message_length;
    size_t copies = STREAM_BYTES / length + 2;
    group->epoll = epoll_create1(EPOLL_CLOEXEC);
    group->all = calloc(group->plan.members, sizeof *group->all);
    stream_length = copies * length;
    stream = malloc(stream_length);
    if (group->epoll < 0 || !group->all || !stream)
        fail("no room for %d members", group->plan.members);
    for (size_t i = 0; i < copies; i++)
        memcpy(stream + i * length, group->plan.message, length);
}

static void start(struct members *group, struct member *member)
{
    int yes = 1, number = number_of(group, member) % group->plan.server_count;
    struct sockaddr_in server = {
        .sin_family = AF_INET,
        .sin_port = htons(group->plan.servers[number].port),
    };
    inet_pton(AF_INET, group->plan.servers[number].address, &server.sin_addr);
    member->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (member->fd < 0)
        fail("member %d gets no socket: %s", number_of(group, member), strerror(errno));
    /* or Nagle's algorithm would hold messages back for an acknowledgement, up to 40 ms */
    setsockopt(member->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (connect(member->fd, (struct sockaddr *)&server, sizeof server) != 0
        && errno != EINPROGRESS)
        fail_member(group, member, strerror(errno));
    member->step = -1;
    watch_member(group, member, EPOLL_CTL_ADD, true);
}

void members_start_some(struct members *group)
{
    while (group->started < group->plan.members
           && group->started - group->ready < group->plan.at_once)
        start(group, &group->all[group->started++]);
}

static void replace(char *text, size_t length, const char *what, int number)
{
    char digits[7];
    snprintf(digits, sizeof digits, "%06d", number);
    for (char *end = text + length; (text = memmem(text, end - text, what, 6)); text += 6)
        memcpy(text, digits, 6);
}

static void begin_step(struct members *group, struct member *member)
{
    for (; member->step < group->plan.step_count; member->step++) {
        struct step *step = &group->plan.steps[member->step];
        char text[1024];
        int number = number_of(group, member), chosen = number % step->send_count;
        size_t length = step->send[chosen].length;
        memcpy(text, step->send[chosen].text, length);
        replace(text, length, "@@@@@@", number);
        replace(text, length, "%%%%%%", number / ROOM_MEMBERS);
        if (length && send(member->fd, text, length, MSG_NOSIGNAL) != (ssize_t)length)
            fail_member(group, member, errno ? strerror(errno) : "cannot register");
        member->last_length = 0;    /* a reply to the previous step must not count */
        if (step->expected_length)
            return;
    }
    group->ready++;
}

static void connected(struct members *group, struct member *member)
{
    int error = 0;
    socklen_t length = sizeof error;
    getsockopt(member->fd, SOL_SOCKET, SO_ERROR, &error, &length);
    if (error)
        fail_member(group, member, strerror(error));
    watch_member(group, member, EPOLL_CTL_MOD, false);
    member->step = 0;
    begin_step(group, member);
}

/* Look for the expected reply in `text`, or where member->last and `text` meet. */
static void continue_registration(struct members *group, struct member *member, const char *text, size_t length)
{
    struct step *step = &group->plan.steps[member->step];
    char seam[2 * LAST_BYTES];
    size_t begin = length < LAST_BYTES ? length : LAST_BYTES;
    memcpy(seam, member->last, member->last_length);
    memcpy(seam + member->last_length, text, begin);
    if (memmem(text, length, step->expected, step->expected_length)
        || memmem(seam, member->last_length + begin, step->expected, step->expected_length)) {
        member->step++;
        begin_step(group, member);
    }
}

static void keep_last_bytes(struct member *member, const char *text, size_t length)
{
    if (length >= LAST_BYTES) {
        memcpy(member->last, text + length - LAST_BYTES, LAST_BYTES);
        member->last_length = LAST_BYTES;
        return;
    }
    size_t old = member->last_length;
    if (old + length > LAST_BYTES) {
        size_t kept = LAST_BYTES - length;
        memmove(member->last, member->last + old - kept, kept);
        old = kept;
    }
    memcpy(member->last + old, text, length);
    member->last_length = (int)(old + length);
}

static uint64_t count_markers(const char *text, size_t length)
{
    uint64_t total = 0;
    while (length) {
        size_t block = length < 255 ? length : 255;
        unsigned char found = 0;        /* narrow, so that the compiler vectorises the loop */
        for (size_t i = 0; i < block; i++)
            found += text[i] == MARKER;
        total += found;
        text += block;
        length -= block;
    }
    return total;
}

/* level[n] is how many receivers have received exactly n messages (modulo MAX_IN_FLIGHT). So message
 * number n, counted from 0, has reached all receivers when level[n] is 0 and all before it have.
 * With 3 receivers and 2 messages sent: level = {1, 2, 0} means that one receiver still lacks the
 * first message; {0, 3, 0} that the first is complete and the second has reached none. */
static void count_deliveries(struct members *group, struct member *member, const char *text, size_t length)
{
    uint64_t received = count_markers(text, length);
    if (!received)
        return;
    group->deliveries += received;
    if (member->received + received > group->sent)
        fail_member(group, member, "received more messages than were sent");
    if (group->plan.echo || number_of(group, member) >= group->plan.senders) {
        group->level[member->received % MAX_IN_FLIGHT]--;
        group->level[(member->received + received) % MAX_IN_FLIGHT]++;
        while (group->completed < group->sent && !group->level[group->completed % MAX_IN_FLIGHT]) {
            if (group->on_completed)
                group->on_completed(group->completed);
            group->completed++;
        }
    }
    member->received += received;
}

static size_t receive(struct members *group, struct member *member)
{
    static char text[READ_BYTES];
    ssize_t length = recv(member->fd, text, sizeof text, 0);
    if (length < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (length < 0)
        fail_member(group, member, strerror(errno));
    if (length == 0)
        fail_member(group, member, "closed by the server");
    if (member->step < group->plan.step_count)
        continue_registration(group, member, text, length);
    keep_last_bytes(member, text, length);
    count_deliveries(group, member, text, length);
    return length;
}

static void send_unsent(struct members *group, struct member *member)
{
    while (member->unsent) {
        size_t begin = member->offset % group->plan.message_length;
        size_t length = stream_length - begin;
        if (length > member->unsent)
            length = member->unsent;
        ssize_t done = send(member->fd, stream + begin, length, MSG_NOSIGNAL);
        if (done < 0 && errno == EAGAIN)
            break;
        if (done < 0)
            fail_member(group, member, strerror(errno));
        member->unsent -= done;
        member->offset += done;
    }
    if (member->blocked != (member->unsent > 0)) {
        member->blocked = member->unsent > 0;
        watch_member(group, member, EPOLL_CTL_MOD, member->blocked);
    }
}

void members_send(struct members *group, uint64_t count)
{
    struct plan *plan = &group->plan;
    if (group->sent == 0)
        group->level[0] = plan->members - (plan->echo ? 0 : plan->senders);
    for (uint64_t i = 0; i < count; i++, group->sent++) {
        struct member *member = &group->all[group->sent % plan->senders];
        member->unsent += plan->message_length;
        member->sent++;
    }
    if (group->sent - group->completed >= MAX_IN_FLIGHT)
        fail("more than %d messages are in flight", MAX_IN_FLIGHT);
    for (int i = 0; i < plan->senders; i++)
        if (group->all[i].unsent)
            send_unsent(group, &group->all[i]);
}

size_t members_poll(struct members *group, int milliseconds)
{
    static struct epoll_event events[EVENTS];
    size_t received = 0;
    int ready = epoll_wait(group->epoll, events, EVENTS, milliseconds);
    if (ready < 0 && errno != EINTR)
        fail("epoll_wait: %s", strerror(errno));
    for (int i = 0; i < ready; i++) {
        int source = (int)(int64_t)events[i].data.u64;
        if (source == COMMANDS) {
            group->command_ready = true;
        } else if (source == TIMER) {
            group->timer_expired = true;
        } else {
            struct member *member = &group->all[source];
            if (member->step < 0)
                connected(group, member);
            else if (events[i].events & EPOLLOUT)
                send_unsent(group, member);
            if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
                received += receive(group, member);
        }
    }
    group->bytes += received;
    return received;
}

void members_check_counts(struct members *group)
{
    for (int i = 0; i < group->plan.members; i++) {
        struct member *member = &group->all[i];
        uint64_t expected = group->sent - (group->plan.echo ? 0 : member->sent);
        if (member->received != expected)
            fail("member %d received %llu messages of %llu", i, (unsigned long long)member->received,
                 (unsigned long long)expected);
    }
}
