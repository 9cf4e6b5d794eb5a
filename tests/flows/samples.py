"""Lines of conntrack-tools 1.4.7 as they were seen on the local cluster (the masqueraded one is made up)."""

from __future__ import annotations

POD_TO_POD = (
    "    [NEW] tcp      6 120 SYN_SENT src=10.217.0.2 dst=10.217.0.12 sport=37978 dport=8013 [UNREPLIED] "
    "src=10.217.0.12 dst=10.217.0.2 sport=8013 dport=37978"
)
THROUGH_A_SERVICE = (
    "tcp      6 431997 ESTABLISHED src=10.217.0.2 dst=10.96.204.127 sport=51658 dport=80 "
    "src=10.217.0.4 dst=10.217.0.2 sport=8080 dport=51658 [ASSURED] mark=0 use=1"
)
MASQUERADED = (
    "    [NEW] tcp      6 120 SYN_SENT src=10.217.0.9 dst=10.96.1.1 sport=40000 dport=80 [UNREPLIED] "
    "src=10.217.0.9 dst=10.217.0.1 sport=8081 dport=1234"
)
DNS = (
    "udp      17 29 src=10.217.0.8 dst=10.96.0.10 sport=43419 dport=53 "
    "src=10.217.0.1 dst=10.217.0.8 sport=53 dport=43419 mark=0 use=1"
)
OF_THE_HOST = (
    "tcp      6 283 ESTABLISHED src=10.217.0.1 dst=10.217.0.1 sport=37574 dport=16443 "
    "src=10.217.0.1 dst=10.217.0.1 sport=16443 dport=37574 [ASSURED] mark=0 use=1"
)
PING = "    [NEW] icmp     1 30 src=10.217.0.2 dst=10.217.0.3 type=8 code=0 id=1 src=10.217.0.3 dst=10.217.0.2 type=0"
