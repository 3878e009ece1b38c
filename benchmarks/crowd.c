#define _GNU_SOURCE
#include "crowd.h"

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

enum { EVENTS = 4096, READ_BYTES = 1 << 18, SPEECH_BYTES = 1 << 16 };

static char *speech;            /* the message, again and again */
static size_t speech_length;

static int number_of(struct crowd *crowd, struct member *member)
{
    return (int)(member - crowd->members);
}

static void fail_member(struct crowd *crowd, struct member *member, const char *what)
{
    fail("%s: member %d of %d, registered as far as step %d of %d; the last it heard: %.*s",
         what, number_of(crowd, member), crowd->plan.members, member->step,
         crowd->plan.step_count, member->last_length, member->last);
}

static void watch_member(struct crowd *crowd, struct member *member, int operation, bool writing)
{
    struct epoll_event event = {
        .events = EPOLLIN | (writing ? EPOLLOUT : 0),
        .data.u64 = (uint64_t)number_of(crowd, member),
    };
    if (epoll_ctl(crowd->epoll, operation, member->fd, &event) != 0)
        fail("epoll_ctl: %s", strerror(errno));
}

void crowd_watch(struct crowd *crowd, int fd, int what)
{
    struct epoll_event event = { .events = EPOLLIN, .data.u64 = (uint64_t)(int64_t)what };
    if (epoll_ctl(crowd->epoll, EPOLL_CTL_ADD, fd, &event) != 0)
        fail("epoll_ctl: %s", strerror(errno));
}

void crowd_prepare(struct crowd *crowd)
{
    size_t length = crowd->plan.message_length;
    size_t copies = SPEECH_BYTES / length + 2;
    crowd->epoll = epoll_create1(EPOLL_CLOEXEC);
    crowd->members = calloc(crowd->plan.members, sizeof *crowd->members);
    speech_length = copies * length;
    speech = malloc(speech_length);
    if (crowd->epoll < 0 || !crowd->members || !speech)
        fail("no room for %d members", crowd->plan.members);
    for (size_t i = 0; i < copies; i++)
        memcpy(speech + i * length, crowd->plan.message, length);
}

