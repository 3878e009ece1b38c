"""Configuration files of the servers that need one.

Limits on what one member sends, and on connections from one address, are turned off. Logging is as
by default.
"""

from typing import Final

INSPIRCD: Final = """\
<config format="xml">
<server name="bench.local" description="bench" network="bench">
<admin name="bench" nick="bench" email="bench@bench.local">
<bind address="{address}" port="{port}" type="clients">
<connect name="bench" allow="*" timeout="300" pingfreq="36000" useident="no" resolvehostnames="no"
  recvq="1000000" softsendq="100000000" hardsendq="100000000" maxchans="10"
  localmax="1000000" globalmax="1000000" maxconnwarn="no" limit="1000000"
  threshold="1000000000" commandrate="1000000000" fakelag="no">
<performance somaxconn="4096" softlimit="1000000">
<path configdir="{directory}" datadir="{directory}" logdir="{directory}">
<pid file="{directory}/pid">
<log method="file" type="* -USERINPUT -USEROUTPUT" level="default" target="{directory}/log">
"""

#: Appended for TLS; Debian's package has GnuTLS only.
INSPIRCD_TLS: Final = """\
<module name="ssl_gnutls">
<sslprofile name="bench" provider="gnutls" certfile="{directory}/certificate.pem"
  keyfile="{directory}/key.pem">
"""

#: Appended for the capabilities that its modules have.
INSPIRCD_CAPABILITIES: Final = """\
<module name="cap">
<module name="services_account">
<module name="ircv3">
<module name="ircv3_accounttag">
<module name="ircv3_batch">
<module name="ircv3_ctctags">
<module name="ircv3_echomessage">
<module name="ircv3_msgid">
<module name="ircv3_servertime">
<module name="namesx">
<module name="setname">
"""

NGIRCD: Final = """\
[Global]
  Name = bench.local
  Info = bench
  Listen = {address}
  Ports = {port}
  MotdPhrase = bench
[Limits]
  MaxConnections = 0
  MaxConnectionsIP = 0
  MaxJoins = 0
  MaxNickLength = 20
  MaxPenaltyTime = 0
  PingTimeout = 36000
  PongTimeout = 36000
[Options]
  DNS = no
  Ident = no
  PAM = no
"""

MOSQUITTO: Final = """\
listener {port} {address}
allow_anonymous true
max_queued_messages 0
set_tcp_nodelay true
"""
