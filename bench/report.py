#!/usr/bin/env python3
"""report.py RAW DIRECTORY ABOUT: from the lines of all parts (PART,SETTING,CASE,FIGURE,UNIT,VALUE) to bench.md, bench.csv
and bench.svg in DIRECTORY.  Puts ratios beside targets, and judges nothing: what is missing is told as missing."""
import csv
import math
import statistics
import sys
from collections import defaultdict

WHAT = {
    "floor": "floor: bare system calls", "permit": "pam_permit", "limits": "pam_limits, two limits",
    "namespace": "pam_namespace, /tmp only", "cgfs": "pam_cgfs, freezer and pids",
    "shared": "pam_ctr, profile shared", "sealed": "pam_ctr, profile sealed", "machine": "pam_ctr, profile machine",
    "bare": "sealed, no filter, no device rules", "ruled": "sealed, ten device rules, no filter",
    "guarded": "sealed, default filter, ten device rules", "netns": "sealed, network = private",
    "su": "shared, groups looked up before (su, login, cron)", "dirty": "sealed, 32 MB dirty at the close",
    "none": "no module", "true": "/bin/true alone", "bwrap": "bwrap (no cgroups)", "crun": "crun run", "lxc": "lxc-execute",
    "process": "pam_permit, the session's process alone",
}
ORDER = list(WHAT)
UNITS = {"ns": ("ms", 1e6, 3), "bytes": ("KiB", 1024, 1), "count": ("", 1, 0), "calls": ("", 1, 0), "1/s": ("1/s", 1, 1)}


def what(case):
    return WHAT.get(case, case)


def rank(values, part):
    """Nearest rank."""
    return sorted(values)[max(0, math.ceil(part * len(values)) - 1)]


class Figures:
    def __init__(self, path):
        self.values, self.unit, self.skipped = defaultdict(list), {}, []
        with open(path, newline="", encoding="utf-8") as file:
            for part, setting, case, figure, unit, value in csv.reader(file):
                if setting == "skipped":
                    self.skipped.append((part, case, value))
                else:
                    self.values[part, setting, case, figure].append(float(value))
                    self.unit[part, setting, case, figure] = unit

    def get(self, *key, part=None):
        """The median (or another part's rank) of PART, SETTING, CASE, FIGURE; None where it was not measured."""
        values = self.values.get(key)
        return None if not values else statistics.median(values) if part is None else rank(values, part)

    def cases(self, part, setting, figure):
        found = [c for p, s, c, f in self.values if (p, s, f) == (part, setting, figure)]
        return sorted(found, key=lambda case: (ORDER.index(case) if case in ORDER else len(ORDER), case))

    def settings(self, part):
        return list(dict.fromkeys(s for p, s, _, _ in self.values if p == part))


def ratio(above, below):
    return above / below if above is not None and below else None


def number(value, digits=2):
    return "" if value is None else f"{value:.{digits}f}"


def row(*cells):
    return "| " + " | ".join(cells) + " |\n"


def table(head, rows):
    return row(*head) + row("---", *["---:"] * (len(head) - 1)).replace(" ", "") + "".join(row(*cells) for cells in rows) + "\n"


# --- tables --------------------------------------------------------------------------------------

def steps(figures, part, setting, titles, beside):
    """A table for each figure of a part, its medians also as ratios to the cases in beside."""
    text = ""
    for figure, title in titles:
        cases = figures.cases(part, setting, figure)
        if not cases:
            continue
        rows = []
        for case in cases:
            key = (part, setting, case, figure)
            median = figures.get(*key)
            unit, scale, digits = UNITS[figures.unit[key]]
            # What takes less than a microsecond, as the floor's close, is no measure.
            others = [figures.get(part, setting, other, figure) for other in beside]
            rows.append([what(case), str(len(figures.values[key]))] +
                        [number(v / scale, digits) for v in (median, figures.get(*key, part=.1), figures.get(*key, part=.95))] +
                        [number(ratio(median, other)) if other and other >= 1000 else "" for other in others])
        text += f"{title}, {unit}\n\n" + table(["", "n", "median", "p10", "p95"] + ["x " + b for b in beside], rows)
    return text


LOGIN = [("open", "First login: pam_open_session"), ("second", "Second login, while the first lives: pam_open_session"),
         ("close", "Last logout: pam_close_session"),
         ("gone", "From the last pam_close_session until its process and all that was made for it are gone")]
SSH = LOGIN + [("total", "ssh USER true, from end to end"), ("second-total", "The same while a first login lives")]


def plain(figures, part, titles):
    """What has a setting of its own: counts, rates, memory."""
    rows = []
    for figure in titles:
        for setting in figures.settings(part):
            for case in figures.cases(part, setting, figure):
                key = (part, setting, case, figure)
                unit, scale, digits = UNITS[figures.unit[key]]
                rows.append([what(case), setting, titles[figure] + (f", {unit}" if unit else ""),
                             number(figures.get(*key) / scale, digits), str(len(figures.values[key]))])
    return rows


