"""The peer: a straightforward aiomqtt script. Arguments: port, file."""

import asyncio
import sys
from pathlib import Path

import aiomqtt
from work import Work


async def main(port: int, file: str) -> None:
    """Subscribe and work."""
    with Path(file).open("a") as output:
        work = Work(output)
        async with aiomqtt.Client("127.0.0.1", port, identifier="peer", clean_session=False) as client:
            await client.subscribe("plant/+/telemetry", qos=1)
            async for message in client.messages:
                alert = work.take(bytes(message.payload))
                if alert:
                    topic, text = alert
                    await client.publish(topic, text, qos=1)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2]))
