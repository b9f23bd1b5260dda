"""How long it takes to check a large configuration: 500 sensors, each written out, with a rule for each."""

import argparse

from imports import once
from rig import middle, table, workplace


def large() -> str:
    """Return a configuration of 500 sensors, each written out, with a rule for each."""
    lines = ["sources:"]
    for bus in range(10):
        lines += [f"  bus{bus}:", "    type: serial", f"    port: /dev/ttyUSB{bus}", "    format: {type: keyvalue}"]
        lines += ["    sensors:"]
        lines += [f"      t{bus}_{n}: {{kind: temperature, unit: °C, range: [-40, 125]}}" for n in range(50)]
    lines += ["stages: [in_range, normalise, {average: {last: 10}}]", "sinks: {phone: {type: alert}}", "alerts:"]
    names = [f"t{bus}_{n}" for bus in range(10) for n in range(50)]
    lines += [f"  hot_{name}: {{sensor: {name}, above: 90 °C, clear_below: 85 °C, for: 30s}}" for name in names]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, and print the medians."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--runs", type=int, default=9)
    given = words.parse_args()
    with workplace() as folder:
        (folder / "gateway.yaml").write_text(large(), encoding="utf-8")
        command = ["-m", "gaugeway", "check", str(folder / "gateway.yaml")]
        columns = zip(*(once(command) for _ in range(given.runs)), strict=True)
        wall, cpu, memory = (middle(list(column)) for column in columns)
    row = ["gaugeway check (500 sensors, 500 rules)", f"{wall:.0f}", f"{cpu:.0f}", f"{memory:.1f}"]
    table("A large configuration", ["", "wall ms", "CPU ms", "peak RSS MB"], [row])


if __name__ == "__main__":
    main()
