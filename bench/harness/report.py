"""Tables: printed as they are made, and kept in build/bench/results.md and results.json."""

import json


class Report:
    def __init__(self, folder):
        self.text = folder / "results.md"
        self.data = folder / "results.json"
        self.tables = {}
        self.text.write_text("")

    def say(self, text=""):
        print(text, flush=True)
        with open(self.text, "a") as file:
            file.write(text + "\n")

    def table(self, title, columns, rows):
        """Rows are lists: words first, then figures or None."""
        cells = [[shown(cell) for cell in row] for row in rows]
        widths = [max(map(len, column)) for column in zip(columns, *cells, strict=True)]
        self.say(f"\n## {title}\n")
        self.say(line(columns, widths))
        self.say(
            "| "
            + " | ".join(
                "-" * width if at == 0 else "-" * (width - 1) + ":"
                for at, width in enumerate(widths)
            )
            + " |"
        )
        for row in cells:
            self.say(line(row, widths))
        self.tables[title] = [dict(zip(columns, row, strict=True)) for row in rows]
        self.data.write_text(json.dumps(self.tables, indent=2) + "\n")


def line(cells, widths):
    first, *others = (
        f"{cell:{'<' if at == 0 else '>'}{width}}"
        for at, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return "| " + " | ".join([first, *others]) + " |"


def shown(cell):
    """Three digits that matter."""
    if cell is None:
        return ""
    if not isinstance(cell, float):
        return str(cell)
    if abs(cell) >= 100:
        return f"{cell:.0f}"
    return f"{cell:.1f}" if abs(cell) >= 10 else f"{cell:.2f}"
