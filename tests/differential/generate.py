"""Templates by grammar, of fragments at random, and by changing templates of the repository's own cases."""

import json
import random
from pathlib import Path

import words

CASES = Path(__file__).parents[2] / "filters/shared/vtl/tests/cases"
# Deepest nesting of blocks and of expressions.
BLOCKS, EXPRESSIONS = 3, 2


class Generator:
    """An endless supply; the same for the same seed."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.paths = words.PATHS
        files = sorted(CASES.glob("*.jsonl"))
        self.corpus = [json.loads(line)["template"] for file in files for line in file.read_text().splitlines()]

    def case(self, number):
        body = words.BODIES[0] if self.chance(0.7) else self.one(words.BODIES)
        self.paths = words.PATHS + (words.INDEFINITE_PATHS if body == words.BODIES[0] else [])
        template = [self.grammatical, self.soup, self.mutated][number % 3]()
        if self.chance(0.3):
            # Values as reading JSON gives them; they print otherwise.
            name = self.one(["x", "l", "m", "s", "lm", "n"])
            template = f"#set(${name} = $input.path('{self.one(self.paths)}'))" + template
        return {
            "id": number, "template": template, "body": body, "params": words.PARAMETERS, "context": words.VARIABLES,
        }

    def one(self, choices):
        return self.random.choice(choices)

    def chance(self, share):
        return self.random.random() < share

    def some(self, make, most, separator=""):
        return separator.join(make() for _ in range(self.random.randint(0, most)))

    def grammatical(self):
        return "".join(self.statement(BLOCKS) for _ in range(self.random.randint(1, 5)))

    def soup(self):
        return "".join(self.one(words.FRAGMENTS) for _ in range(self.random.randint(1, 14)))

    def mutated(self):
        text = self.one(self.corpus)
        for _ in range(self.random.randint(1, 3)):
            at = self.random.randint(0, len(text))
            end = min(len(text), at + self.random.randint(0, 6))
            before, cut, after = text[:at], text[at:end], text[end:]
            kind = self.random.random()
            if kind < 0.35:
                text = before + self.one(words.FRAGMENTS) + cut + after
            elif kind < 0.6:
                text = before + after
            elif kind < 0.7:
                text = before + cut * 2 + after
            elif kind < 0.85:
                text = before + self.one(words.FRAGMENTS) + after
            else:
                other = self.one(self.corpus)
                start = self.random.randint(0, len(other))
                text = before + other[start:start + self.random.randint(0, 20)] + cut + after
        return text

    # Statements

    def block(self, depth):
        return self.some(lambda: self.statement(depth), 4)

    def statement(self, depth):
        if self.chance(0.04):
            return self.host()
        kind = self.random.random()
        if kind < 0.38 or depth <= 0:
            return self.one(words.TEXTS)
        if kind < 0.6:
            return self.reference(2)
        if kind < 0.72:
            space, end = self.one(["", "", " "]), self.one(["", "", "\n", " \n", " "])
            return f"#set{space}({self.space()}{self.target()}{self.space()}={self.space()}{self.expression(2)}{self.space()}){end}"
        if kind < 0.82:
            return self.condition(depth)
        if kind < 0.92:
            return self.loop(depth)
        if kind < 0.95:
            return f"#define(${self.one(['d', 'x'])}){self.block(depth - 1)}#end{self.one(words.DEFINED_ENDS)}"
        if kind < 0.96:
            return self.one(["#stop", "#break", "#break($foreach)", "#literal() $x #end"])
        if kind < 0.97:
            return f"#macro({self.one(['foo', 'bar $a'])}){self.block(depth - 1)}#end{self.one(['', '#foo()', '#bar(1)'])}"
        return self.one(words.TEXTS) + self.one(words.TEXTS)

    def host(self):
        if self.chance(0.5):
            call = f"$input.{self.one(['path', 'json'])}(\"{self.one(self.paths)}\")"
        else:
            call = self.one(words.HOSTS)
        return call + self.one(words.AFTER_HOST)

    def condition(self, depth):
        text = self.one(["#if", "#if", "#{if}"]) + self.one(["", " "])
        text += f"({self.space()}{self.expression(2)}{self.space()}){self.one(['', chr(10), ' ' + chr(10)])}{self.block(depth - 1)}"
        if self.chance(0.25):
            text += f"#elseif({self.expression(2)}){self.one(['', chr(10)])}{self.block(depth - 1)}"
        if self.chance(0.4):
            text += self.one(["#else", "#{else}", "#else\n", "#else "]) + self.block(depth - 1)
        return text + self.end()

    def loop(self, depth):
        over = self.simple(2) if self.chance(0.1) else self.one(words.ITERATED)
        variable = self.one(["i", "x", "i", "s", "foreach"])
        text = f"#foreach{self.one(['', ' '])}({self.space()}${variable} in {over}{self.space()}){self.one(['', chr(10)])}"
        return text + self.block(depth - 1) + self.one(words.LOOP_ENDS) + self.block(depth - 2) + self.end()

    def end(self):
        return self.one(["#end", "#end\n", "#{end}", "#end "])

    def target(self):
        kind = self.random.random()
        if kind < 0.6:
            return "$" + self.one("xysnl")
        if kind < 0.75:
            return f"${self.one(['m', 'em', 'x', 'nope', 'foreach'])}.{self.one(['k', 'new', 'nested.x'])}"
        if kind < 0.9:
            return f"${self.one(['m', 'l', 'em', 'ls'])}[{self.one(['0', '1', '-1', chr(39) + 'k' + chr(39), '$s', '5'])}]"
        return self.one(words.ODD_TARGETS)

    # Expressions

    def space(self):
        return self.one(["", "", "", " ", " ", "  ", "\n", "\t"])

    def expression(self, depth):
        kind = self.random.random()
        if depth <= 0 or kind < 0.4:
            return self.simple(depth)
        if kind < 0.5:
            return f"({self.space()}{self.expression(depth - 1)}{self.space()})"
        if kind < 0.57:
            return f"!{self.space()}{self.expression(depth - 1)}"
        space = self.one([" ", " ", " ", " ", ""])
        return f"{self.expression(depth - 1)}{space}{self.one(words.OPERATORS)}{space}{self.expression(depth - 1)}"

    def simple(self, depth):
        return self.literal(depth) if depth <= 0 or self.chance(0.5) else self.reference(depth)

    def literal(self, depth):
        kind = self.random.random()
        if kind < 0.25:
            return self.one(words.NUMBERS)
        if kind < 0.45:
            return self.one(words.STRINGS)
        if kind < 0.6:
            return self.interpolated(depth)
        if kind < 0.7:
            return self.one(["true", "false"])
        if kind < 0.82:
            return "[" + self.some(lambda: self.simple(depth - 1), 3, ",") + "]"
        if kind < 0.92:
            return "{" + self.some(lambda: f"{self.one(words.KEYS)}:{self.simple(depth - 1)}", 3, ",") + "}"
        return f"[{self.one(['1', '$n', '3', '-2', '$z'])}..{self.one(['3', '$n', '-1', '0', '5', '$s'])}]"

    def interpolated(self, depth):
        def part():
            kind = self.random.random()
            if kind < 0.5:
                return self.one(["a", " ", "b-", "\\n", '""', "."])
            if kind < 0.9 or depth < 1:
                return self.reference(depth).replace('"', "'")
            inner = ["#if(true)Y#end", "#set($y=1)", "#foreach($i in [1..2])$i#end", "#if($f)a#{else}b#end", "#foo", "##c"]
            return self.one(inner)
        return '"' + self.some(part, 4) + '"'

    def reference(self, depth):
        path = self.one(words.NAMES) + (self.path(depth) if depth > 0 else "")
        kind = self.random.random()
        if kind < 0.7:
            return "$" + path
        if kind < 0.8:
            return "$!" + path
        return "${" + path + "}" if kind < 0.92 else "$!{" + path + "}"

    def path(self, depth):
        text = ""
        for _ in range(self.one([0, 0, 0, 1, 1, 2])):
            kind = self.random.random()
            if kind < 0.35:
                text += "." + self.one(words.MEMBERS)
            elif kind < 0.75:
                text += "." + self.method(depth)
            else:
                text += f"[{self.one(words.INDICES)}]"
        return text

    def method(self, depth):
        text = self.one(words.METHODS)
        fill = {"%a": lambda: self.argument(depth - 1), "%p": lambda: self.one(words.PATTERNS), "%g": lambda: self.one(words.FORMATS)}
        head, *rest = text.split("%")
        return head + "".join(fill["%" + part[0]]() + part[1:] for part in rest)

    def argument(self, depth):
        if depth < 0:
            return self.one(["'a'", "1"])
        kind = self.random.random()
        if kind < 0.3:
            return self.one(words.TEXT_ARGUMENTS)
        if kind < 0.55:
            return self.one(words.OTHER_ARGUMENTS)
        if kind < 0.6:
            return self.one(words.COLLECTIONS)
        return self.interpolated(depth - 1) if kind < 0.7 else self.reference(depth - 1)
