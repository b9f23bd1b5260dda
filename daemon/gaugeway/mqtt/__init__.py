"""MQTT for whoever writes a source or a sink: settings, a fast receiving link, and a publisher.

A source builds a `Broker` from its options and reads `Delivery`s from a `Link`; a sink hands `Message`s to a
`Publisher`. `Receipts` keeps account of what was received and not acknowledged yet. The MQTT library is loaded when
the first connection is opened, not before.
"""

from gaugeway.mqtt.broker import (
    Broker,
    BrokerAddress,
    CaFile,
    CertFile,
    ClientId,
    Keepalive,
    KeyFile,
    Password,
    Username,
    Verify,
    Version,
    own_client_id,
)
from gaugeway.mqtt.delivery import DUP, RETAIN, USUAL, Arrival, Delivery, Run
from gaugeway.mqtt.filters import filter_matches, topic_filter
from gaugeway.mqtt.link import Link
from gaugeway.mqtt.message import Message
from gaugeway.mqtt.pace import Pace
from gaugeway.mqtt.publisher import Publisher
from gaugeway.mqtt.receipts import MOST_UNSURE, Receipt, Receipts
from gaugeway.mqtt.window import Window

__all__ = [
    "DUP",
    "MOST_UNSURE",
    "RETAIN",
    "USUAL",
    "Arrival",
    "Broker",
    "BrokerAddress",
    "CaFile",
    "CertFile",
    "ClientId",
    "Delivery",
    "Keepalive",
    "KeyFile",
    "Link",
    "Message",
    "Pace",
    "Password",
    "Publisher",
    "Receipt",
    "Receipts",
    "Run",
    "Username",
    "Verify",
    "Version",
    "Window",
    "filter_matches",
    "own_client_id",
    "topic_filter",
]
