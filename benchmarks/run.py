"""All benchmarks, one after the other; their tables are what docs/performance.md keeps."""

import platform
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
PARTS = (
    "pipeline.py",
    "imports.py",
    "check_time.py",
    "end_to_end.py",
    "delivery.py",
    "operation.py",
    "alarms.py",
    "memory.py",
    "mutations.py",
)


def machine() -> str:
    """Return what this was measured on."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")
    cores = sum(line.startswith("processor") for line in lines)
    return f"{cores} cores of {model}, Linux {platform.release()}, Python {platform.python_version()}"


def main() -> int:
    """Run them; what is named as an argument, or all."""
    print(machine())
    wanted = sys.argv[1:] or PARTS
    return max(subprocess.run([sys.executable, HERE / part], check=False).returncode for part in wanted)


if __name__ == "__main__":
    sys.exit(main())