def alive(figures):
    settings = [s for s in figures.settings("alive") if figures.cases("alive", s, "open")]
    rows = []
    for case in figures.cases("alive", "0", "open"):
        for figure in ("open", "second", "gone"):
            none = figures.get("alive", "0", case, figure)
            cells = [figures.get("alive", s, case, figure) for s in settings]
            rows.append([f"{what(case)}: {figure}"] + [f"{number(v / 1e6, 3)} ({number(ratio(v, none))})" if v else "" for v in cells])
    return table(["median ms (x of none)"] + [f"{s} alive" for s in settings], rows) if rows else ""


# --- targets ---------------------------------------------------------------------------------------

def targets(f):
    """(figure, target as text, most that meets it, measured), measured None where something was not there."""
    def cold(case, figure, part=None):
        return f.get("cycle", "cold", case, figure, part=part)

    def whole(case):
        return f.get("whole", "cold", case, "whole")

    def ssh(case, figure):
        return f.get("ssh", "cold", case, figure)

    def private(name):
        values = [v for (p, _, c, g), vs in f.values.items() if p == "alive" and g == "private" and c.startswith(name) for v in vs]
        return statistics.median(values) / 1024 if values else None

    def procs():
        counts = [v for (p, _, _, g), vs in f.values.items() if p == "calls" and g == "writes to cgroup.procs" for v in vs]
        return max(counts) if counts else None

    crowd = [s for s in f.settings("alive") if s != "0" and f.get("alive", s, "shared", "open")]
    most = max(crowd, key=int) if crowd else "0"
    mounts = [f.get("alive", s, "host", "mounts") for s in (most, "0")]
    return [
        ("start to torn down / floor, whole processes", "1.25", ratio(whole("shared"), whole("floor"))),
        ("start to torn down / bwrap", "0.6", ratio(whole("shared"), whole("bwrap"))),
        ("start to torn down / crun", "1/6", ratio(whole("shared"), whole("crun"))),
        ("open inside sshd, shared / pam_namespace's for /tmp", "0.6", ratio(ssh("shared", "open"), ssh("namespace", "open"))),
        ("cold p95 of open / its median", "2.5", ratio(cold("shared", "open", .95), cold("shared", "open"))),
        ("writes to cgroup.procs on v1", "0", procs()),
        ("second login / first", "0.15", ratio(cold("shared", "second"), cold("shared", "open"))),
        ("close returns / open", "0.3", ratio(cold("shared", "close"), cold("shared", "open"))),
        ("everything gone / floor's teardown", "1.2", ratio(cold("shared", "gone"), cold("floor", "gone"))),
        ("close returns with 32 MB dirty / without", "1.1", ratio(cold("dirty", "close"), cold("sealed", "close"))),
        ("ssh end to end, shared / bare", "1.02", ratio(ssh("shared", "total"), ssh("none", "total"))),
        ("ssh end to end, sealed / bare", "1.02", ratio(ssh("sealed", "total"), ssh("none", "total"))),
        (f"open with {most} containers alive / with none", "1.15",
         ratio(f.get("alive", most, "shared", "open"), f.get("alive", "0", "shared", "open"))),
        (f"host's mount table with {most} alive, entries more", "0", mounts[0] - mounts[1] if None not in mounts else None),
        ("private memory of init, KiB", "8", private("init")),
        ("private memory of a supervisor, KiB", "64", private("supervisor: shared")),
        ("open, sealed / shared", "1.1", ratio(cold("sealed", "open"), cold("shared", "open"))),
        ("open, machine / shared", "1.5", ratio(cold("machine", "open"), cold("shared", "open"))),
        ("open, default filter and ten device rules / without", "1.1", ratio(cold("guarded", "open"), cold("bare", "open"))),
    ]


def target_rows(figures):
    for name, target, measured in targets(figures):
        limit = eval_fraction(target)
        if measured is None:
            yield [name, "<= " + target, "", "not measured"]
        else:
            yield [name, "<= " + target, number(measured), "met" if round(measured, 2) <= round(limit, 2) else "not met"]


def eval_fraction(text):
    above, _, below = text.partition("/")
    return float(above) / float(below or 1)


# --- the plot ----------------------------------------------------------------------------------------

class Plot:
    """Horizontal bars, in panels one below the other: medians, with a line from p10 to p95."""
    WIDTH, LABEL, LINE = 900, 330, 22

    def __init__(self):
        self.parts, self.y = [], 10

    def text(self, x, y, words, more=""):
        words = words.replace("&", "&amp;").replace("<", "&lt;")
        self.parts.append(f'<text x="{x:.0f}" y="{y:.0f}" {more}>{words}</text>')

    def bars(self, title, bars):
        """bars: (label, p10, median, p95) in ms."""
        if not bars:
            return
        # The longest line may be an accident; the medians decide the scale.
        scale = (self.WIDTH - self.LABEL - 90) / (1.35 * max(m for _, _, m, _ in bars))
        self.text(10, self.y + 16, title, 'font-weight="bold"')
        self.y += 26
        for label, low, median, high in bars:
            end = min(high * scale, self.WIDTH - self.LABEL - 70)
            middle = self.y + self.LINE / 2
            self.text(self.LABEL - 8, middle + 4, label, 'text-anchor="end"')
            self.parts.append(f'<rect x="{self.LABEL}" y="{self.y + 3}" width="{median * scale:.1f}" height="{self.LINE - 7}" '
                              f'fill="{"#2b6cb0" if "pam_ctr" in label or "sealed" in label else "#a0aec0"}"/>')
            self.parts.append(f'<line x1="{self.LABEL + low * scale:.1f}" x2="{self.LABEL + end:.1f}" y1="{middle:.1f}" y2="{middle:.1f}" '
                              'stroke="#1a202c"/>')
            self.text(self.LABEL + max(end, median * scale) + 6, middle + 4, f"{median:.2f}")
            self.y += self.LINE
        self.y += 16

    def save(self, path):
        with open(path, "w", encoding="utf-8") as file:
            file.write(f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.WIDTH}" height="{self.y}" '
                       'font-family="sans-serif" font-size="12">\n<rect width="100%" height="100%" fill="white"/>\n')
            file.write("\n".join(self.parts) + "\n</svg>\n")


