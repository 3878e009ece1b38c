/* The members of a chat, all in one process: they connect, register, receive and send.
 *
 * A delivery is recognised by one byte, MARKER. Each message contains it once, and nothing else that
 * a server sends contains it. Deliveries can so be counted without parsing any protocol. */

#ifndef MEMBERS_H
#define MEMBERS_H

#include "plan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MARKER = '|',
    LAST_BYTES = 120,       /* bytes kept of what a member received last */
    MAX_IN_FLIGHT = 1 << 16,
};

struct member {
    int fd;
    int step;
    int last_length;
    bool blocked;           /* its socket took less than it has to send */
    uint64_t received;      /* messages */
    uint64_t sent;
    uint64_t unsent;        /* bytes */
    uint64_t offset;        /* of the first unsent byte, in the endless stream of messages */
    char last[LAST_BYTES];
};

struct members {
    struct plan plan;
    struct member *all;
    int started, ready;
    int epoll;
    uint64_t sent, completed, deliveries, bytes;
    uint32_t level[MAX_IN_FLIGHT];      /* see count_deliveries */
    void (*on_completed)(uint64_t number);
    bool command_ready;                 /* standard input can be read */
    bool timer_expired;
};

/* In place of a member's number, as epoll's user data. */
enum { COMMANDS = -1, TIMER = -2 };

void members_prepare(struct members *group);
void members_watch(struct members *group, int fd, int source);

/* Connect further members, as many as at_once allows. */
void members_start_some(struct members *group);

/* Wait for at most `milliseconds`, handle all events, and return how many bytes were received. */
size_t members_poll(struct members *group, int milliseconds);

/* Send `count` messages. */
void members_send(struct members *group, uint64_t count);

/* End the program unless every member received every message exactly once. */
void members_check_counts(struct members *group);

#endif
