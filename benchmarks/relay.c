/* A relay and nothing else: a line from one connection goes to all others. It shows the least that a
 * chat server in C could cost: one read for a line, one send for each receiver.
 *
 *   relay ADDRESS PORT */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_FILES = 65536, EVENTS = 1024, READ_BYTES = 65536, LINE_BYTES = 4096, QUEUE_BYTES = 1 << 20 };

struct peer {
    int index;                          /* in `connected` */
    size_t begun;                       /* bytes of an incomplete line */
    char *line;                         /* the incomplete line */
    char *queue;                        /* bytes that the socket did not take */
    size_t queued;
};

static struct peer *peers[MAX_FILES];        /* by file descriptor */
static int connected[MAX_FILES], count;
static int epoll;

static void leave(int fd)
{
    struct peer *peer = peers[fd];
    connected[peer->index] = connected[--count];
    peers[connected[peer->index]]->index = peer->index;
    peers[fd] = NULL;
    free(peer->line);
    free(peer->queue);
    free(peer);
    close(fd);
}

static void watch(int fd, int operation, bool writing)
{
    struct epoll_event event = { EPOLLIN | (writing ? EPOLLOUT : 0), { .fd = fd } };
    epoll_ctl(epoll, operation, fd, &event);
}

static void enter(int listener)
{
    int yes = 1, fd;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        if (fd >= MAX_FILES || !(peers[fd] = calloc(1, sizeof(struct peer)))) {
            close(fd);
            continue;
        }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        peers[fd]->index = count;
        connected[count++] = fd;
        watch(fd, EPOLL_CTL_ADD, false);
        send(fd, "welcome\n", 8, MSG_NOSIGNAL);
    }
}

/* A peer with more than QUEUE_BYTES unread is disconnected. An error here is ignored: reading finds
 * it, too. */
static void send_or_queue(int fd, const char *text, size_t length)
{
    struct peer *peer = peers[fd];
    ssize_t done = peer->queued ? 0 : send(fd, text, length, MSG_NOSIGNAL);
    if (done == (ssize_t)length)
        return;
    if (done < 0 && errno != EAGAIN)
        return;
    if (done < 0)
        done = 0;
    if (!peer->queue)
        peer->queue = malloc(QUEUE_BYTES);
    if (peer->queued + length - done > QUEUE_BYTES) {
        shutdown(fd, SHUT_RDWR);
        return;
    }
    memcpy(peer->queue + peer->queued, text + done, length - done);
    if (!peer->queued)
        watch(fd, EPOLL_CTL_MOD, true);
    peer->queued += length - done;
}

static void send_queued(int fd)
{
    struct peer *peer = peers[fd];
    ssize_t done = send(fd, peer->queue, peer->queued, MSG_NOSIGNAL);
    if (done <= 0)
        return;
    peer->queued -= done;
    memmove(peer->queue, peer->queue + done, peer->queued);
    if (!peer->queued)
        watch(fd, EPOLL_CTL_MOD, false);
}

static void receive(int fd)
{
    static char text[LINE_BYTES + READ_BYTES];
    struct peer *peer = peers[fd];
    if (peer->begun)
        memcpy(text, peer->line, peer->begun);
    ssize_t got = recv(fd, text + peer->begun, READ_BYTES, 0);
    if (got < 0 && errno == EAGAIN)
        return;
    size_t length = peer->begun + got;
    char *end = got > 0 ? memrchr(text, '\n', length) : NULL;
    size_t whole = end ? end + 1 - text : 0;
    if (got <= 0 || length - whole > LINE_BYTES) {
        leave(fd);
        return;
    }
    peer->begun = length - whole;
    if (peer->begun && !peer->line)
        peer->line = malloc(LINE_BYTES);
    if (peer->begun)
        memcpy(peer->line, text + whole, peer->begun);
    for (int i = 0; whole && i < count; i++)
        if (connected[i] != fd)
            send_or_queue(connected[i], text, whole);
}

int main(int count_of_arguments, char **arguments)
{
    static struct epoll_event events[EVENTS];
    int yes = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = { .sin_family = AF_INET };
    if (count_of_arguments != 3 || inet_pton(AF_INET, arguments[1], &address.sin_addr) != 1) {
        fputs("usage: relay ADDRESS PORT\n", stderr);
        return 1;
    }
    address.sin_port = htons(atoi(arguments[2]));
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 4096)) {
        perror("relay");
        return 1;
    }
    epoll = epoll_create1(EPOLL_CLOEXEC);
    watch(listener, EPOLL_CTL_ADD, false);
    for (;;) {
        int ready = epoll_wait(epoll, events, EVENTS, -1);
        for (int i = 0; i < ready; i++) {
            int fd = events[i].data.fd;
            if (fd == listener) {
                enter(listener);
                continue;
            }
            if (peers[fd] && events[i].events & EPOLLOUT)
                send_queued(fd);
            if (peers[fd] && events[i].events & ~EPOLLOUT)
                receive(fd);
        }
    }
}
