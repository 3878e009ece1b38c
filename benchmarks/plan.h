/* What the load generator does, from its command line. */

#ifndef PLAN_H
#define PLAN_H

#include <stdbool.h>
#include <stddef.h>

enum { MAX_STEPS = 4, ROOM_MEMBERS = 30, MAX_SERVERS = 8, MAX_TEXTS = 8, ADDRESS_BYTES = 64 };

/* One step of the registration: what to send, and what a successful reply contains. "@@@@@@" in
 * a text is replaced by the member's number, in six digits, and "%%%%%%" by that of its room: each
 * has ROOM_MEMBERS members. Members send the texts of `send` in turn: member 0 the first one. */
struct step {
    struct {
        char *text;
        size_t length;
    } send[MAX_TEXTS];
    int send_count;
    char *expected;
    size_t expected_length;
};

struct plan {
    struct {
        char address[ADDRESS_BYTES];
        int port;
    } servers[MAX_SERVERS]; /* members connect to them in turn */
    int server_count;
    int server_pid;
    int members;
    int at_once;            /* members that may be registering at the same time */
    int senders;            /* the first so many members take turns at sending */
    bool echo;              /* whether the sender receives its own message */
    struct step steps[MAX_STEPS];
    int step_count;
    char *message;
    size_t message_length;
};

/* End the program if an option is wrong or missing. */
struct plan read_plan(int count, char **arguments);

#endif
