"""Builds the wheel, installs it in an empty environment and runs it there: what users get has all it needs."""

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).parents[1]


def call(*command: str | Path, folder: Path) -> str:
    """Run a command and return what it printed; end where it fails."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def main() -> None:
    """Build, install, run."""
    with tempfile.TemporaryDirectory(prefix="gaugeway-wheel-") as temporary:
        folder = Path(temporary)
        call(sys.executable, "-m", "build", "--wheel", "--outdir", folder, ROOT, folder=folder)
        (wheel,) = folder.glob("*.whl")
        venv.create(folder / "venv", with_pip=True)
        python, gaugeway = folder / "venv/bin/python", folder / "venv/bin/gaugeway"
        call(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", f"{wheel}[demo]", folder=folder)
        names = call(gaugeway, "plugins", folder=folder)
        for wanted in ("serial", "mqtt", "csv", "synthetic", "in_range", "average", "file", "alert"):
            if wanted not in names:
                sys.exit(f"the installed package lacks the plugin {wanted}:\n{names}")
        call(gaugeway, "scaffold", "plant", folder=folder)
        call(gaugeway, "check", "plant/gaugeway.yaml", folder=folder)
        shown = call(gaugeway, "demo", "--plain", "--seconds", "20", folder=folder)
        for wanted in ("reading  boiler_temp", "raised   boiler_hot"):
            if wanted not in shown:
                sys.exit(f"the demo of the installed package does not show '{wanted}':\n{shown}")
    print(f"{wheel.name}: installed in an empty environment, checked, and its demo raised an alarm")


if __name__ == "__main__":
    main()
