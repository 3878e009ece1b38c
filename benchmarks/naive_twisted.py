"""A chat server as Twisted's tutorials write it: each line is written to every other member.

``python naive_twisted.py ADDRESS PORT``
"""

import sys

from twisted.internet import reactor
from twisted.internet.protocol import Factory
from twisted.protocols.basic import LineReceiver


class Member(LineReceiver):
    delimiter = b"\n"

    def connectionMade(self):
        self.factory.members.add(self)
        self.sendLine(b"welcome")

    def connectionLost(self, reason):
        self.factory.members.discard(self)

    def lineReceived(self, line):
        for member in self.factory.members:
            if member is not self:
                member.sendLine(line)


class Chat(Factory):
    protocol = Member

    def __init__(self):
        self.members = set()


if __name__ == "__main__":
    reactor.listenTCP(int(sys.argv[2]), Chat(), interface=sys.argv[1])
    reactor.run()
