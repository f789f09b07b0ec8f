#!/usr/bin/python3
"""openmetrics.py [prometheus]: judges a text on standard input by the rules of OpenMetrics 1.0, or of
Prometheus' older text format; prints each sample as "NAME{LABELS} VALUE", labels sorted, and exits 0,
or says what is wrong with which line, and exits 1.

Stricter than either: every family has its HELP and TYPE, a unit is the name's end, no sample comes
twice, histograms are whole, no bytes but printable ones and UTF-8."""
import re
import sys

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)')
SAMPLE = re.compile(r"(%s)(?:\{(.*)\})? (\S+)$" % NAME)
NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|Inf)$|NaN$")
SUFFIXES = {"gauge": [""], "counter": ["_total"], "info": ["_info"],
            "histogram": ["_bucket", "_sum", "_count"]}


class Family:
    def __init__(self, name):
        self.name, self.type, self.help, self.unit = name, None, None, ""
        self.samples = {}


class Text:
    def __init__(self, old):
        self.old, self.families, self.current, self.ended = old, {}, None, False

    def head(self, word, name, rest):
        if self.current is None or self.current.name != name:
            assert name not in self.families, "family %s comes twice" % name
            self.current = self.families[name] = Family(name)
        family = self.current
        assert not family.samples, "%s of %s after its samples" % (word, name)
        assert getattr(family, word.lower()) in (None, ""), "%s of %s twice" % (word, name)
        if word == "TYPE":
            types = ("gauge", "counter", "histogram") + (() if self.old else ("info",))
            assert rest in types, "unknown type %s" % rest
        if word == "HELP":
            escapes = r"\\[\\n]" if self.old else r'\\[\\n"]'
            assert re.fullmatch(r"(?:[^\\\n%s]|%s)+" % ("" if self.old else '"', escapes), rest), "bad help"
        if word == "UNIT":
            assert not self.old, "UNIT is not of the old format"
            assert name.endswith("_" + rest), "the name does not end with the unit %s" % rest
        setattr(family, word.lower(), rest)

    def suffix(self, name):
        family = self.current
        assert family and family.type and family.help, "a sample without HELP and TYPE before it"
        if self.old and family.type != "histogram":
            assert family.type != "counter" or family.name.endswith("_total"), "a counter's name"
            known = [""]
        else:
            assert self.old or not family.name.endswith(("_total", "_info")), "a family's name has a suffix"
            known = SUFFIXES[family.type]
        for suffix in known:
            if name == family.name + suffix:
                return suffix
        raise AssertionError("%s is no sample of %s" % (name, family.name))

    def sample(self, line):
        match = SAMPLE.fullmatch(line)
        assert match, "no sample"
        name, labels, value = match.groups()
        suffix, found, at = self.suffix(name), {}, 0
        while labels and at < len(labels):
            one = LABEL.match(labels, at)
            assert one, "bad labels"
            assert one.group(1) not in found, "label %s twice" % one.group(1)
            assert one.group(3) != "," or one.end() < len(labels), "a comma at the end"
            found[one.group(1)] = one.group(2)
            at = one.end()
        assert NUMBER.fullmatch(value), "bad value %s" % value
        number = float(value)
        assert self.current.type == "gauge" or number >= 0, "%s is below 0" % self.current.type
        assert suffix != "_info" or number == 1, "an info is 1"
        key = (suffix, tuple(sorted(found.items())))
        assert key not in self.current.samples, "comes twice"
        self.current.samples[key] = number
        print("%s{%s} %s" % (name, ",".join('%s="%s"' % pair for pair in key[1]), value))

    def line(self, line):
        assert not self.ended, "something after # EOF"
        assert line == line.strip(" \t") and "\r" not in line, "blanks"
        assert all(c >= " " and c != "\x7f" for c in line), "control bytes"
        if line == "# EOF":
            assert not self.old, "# EOF in the old format"
            self.ended = True
        elif line.startswith("#"):
            match = re.fullmatch(r"# (HELP|TYPE|UNIT) (%s) (.+)" % NAME, line)
            assert match, "bad comment"
            self.head(*match.groups())
        else:
            self.sample(line)

    def check_histograms(self):
        for family in self.families.values():
            assert family.type and family.help, "%s has no TYPE or HELP" % family.name
            if family.type != "histogram":
                continue
            groups = {}
            for (suffix, labels), value in family.samples.items():
                rest = tuple(pair for pair in labels if pair[0] != "le")
                group = groups.setdefault(rest, {"le": []})
                if suffix == "_bucket":
                    bound = dict(labels)["le"]
                    assert bound == "+Inf" or "." in bound, "le %s is not canonical" % bound
                    group["le"].append((float(bound), value))
                else:
                    group[suffix] = value
            for group in groups.values():
                counts = [value for _, value in group["le"]]
                bounds = [bound for bound, _ in group["le"]]
                assert bounds == sorted(set(bounds)) and bounds[-1] == float("inf"), "bounds %s" % bounds
                assert counts == sorted(counts), "buckets fall"
                assert counts[-1] == group["_count"] and "_sum" in group, "no whole histogram"


def main():
    text, number = Text(sys.argv[1:] == ["prometheus"]), 0
    try:
        whole = sys.stdin.buffer.read().decode("utf-8")
        assert whole.endswith("\n"), "no newline at the end"
        for number, line in enumerate(whole[:-1].split("\n"), 1):
            text.line(line)
        assert text.old or text.ended, "no # EOF"
        text.check_histograms()
    except (AssertionError, UnicodeDecodeError) as wrong:
        sys.exit("line %d: %s" % (number, wrong))


main()
