/* What a load generator is to do: read from its command line, and fixed from then on. */

#ifndef PLAN_H
#define PLAN_H

#include <stdbool.h>
#include <stddef.h>

enum { MOST_STEPS = 4, ADDRESS_BYTES = 64 };

/* One thing to send while registering, and what the answer holds when it has worked. In what is
 * sent, "@@@@@@" stands for the member's number, in six digits. */
struct step {
    char *send, *await;
    size_t send_length, await_length;
};

struct plan {
    char address[ADDRESS_BYTES];
    int port;
    int server_pid;
    int members;
    int at_once;            /* members that may be registering at the same time */
    int senders;            /* the first so many members take turns at speaking */
    bool echo;              /* whether who speaks hears its own message */
    struct step steps[MOST_STEPS];
    int step_count;
    char *message;
    size_t message_length;
};

/* End the program if the options do not make a plan. */
struct plan read_plan(int count, char **words);

#endif
