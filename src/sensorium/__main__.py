"""``python -m sensorium`` is the ``sensorium`` command."""

from sensorium.cli import main

if __name__ == "__main__":
    main(prog_name="sensorium")
