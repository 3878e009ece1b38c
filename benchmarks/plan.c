#include "plan.h"

#include "fail.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *from_hex(const char *hex, size_t length, size_t *bytes)
{
    char *text = malloc(length / 2 + 1);
    for (*bytes = 0; *bytes < length / 2; (*bytes)++) {
        unsigned int byte = 0;
        sscanf(hex + 2 * *bytes, "%2x", &byte);
        text[*bytes] = (char)byte;
    }
    return text;
}

struct plan read_plan(int count, char **arguments)
{
    static const struct option options[] = {
        { "server", required_argument, NULL, 's' }, { "pid", required_argument, NULL, 'p' },
        { "members", required_argument, NULL, 'n' }, { "at-once", required_argument, NULL, 'a' },
        { "senders", required_argument, NULL, 'S' }, { "echo", no_argument, NULL, 'e' },
        { "message", required_argument, NULL, 'm' }, { "step", required_argument, NULL, 't' },
        { 0 },
    };
    struct plan plan = { .message = NULL };
    for (int option; (option = getopt_long(count, arguments, "", options, NULL)) != -1; ) {
        const char *colon = optarg ? strchr(optarg, ':') : NULL;
        struct step *step = &plan.steps[plan.step_count];
        if (option == 's' && colon && plan.server_count < MAX_SERVERS) {
            snprintf(plan.servers[plan.server_count].address, ADDRESS_BYTES, "%.*s",
                     (int)(colon - optarg), optarg);
            plan.servers[plan.server_count++].port = atoi(colon + 1);
        } else if (option == 't' && colon && plan.step_count < MAX_STEPS) {
            const char *end;
            for (const char *hex = optarg; hex <= colon && step->send_count < MAX_TEXTS; hex = end + 1) {
                end = memchr(hex, ',', colon - hex);
                end = end ? end : colon;
                step->send[step->send_count].text =
                    from_hex(hex, end - hex, &step->send[step->send_count].length);
                step->send_count++;
            }
            step->expected = from_hex(colon + 1, strlen(colon + 1), &step->expected_length);
            plan.step_count++;
        } else if (option == 'm') {
            plan.message = from_hex(optarg, strlen(optarg), &plan.message_length);
        } else if (option == 'p') {
            plan.server_pid = atoi(optarg);
        } else if (option == 'n') {
            plan.members = atoi(optarg);
        } else if (option == 'a') {
            plan.at_once = atoi(optarg);
        } else if (option == 'S') {
            plan.senders = atoi(optarg);
        } else if (option == 'e') {
            plan.echo = true;
        } else {
            fail("wrong option: %s", arguments[optind - 1]);
        }
    }
    if (!plan.server_count || !plan.message || plan.at_once < 1 || plan.senders < 1
        || plan.members <= plan.senders)
        fail("options are missing");
    return plan;
}
