/* The members of a chat, all in one process: they connect, register, listen and speak.
 *
 * A delivery is recognised by one byte, MARKER, which each message holds once and nothing else a
 * server sends holds at all. So counting is the same whatever the protocol. */

#ifndef CROWD_H
#define CROWD_H

#include "plan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MARKER = '|',
    LAST_WORDS = 120,       /* bytes kept of what a member heard last */
    REMEMBERED = 1 << 16,   /* messages that may be under way at the same time */
};

struct member {
    int fd;
    int step;
    int last_length;
    bool blocked;           /* has more to say than its socket takes */
    uint64_t heard;         /* messages */
    uint64_t said;
    uint64_t owed, offset;  /* bytes still to be sent, and where in the stream of messages they begin */
    char last[LAST_WORDS];
};

struct crowd {
    struct plan plan;
    struct member *members;
    int started, ready;
    int epoll;
    uint64_t sent, completed, deliveries, bytes;
    uint32_t level[REMEMBERED];         /* how many receivers have heard so many messages */
    void (*on_completed)(uint64_t number);
    bool command_waits;                 /* standard input can be read */
    bool timer_rang;
};

/* What epoll says about something that is no member. */
enum { COMMANDS = -1, TIMER = -2 };

void crowd_prepare(struct crowd *crowd);
void crowd_watch(struct crowd *crowd, int fd, int what);

/* Start members as far as at_once allows. */
void crowd_start_some(struct crowd *crowd);

/* Wait for at most `milliseconds`, read what has come, and return the bytes that were read. */
size_t crowd_turn(struct crowd *crowd, int milliseconds);

/* Say `count` messages. */
void crowd_say(struct crowd *crowd, uint64_t count);

/* End the program if somebody heard less or more than everything. */
void crowd_check(struct crowd *crowd);

#endif
