#ifndef FAIL_H
#define FAIL_H

/* Print the reason as JSON and end the program. */
void fail(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

#endif
