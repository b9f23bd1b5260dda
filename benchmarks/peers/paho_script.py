"""The peer: a straightforward paho script. Arguments: port, file."""

import sys
from pathlib import Path

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from work import Work


def main(port: int, file: str) -> None:
    """Subscribe and work."""
    with Path(file).open("a") as output:
        work = Work(output)

        def on_connect(client: mqtt.Client, *_: object) -> None:
            client.subscribe("plant/+/telemetry", qos=1)

        def on_message(client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
            alert = work.take(message.payload)
            if alert:
                topic, text = alert
                client.publish(topic, text, qos=1)

        client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="peer", clean_session=False)
        client.on_connect = on_connect
        client.on_message = on_message
        client.connect("127.0.0.1", port)
        client.loop_forever()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
