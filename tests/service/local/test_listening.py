import socket

from caviar.service.local.listening import address, listen


def test_answers_are_sent_at_once() -> None:
    """Only where a connection names its protocol does asyncio turn off Nagle's wait."""
    with listen("127.0.0.1", 0) as listener:
        port = int(address(listener).rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)):
            accepted, _ = listener.accept()
            with accepted:
                assert accepted.proto == socket.IPPROTO_TCP