static void start(struct crowd *crowd, struct member *member)
{
    int yes = 1;
    struct sockaddr_in server = {
        .sin_family = AF_INET,
        .sin_port = htons(crowd->plan.port),
    };
    inet_pton(AF_INET, crowd->plan.address, &server.sin_addr);
    member->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (member->fd < 0)
        fail("member %d gets no socket: %s", number_of(crowd, member), strerror(errno));
    /* or one who speaks would wait for the server's acknowledgement, which may take 40 ms */
    setsockopt(member->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (connect(member->fd, (struct sockaddr *)&server, sizeof server) != 0
        && errno != EINPROGRESS)
        fail_member(crowd, member, strerror(errno));
    member->step = -1;
    watch_member(crowd, member, EPOLL_CTL_ADD, true);
}

void crowd_start_some(struct crowd *crowd)
{
    while (crowd->started < crowd->plan.members
           && crowd->started - crowd->ready < crowd->plan.at_once)
        start(crowd, &crowd->members[crowd->started++]);
}

static void begin_step(struct crowd *crowd, struct member *member)
{
    for (; member->step < crowd->plan.step_count; member->step++) {
        struct step *step = &crowd->plan.steps[member->step];
        char words[1024], digits[7];
        memcpy(words, step->send, step->send_length);
        snprintf(digits, sizeof digits, "%06d", number_of(crowd, member));
        for (char *place = words;
             (place = memmem(place, words + step->send_length - place, "@@@@@@", 6)); place += 6)
            memcpy(place, digits, 6);
        if (step->send_length
            && send(member->fd, words, step->send_length, MSG_NOSIGNAL)
               != (ssize_t)step->send_length)
            fail_member(crowd, member, errno ? strerror(errno) : "cannot register");
        member->last_length = 0;    /* an answer to the step before is none to this one */
        if (step->await_length)
            return;
    }
    crowd->ready++;
}

static void connected(struct crowd *crowd, struct member *member)
{
    int error = 0;
    socklen_t length = sizeof error;
    getsockopt(member->fd, SOL_SOCKET, SO_ERROR, &error, &length);
    if (error)
        fail_member(crowd, member, strerror(error));
    watch_member(crowd, member, EPOLL_CTL_MOD, false);
    member->step = 0;
    begin_step(crowd, member);
}

/* Look for the awaited answer in `text`, which comes after member->last. */
static void register_on(struct crowd *crowd, struct member *member, const char *text, size_t length)
{
    struct step *step = &crowd->plan.steps[member->step];
    char seam[2 * LAST_WORDS];
    size_t begin = length < LAST_WORDS ? length : LAST_WORDS;
    memcpy(seam, member->last, member->last_length);
    memcpy(seam + member->last_length, text, begin);
    if (memmem(text, length, step->await, step->await_length)
        || memmem(seam, member->last_length + begin, step->await, step->await_length)) {
        member->step++;
        begin_step(crowd, member);
    }
}

static void keep_last(struct member *member, const char *text, size_t length)
{
    if (length >= LAST_WORDS) {
        memcpy(member->last, text + length - LAST_WORDS, LAST_WORDS);
        member->last_length = LAST_WORDS;
        return;
    }
    size_t old = member->last_length;
    if (old + length > LAST_WORDS) {
        size_t kept = LAST_WORDS - length;
        memmove(member->last, member->last + old - kept, kept);
        old = kept;
    }
    memcpy(member->last + old, text, length);
    member->last_length = (int)(old + length);
}

static uint64_t markers(const char *text, size_t length)
{
    uint64_t total = 0;
    while (length) {
        size_t block = length < 255 ? length : 255;
        unsigned char found = 0;        /* narrow, so that the compiler adds many at a time */
        for (size_t i = 0; i < block; i++)
            found += text[i] == MARKER;
        total += found;
        text += block;
        length -= block;
    }
    return total;
}

/* crowd->level holds how many receivers have heard exactly so many messages, so a message has
 * reached everybody when nobody is on the level below. */
static void count(struct crowd *crowd, struct member *member, const char *text, size_t length)
{
    uint64_t heard = markers(text, length);
    if (!heard)
        return;
    crowd->deliveries += heard;
    if (member->heard + heard > crowd->sent)
        fail_member(crowd, member, "heard a message that nobody sent");
    if (crowd->plan.echo || number_of(crowd, member) >= crowd->plan.senders) {
        crowd->level[member->heard % REMEMBERED]--;
        crowd->level[(member->heard + heard) % REMEMBERED]++;
        while (crowd->completed < crowd->sent && !crowd->level[crowd->completed % REMEMBERED]) {
            if (crowd->on_completed)
                crowd->on_completed(crowd->completed);
            crowd->completed++;
        }
    }
    member->heard += heard;
}

static size_t listen_to(struct crowd *crowd, struct member *member)
{
    static char text[READ_BYTES];
    ssize_t length = recv(member->fd, text, sizeof text, 0);
    if (length < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (length < 0)
        fail_member(crowd, member, strerror(errno));
    if (length == 0)
        fail_member(crowd, member, "closed by the server");
    if (member->step < crowd->plan.step_count)
        register_on(crowd, member, text, length);
    keep_last(member, text, length);
    count(crowd, member, text, length);
    return length;
}

static void speak(struct crowd *crowd, struct member *member)
{
    while (member->owed) {
        size_t begin = member->offset % crowd->plan.message_length;
        size_t length = speech_length - begin;
        if (length > member->owed)
            length = member->owed;
        ssize_t done = send(member->fd, speech + begin, length, MSG_NOSIGNAL);
        if (done < 0 && errno == EAGAIN)
            break;
        if (done < 0)
            fail_member(crowd, member, strerror(errno));
        member->owed -= done;
        member->offset += done;
    }
    if (member->blocked != (member->owed > 0)) {
        member->blocked = member->owed > 0;
        watch_member(crowd, member, EPOLL_CTL_MOD, member->blocked);
    }
}

void crowd_say(struct crowd *crowd, uint64_t count)
{
    struct plan *plan = &crowd->plan;
    if (crowd->sent == 0)
        crowd->level[0] = plan->members - (plan->echo ? 0 : plan->senders);
    for (uint64_t i = 0; i < count; i++, crowd->sent++) {
        struct member *member = &crowd->members[crowd->sent % plan->senders];
        member->owed += plan->message_length;
        member->said++;
    }
    if (crowd->sent - crowd->completed >= REMEMBERED)
        fail("more than %d messages are under way", REMEMBERED);
    for (int i = 0; i < plan->senders; i++)
        if (crowd->members[i].owed)
            speak(crowd, &crowd->members[i]);
}

size_t crowd_turn(struct crowd *crowd, int milliseconds)
{
    static struct epoll_event events[EVENTS];
    size_t heard = 0;
    int happened = epoll_wait(crowd->epoll, events, EVENTS, milliseconds);
    if (happened < 0 && errno != EINTR)
        fail("epoll_wait: %s", strerror(errno));
    for (int i = 0; i < happened; i++) {
        int what = (int)(int64_t)events[i].data.u64;
        if (what == COMMANDS) {
            crowd->command_waits = true;
        } else if (what == TIMER) {
            crowd->timer_rang = true;
        } else {
            struct member *member = &crowd->members[what];
            if (member->step < 0)
                connected(crowd, member);
            else if (events[i].events & EPOLLOUT)
                speak(crowd, member);
            if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))
                heard += listen_to(crowd, member);
        }
    }
    crowd->bytes += heard;
    return heard;
}

void crowd_check(struct crowd *crowd)
{
    for (int i = 0; i < crowd->plan.members; i++) {
        struct member *member = &crowd->members[i];
        uint64_t expected = crowd->sent - (crowd->plan.echo ? 0 : member->said);
        if (member->heard != expected)
            fail("member %d heard %llu messages of %llu", i, (unsigned long long)member->heard,
                 (unsigned long long)expected);
    }
}
