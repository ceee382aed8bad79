"""The table of a run: client dialects down, vendors across, cases passed of cases asked."""

from __future__ import annotations

import collections
from collections.abc import Iterable

# What every line of it begins with, for those who keep it.
PREFIX = "pairs | "

# (client dialect, vendor, case): whether it passed in all its modes
Results = dict[tuple[str, str, str], bool]


def results(reports: Iterable) -> Results:
    """What the reports of a run say about cases of pairs."""
    found: Results = collections.defaultdict(lambda: True)
    for report in reports:
        pair = dict(getattr(report, "user_properties", ())).get("pair")
        if pair:
            face, vendor, case, _mode = pair
            found[face, vendor, case] &= report.passed
    return dict(found)


def lines(found: Results) -> list[str]:
    """The table, and every case that failed by name."""
    if not found:
        return []
    faces = list(dict.fromkeys(face for face, _, _ in found))
    vendors = sorted({vendor for _, vendor, _ in found}, key=_order(found))
    wide = max(map(len, faces)) + 2
    widths = {vendor: max(len(vendor), 7) + 2 for vendor in vendors}
    head = "pairs × cases".ljust(wide) + "".join(v.rjust(widths[v]) for v in vendors)
    rows = [head]
    for face in faces:
        cells = []
        for vendor in vendors:
            cases = [good for (f, v, _), good in found.items() if (f, v) == (face, vendor)]
            cells.append(f"{sum(cases)}/{len(cases)}".rjust(widths[vendor]))
        rows.append(face.ljust(wide) + "".join(cells))
    failed = [key for key, good in found.items() if not good]
    rows += [f"failed: {case} of {face} to {vendor}" for face, vendor, case in failed]
    pairs = len({(face, vendor) for face, vendor, _ in found})
    cases = len({case for _, _, case in found})
    passed = len(found) - len(failed)
    rows.append(
        f"{pairs} pairs × {cases} cases, each whole and streamed: "
        f"{passed} passed, {len(failed)} failed"
    )
    return [PREFIX + row for row in rows]


def _order(found: Results):
    places = {vendor: at for at, (_, vendor, _) in reversed(list(enumerate(found)))}
    return lambda vendor: places[vendor]