def plot(figures, path):
    picture = Plot()
    panels = [("cycle", "cold", "open", "First login, cold: ms in pam_open_session"),
              ("cycle", "cold", "second", "Second login, cold"), ("cycle", "cold", "gone", "Last logout until all is gone, cold"),
              ("whole", "cold", "whole", "From start to torn down, whole programs, cold"), ("ssh", "cold", "open", "First login inside sshd"),
              ("ssh", "cold", "total", "ssh from end to end")]
    for part, setting, figure, title in panels:
        bars = []
        for case in figures.cases(part, setting, figure):
            key = (part, setting, case, figure)
            bars.append((what(case), *(v / 1e6 for v in (figures.get(*key, part=.1), figures.get(*key), figures.get(*key, part=.95)))))
        picture.bars(title, bars)
    for case in ("floor", "shared", "sealed"):
        bars = []
        for setting in sorted(figures.settings("alive"), key=int):
            key = ("alive", setting, case, "open")
            if figures.get(*key):
                bars.append((f"{setting} alive", *(v / 1e6 for v in (figures.get(*key, part=.1), figures.get(*key), figures.get(*key, part=.95)))))
        picture.bars(f"First login beside containers that live already: {what(case)}", bars)
    picture.save(path)


# --- the files ---------------------------------------------------------------------------------------

def write_csv(figures, path):
    with open(path, "w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(["part", "setting", "case", "figure", "unit", "n", "median", "p10", "p95", "of_floor", "of_namespace"])
        for key, values in figures.values.items():
            part, setting, _, figure = key
            median = figures.get(*key)
            beside = [ratio(median, figures.get(part, setting, other, figure)) for other in ("floor", "namespace")]
            out.writerow([*key, figures.unit[key], len(values), f"{median:.6g}", f"{figures.get(*key, part=.1):.6g}",
                          f"{figures.get(*key, part=.95):.6g}", *map(number, beside)])


def report(figures, about):
    text = "# What a login takes\n\n" + about.strip() + "\n\n## To reach\n\nRatios of medians of this run; nothing is judged by them.\n\n"
    text += table(["figure", "to reach", "measured", ""], target_rows(figures))
    if figures.skipped:
        text += "Skipped: " + "; ".join(f"{case} ({reason})" for _, case, reason in figures.skipped) + ".\n\n"
    text += "## In a minimal PAM application, cold\n\n" + steps(figures, "cycle", "cold", LOGIN, ["floor", "namespace"])
    text += "## Back to back\n\n" + steps(figures, "cycle", "hot", LOGIN, ["floor", "namespace"])
    text += "## Inside sshd, and ssh from end to end\n\n" + steps(figures, "ssh", "cold", SSH, ["none", "namespace"])
    for setting, title in (("cold", "cold"), ("hot", "back to back")):
        text += f"## From start to torn down, {title}\n\n" + steps(
            figures, "whole", setting, [("whole", "Whole programs, /bin/true inside")], ["floor", "bwrap", "crun"])
    text += "## Beside containers that live\n\n" + alive(figures)
    text += "## Memory\n\n" + table(["", "containers", "figure", "median", "n"], plain(
        figures, "alive", {"private": "private memory", "kernel": "kernel memory of each session", "mounts": "host's mounts"}))
    text += "## Logins a second\n\n" + table(["", "callers", "figure", "median", "n"], plain(figures, "crowd", {"logins": "logins"}))
    text += "## System calls\n\n" + table(["", "login", "figure", "", "n"], plain(
        figures, "calls", {"calls": "system calls", "writes to cgroup.procs": "writes to cgroup.procs"}))
    for setting in figures.settings("guest"):
        text += f"## cgroup v2, in a guest: {setting}\n\n" + steps(figures, "guest", setting, LOGIN, ["floor", "namespace"])
    return text


def main():
    raw, directory, about = sys.argv[1:]
    figures = Figures(raw)
    write_csv(figures, f"{directory}/bench.csv")
    plot(figures, f"{directory}/bench.svg")
    with open(f"{directory}/bench.md", "w", encoding="utf-8") as file:
        file.write(report(figures, about))


main()
